import type { OutputStream } from '../../../cluster/runtime/types.ts';
import type { Applet, Command } from '../command.ts';
import { modeText, names } from '../common/describe.ts';
import { errorWords, Failure, UsageError } from '../errors.ts';
import type { Options } from '../options.ts';
import { FileOutput } from '../streams.ts';
import type { TarEntry } from './tar-format.ts';
import { endOfArchive, readEntries, writeEntry } from './tar-format.ts';
import type { Found } from './tree.ts';
import { normalized, statOf, walk } from './tree.ts';

const LONG = {
  create: 'c',
  extract: 'x',
  list: 't',
  file: 'f',
  directory: 'C',
  verbose: 'v',
  'to-stdout': 'O',
  exclude: 'E',
  'no-same-permissions': 'M',
  'no-same-owner': 'o',
  'same-permissions': 'p',
  touch: 'm',
  'keep-old-files': 'k',
  overwrite: 'W',
  'strip-components': 'S',
};

/** `tar`, without compression. */
export const tar: Applet = async (command) => {
  const [first = '', ...rest] = command.args;
  const args = /^[a-zA-Z]+$/.test(first) ? oldStyle(first, rest) : command.args;
  const options = command.withArgs(args).options('txcf:C:vOmpkohzjJaE:MWS:T:X:', LONG);
  if (options.has('z') || options.has('j') || options.has('J'))
    throw new Failure('compression is not supported');
  const folder = options.value('C');
  const base = folder === undefined ? command.context.cwd : command.path(folder);
  if (folder !== undefined && statOf(command.context.files, base)?.type !== 'directory') {
    throw new Failure(`can't change directory to '${folder}': No such file or directory`);
  }
  if (options.has('c')) return create(command, options, base);
  if (!options.has('t') && !options.has('x')) throw new UsageError();
  return read(command, options, base);
};

/** `tar xmf - -C dir`: letters without a dash take their values from what follows, in turn. */
function oldStyle(letters: string, rest: readonly string[]): readonly string[] {
  const queue = [...rest];
  const options: string[] = [];
  for (const letter of letters) {
    options.push(`-${letter}`);
    if (letter === 'f' || letter === 'C' || letter === 'X' || letter === 'T')
      options.push(queue.shift() ?? '');
  }
  return [...options, ...queue];
}

async function create(command: Command, options: Options, base: string): Promise<number> {
  const { files } = command.context;
  const file = options.value('f') ?? '-';
  if (options.operands.length === 0) throw new Failure('empty archive');
  let output: OutputStream = command.context.stdout;
  if (file !== '-') {
    try {
      output = new FileOutput(files, command.path(file), 'truncate');
    } catch (error) {
      throw new Failure(`can't open '${file}': ${errorWords(error)}`);
    }
  }
  const excluded = options.values('E');
  const say = (text: string): void =>
    (file === '-' ? command.context.stderr : command.context.stdout).write(text);
  let status = 0;
  let hasWarned = false;
  for (const operand of options.operands) {
    const root = operand.startsWith('/') ? operand : `${base === '/' ? '' : base}/${operand}`;
    const onError = (name: string, error: unknown): void => {
      command.warn(`${name}: ${errorWords(error)}`);
      status = 1;
    };
    for (const found of walk(files, operand, normalized(root), onError)) {
      if (excluded.includes(found.name)) continue;
      if (file !== '-' && found.path === command.path(file)) continue;
      const name = memberName(found.name);
      if (name !== found.name && !hasWarned) {
        hasWarned = true;
        command.warn(
          `removing leading '${found.name.slice(0, found.name.length - name.length)}' from member names`,
        );
      }
      if (name === '') continue;
      const entry = entryOf(command, found, name);
      if (options.has('v')) say(`${entry.name}\n`);
      output.write(writeEntry(entry));
      await command.work(entry.data.length + 2000);
    }
  }
  output.write(endOfArchive());
  if (status !== 0) command.warn('error exit delayed from previous errors');
  return status;
}

/** Names in an archive never lead out of where it is unpacked. */
function memberName(name: string): string {
  return name.replace(/^(?:.*(?:^|\/)\.\.(?=\/|$))?\/*/, '');
}

function entryOf(command: Command, { stat, path }: Found, name: string): TarEntry {
  const { users, groups } = names(command.context.files);
  const isFolder = stat.type === 'directory';
  return {
    name: isFolder && !name.endsWith('/') ? `${name}/` : name,
    type: isFolder ? 'directory' : stat.type === 'symlink' ? 'symlink' : 'file',
    mode: stat.mode,
    uid: stat.uid,
    gid: stat.gid,
    user: users.get(stat.uid) ?? '',
    group: groups.get(stat.gid) ?? '',
    modified: stat.modified,
    target: stat.target ?? '',
    data: stat.type === 'file' ? command.context.files.read(path) : new Uint8Array(),
  };
}

async function read(command: Command, options: Options, base: string): Promise<number> {
  const file = options.value('f') ?? '-';
  const archive = await command.read(file, {
    words: (reason) => `can't open '${file}': ${reason}`,
  });
  const wanted = options.operands;
  const unseen = new Set(wanted);
  const isWanted = (name: string): boolean => {
    if (options.values('E').includes(name.replace(/\/$/, ''))) return false;
    if (wanted.length === 0) return true;
    const match = wanted.find((each) => name === each || name === `${each}/` || name.startsWith(`${each}/`));
    if (match !== undefined) unseen.delete(match);
    return match !== undefined;
  };
  const strip = Number(options.value('S') ?? 0);
  for (const entry of readEntries(archive)) {
    if (!isWanted(entry.name)) continue;
    if (options.has('t')) command.print(options.has('v') ? `${longLine(entry)}\n` : `${entry.name}\n`);
    else {
      if (options.has('v')) command.print(`${entry.name}\n`);
      if (options.has('O')) command.print(entry.data);
      else extract(command, options, base, entry, strip);
    }
    await command.work(entry.data.length + 2000);
  }
  for (const name of unseen) command.warn(`${name}: not found in archive`);
  return unseen.size > 0 ? 1 : 0;
}

function longLine(entry: TarEntry): string {
  const type = entry.type === 'link' ? 'file' : entry.type;
  const mode = modeText({ type, mode: entry.mode, uid: 0, gid: 0, size: 0, modified: 0 });
  const owner = `${entry.user === '' ? entry.uid : entry.user}/${entry.group === '' ? entry.gid : entry.group}`;
  const time = new Date(entry.modified).toISOString().replace('T', ' ').slice(0, 19);
  const target = entry.type === 'symlink' ? ` -> ${entry.target}` : '';
  return `${mode} ${owner} ${String(entry.data.length).padStart(9)} ${time} ${entry.name}${target}`;
}

function extract(command: Command, options: Options, base: string, entry: TarEntry, strip: number): void {
  const { files } = command.context;
  const name = memberName(entry.name).split('/').slice(strip).join('/').replace(/\/$/, '');
  if (name === '') return;
  const path = normalized(`${base}/${name}`);
  const above = path.replace(/\/[^/]*$/, '');
  try {
    if (above !== '' && !files.exists(above)) files.mkdir(above, { parents: true });
    const existing = statOf(files, path, false);
    if (entry.type === 'directory') {
      if (existing === undefined) files.mkdir(path);
    } else {
      if (existing !== undefined) {
        if (options.has('k')) return;
        files.remove(path);
      }
      if (entry.type === 'symlink') {
        files.symlink(entry.target, path);
        return;
      }
      const data =
        entry.type === 'link' ? files.read(normalized(`${base}/${memberName(entry.target)}`)) : entry.data;
      files.write(path, data, { mode: 0o644 });
    }
    restore(command, options, path, entry);
  } catch (error) {
    const what = entry.type === 'directory' ? "can't make dir" : "can't open";
    throw new Failure(`${what} '${name}': ${errorWords(error)}`);
  }
}

/** Owner, permissions and time of an entry. */
function restore(command: Command, options: Options, path: string, entry: TarEntry): void {
  const { files, user } = command.context;
  if (user.uid === 0 && !options.has('o')) files.chown(path, entry.uid, entry.gid);
  const mode = user.uid === 0 || options.has('p') ? entry.mode : entry.mode & ~files.umask;
  if (!options.has('M')) files.chmod(path, mode & 0o7777);
  if (!options.has('m') && entry.type !== 'directory') files.touch(path, entry.modified);
}
