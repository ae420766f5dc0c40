import type { FileTree } from '../../runtime/container-types.ts';
import type { Payload } from './payload.ts';

const FOLDER_MODE = 0o755;
const SET_GROUP = 0o2000;
/** What `fsGroup` adds to the mode of a file that is read only; its owner may read it as well. */
const GROUP_READS = 0o440;

/**
 * Writes the files of a volume so that readers see either all old or all new ones: into a folder named after the
 * time, to which the link `..data` is switched over; each file is a link through `..data`.
 * @param options `refuse`: asked before anything is written; throws where it must not be
 * @returns whether anything had to change
 */
export function writeAtomically(
  tree: FileTree,
  payload: Payload,
  options: { readonly folder: string; readonly group: number | undefined; readonly refuse?: () => void },
): boolean {
  const current = tree.exists('/..data') ? (tree.lstat('/..data').target ?? '') : undefined;
  if (current !== undefined && same(tree, `/${current}`, payload)) return false;
  options.refuse?.();
  writeFiles(tree, payload, options);
  if (tree.exists('/..data_tmp')) tree.remove('/..data_tmp');
  tree.symlink(options.folder, '/..data_tmp');
  tree.rename('/..data_tmp', '/..data');
  const names = new Set([...payload.keys()].map((path) => path.split('/', 1)[0] ?? ''));
  for (const name of names) if (!linked(tree, name)) tree.symlink(`..data/${name}`, `/${name}`);
  for (const name of tree.list('/')) {
    if (!name.startsWith('..') && !names.has(name)) tree.remove(`/${name}`);
  }
  if (current !== undefined && current !== '') tree.remove(`/${current}`, { recursive: true });
  return true;
}

function writeFiles(
  tree: FileTree,
  payload: Payload,
  { folder, group }: { readonly folder: string; readonly group: number | undefined },
): void {
  makeFolder(tree, `/${folder}`, group);
  for (const [path, file] of payload) {
    const parts = path.split('/');
    for (let depth = 1; depth < parts.length; depth += 1) {
      makeFolder(tree, `/${folder}/${parts.slice(0, depth).join('/')}`, group);
    }
    const target = `/${folder}/${path}`;
    tree.write(target, file.data, { mode: group === undefined ? file.mode : file.mode | GROUP_READS });
    if (file.owner !== undefined || group !== undefined) tree.chown(target, file.owner ?? 0, group ?? 0);
  }
}

/** What the pod's group owns it may read, whatever mode was asked for; what is made there is the group's, too. */
function makeFolder(tree: FileTree, path: string, group: number | undefined): void {
  if (tree.exists(path)) return;
  tree.mkdir(path);
  if (group !== undefined) tree.chown(path, 0, group);
  tree.chmod(path, group === undefined ? FOLDER_MODE : FOLDER_MODE | SET_GROUP);
}

function linked(tree: FileTree, name: string): boolean {
  return tree.list('/').includes(name);
}

function same(tree: FileTree, folder: string, payload: Payload): boolean {
  if (countFiles(tree, folder) !== payload.size) return false;
  for (const [path, file] of payload) {
    const target = `${folder}/${path}`;
    if (!tree.exists(target)) return false;
    const wanted = typeof file.data === 'string' ? Buffer.from(file.data, 'utf8') : file.data;
    if (Buffer.compare(tree.read(target), wanted) !== 0) return false;
  }
  return true;
}

function countFiles(tree: FileTree, folder: string): number {
  let count = 0;
  for (const name of tree.list(folder)) {
    const path = `${folder}/${name}`;
    count += tree.lstat(path).type === 'directory' ? countFiles(tree, path) : 1;
  }
  return count;
}
