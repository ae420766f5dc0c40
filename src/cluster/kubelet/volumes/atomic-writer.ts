import type { FileTree } from '../../runtime/container-types.ts';
import type { Payload } from './payload.ts';

/**
 * Writes the files of a volume so that readers see either all old or all new ones: into a folder named after the
 * time, to which the link `..data` is switched over; each file is a link through `..data`.
 * @returns whether anything had to change
 */
export function writeAtomically(
  tree: FileTree,
  payload: Payload,
  options: { readonly folder: string; readonly group: number | undefined },
): boolean {
  const current = tree.exists('/..data') ? (tree.lstat('/..data').target ?? '') : undefined;
  if (current !== undefined && same(tree, `/${current}`, payload)) return false;
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
  tree.mkdir(`/${folder}`, { mode: 0o755 });
  for (const [path, file] of payload) {
    const target = `/${folder}/${path}`;
    const parent = target.slice(0, target.lastIndexOf('/'));
    if (!tree.exists(parent)) tree.mkdir(parent, { parents: true });
    tree.write(target, file.data, { mode: file.mode });
    if (file.owner !== undefined || group !== undefined) tree.chown(target, file.owner ?? 0, group ?? 0);
  }
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
