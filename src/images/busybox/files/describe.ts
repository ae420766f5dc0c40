import type { FileStat, FileSystem } from '../../../cluster/runtime/types.ts';
import type { Applet, Command } from '../command.ts';
import { baseName } from '../command.ts';
import { modeText, names, sizeText } from '../common/describe.ts';
import { errorWords, Failure, UsageError } from '../errors.ts';
import { blocksOf, inodeOf, sizeOf } from './list.ts';
import { linksOf, realPath, statOf, walk } from './tree.ts';

function typeText(stat: FileStat): string {
  if (stat.type === 'file') return stat.size === 0 ? 'regular empty file' : 'regular file';
  return { directory: 'directory', symlink: 'symbolic link', device: 'character special file' }[stat.type];
}

function timeText(ms: number): string {
  return `${new Date(ms).toISOString().replace('T', ' ').replace('Z', '')}000000 +0000`;
}

const stat: Applet = (command) => {
  const options = command.options('fLtc:', { format: 'c' });
  if (options.operands.length === 0) throw new UsageError();
  const { files } = command.context;
  let status = 0;
  for (const name of options.operands) {
    const path = command.path(name);
    try {
      const found = options.has('L') ? files.stat(path) : files.lstat(path);
      const format = options.value('c');
      command.print(
        format === undefined
          ? describe(command, name, path, found)
          : formatted(command, format, name, path, found),
      );
    } catch (error) {
      command.warn(`can't stat '${name}': ${errorWords(error)}`);
      status = 1;
    }
  }
  return status;
};

function describe(command: Command, name: string, path: string, found: FileStat): string {
  const { users, groups } = names(command.context.files);
  const padded = (text: string | number, width: number): string => String(text).padEnd(width);
  const owner = (id: number, known: ReadonlyMap<number, string>): string =>
    `(${String(id).padStart(5)}/${(known.get(id) ?? 'UNKNOWN').padStart(8)})`;
  const link = found.type === 'symlink' ? ` -> ${found.target ?? ''}` : '';
  const time = timeText(found.modified);
  const mode = `(${(found.mode & 0o7777).toString(8).padStart(4, '0')}/${modeText(found)})`;
  return [
    `  File: ${name}${link}`,
    `  Size: ${padded(sizeOf(found), 10)}\tBlocks: ${padded(blocksOf(found) * 2, 10)} IO Block: 4096   ${typeText(found)}`,
    `Device: 10000fh/1048591d\tInode: ${padded(inodeOf(path), 10)}  Links: ${linksOf(command.context.files, path, found)}`,
    `Access: ${mode}  Uid: ${owner(found.uid, users)}   Gid: ${owner(found.gid, groups)}`,
    `Access: ${time}`,
    `Modify: ${time}`,
    `Change: ${time}`,
    '',
  ].join('\n');
}

function formatted(command: Command, format: string, name: string, path: string, found: FileStat): string {
  const { users, groups } = names(command.context.files);
  const values: Readonly<Record<string, string | number>> = {
    a: (found.mode & 0o7777).toString(8),
    A: modeText(found),
    b: blocksOf(found) * 2,
    B: 512,
    F: typeText(found),
    g: found.gid,
    G: groups.get(found.gid) ?? 'UNKNOWN',
    h: linksOf(command.context.files, path, found),
    i: inodeOf(path),
    n: name,
    N: found.type === 'symlink' ? `'${name}' -> '${found.target ?? ''}'` : name,
    o: 4096,
    s: sizeOf(found),
    u: found.uid,
    U: users.get(found.uid) ?? 'UNKNOWN',
    x: timeText(found.modified),
    X: Math.floor(found.modified / 1000),
    y: timeText(found.modified),
    Y: Math.floor(found.modified / 1000),
    z: timeText(found.modified),
    Z: Math.floor(found.modified / 1000),
  };
  return `${format.replace(/%([a-zA-Z%])/g, (whole, letter: string) => (letter === '%' ? '%' : String(values[letter] ?? whole)))}\n`;
}

const readlink: Applet = (command) => {
  const options = command.options('fnvsem');
  let status = 0;
  for (const name of options.operands) {
    const path = command.path(name);
    const target = options.has('f')
      ? realPath(command.context.files, path)
      : statOf(command.context.files, path, false)?.target;
    if (target === undefined) status = 1;
    else command.print(`${target}${options.has('n') ? '' : '\n'}`);
  }
  return status;
};

const realpath: Applet = (command) => {
  let status = 0;
  for (const name of command.options('s').operands) {
    const real = realPath(command.context.files, command.path(name));
    if (real !== undefined) command.print(`${real}\n`);
    else {
      command.warn(`${name}: No such file or directory`);
      status = 1;
    }
  }
  return status;
};

const basename: Applet = (command) => {
  const options = command.options('+as:');
  const [first, second] = options.operands;
  if (first === undefined) throw new UsageError();
  const suffix = options.value('s') ?? (options.has('a') ? '' : (second ?? ''));
  for (const path of options.has('a') || options.has('s') ? options.operands : [first]) {
    const name = baseName(path.replace(/(?<=.)\/+$/, ''));
    const isShortened = suffix !== '' && name !== suffix && name.endsWith(suffix);
    command.print(
      `${isShortened ? name.slice(0, -suffix.length) : name === '' && path !== '' ? '/' : name}\n`,
    );
  }
  return 0;
};

const dirname: Applet = (command) => {
  const [path] = command.args;
  if (path === undefined) throw new UsageError();
  const trimmed = path.replace(/(?<=.)\/+$/, '');
  const index = trimmed.lastIndexOf('/');
  command.print(
    `${index < 0 ? '.' : index === 0 ? '/' : trimmed.slice(0, index).replace(/(?<=.)\/+$/, '')}\n`,
  );
  return 0;
};

const pwd: Applet = (command) => {
  command.print(`${command.context.cwd}\n`);
  return 0;
};

const mktemp: Applet = (command) => {
  const options = command.options('udtqp:');
  const { context } = command;
  const [template = 'tmp.XXXXXX'] = options.operands;
  const xs = /X+$/.exec(template)?.[0].length ?? 0;
  // The C library has emptied the template by then.
  if (xs < 6) throw new Failure(': Invalid argument');
  const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
  const random = Array.from({ length: xs }, () =>
    letters.charAt(context.random.between(0, letters.length - 1)),
  ).join('');
  const isBelow = options.operands.length === 0 || options.has('t') || options.has('p');
  const folder = context.env['TMPDIR'] ?? options.value('p') ?? '/tmp';
  const name = `${isBelow ? `${folder}/` : ''}${template.slice(0, -xs)}${random}`;
  try {
    if (options.has('d')) context.files.mkdir(command.path(name), { mode: 0o700 });
    else if (!options.has('u')) context.files.write(command.path(name), '', { mode: 0o600 });
  } catch (error) {
    throw new Failure(`${name}: ${errorWords(error)}`);
  }
  command.print(`${name}\n`);
  return 0;
};

const du: Applet = async (command) => {
  const options = command.options('aHLdclsxhmkbd:', { 'max-depth': 'd' });
  const { files } = command.context;
  const deepest = options.has('s') ? 0 : Number(options.value('d') ?? Infinity);
  let status = 0;
  let grand = 0;
  const show = (kilobytes: number): string => {
    if (options.has('h')) return sizeText(kilobytes * 1024).replace(/^(\d+)$/, '$1');
    return String(options.has('m') ? Math.ceil(kilobytes / 1024) : kilobytes);
  };
  const measure = (name: string, path: string, depth: number): number => {
    let found: FileStat;
    let entries: readonly string[] = [];
    try {
      found = files.lstat(path);
      if (found.type === 'directory') entries = files.list(path);
    } catch (error) {
      command.warn(`${name}: ${errorWords(error)}`);
      status = 1;
      return 0;
    }
    const inside = entries.map((entry) =>
      measure(`${name.replace(/(?<=.)\/$/, '')}/${entry}`, `${path}/${entry}`, depth + 1),
    );
    const total = inside.reduce((sum, each) => sum + each, blocksOf(found));
    const isShown = depth === 0 || ((found.type === 'directory' || options.has('a')) && depth <= deepest);
    if (isShown && !(depth > deepest)) command.print(`${show(total)}\t${name}\n`);
    return total;
  };
  for (const name of options.operands.length === 0 ? ['.'] : options.operands) {
    if (statOf(files, command.path(name), false) === undefined) {
      command.warn(`${name}: No such file or directory`);
      status = 1;
      continue;
    }
    grand += measure(name, command.path(name), 0);
  }
  if (options.has('c')) command.print(`${show(grand)}\ttotal\n`);
  await command.work(grand * 10);
  return status;
};

const DISK = 64 * 1024 ** 3;

/** The file system that a path is on: the mount with the longest path above it. */
function mountOf(
  command: Command,
  path: string,
): ReturnType<Command['context']['files']['mounts']>[number] | undefined {
  return command.context.files
    .mounts()
    .filter((mount) => `${path}/`.startsWith(mount.path === '/' ? '/' : `${mount.path}/`))
    .toSorted((a, b) => b.path.length - a.path.length)[0];
}

const df: Applet = (command) => {
  const options = command.options('Pkmhait:T');
  const { files } = command.context;
  const isHuman = options.has('h');
  const hasTypes = options.has('T');
  const unit = options.has('m') ? 1024 ** 2 : 1024;
  const amount = (bytes: number): string =>
    isHuman ? (bytes === 0 ? '0' : sizeText(bytes)) : String(Math.floor(bytes / unit));
  const title = isHuman ? '     Size' : options.has('m') ? '1M-blocks' : '1K-blocks';
  command.print(
    `Filesystem           ${hasTypes ? 'Type       ' : ''}${title}      Used Available ${options.has('P') ? 'Capacity' : 'Use%'} Mounted on\n`,
  );
  let status = 0;
  const wanted = options.operands.flatMap((name) => {
    if (statOf(files, command.path(name)) === undefined) {
      command.warn(`${name}: can't find mount point`);
      status = 1;
      return [];
    }
    return mountOf(command, realPath(files, command.path(name)) ?? '/') ?? [];
  });
  const all = files
    .mounts()
    .filter(({ type }) => !['proc', 'sysfs', 'cgroup2', 'mqueue', 'devpts'].includes(type));
  for (const mount of options.operands.length === 0 ? all : wanted) {
    const used = usedBytes(command, mount);
    const size = mount.size ?? DISK;
    const percent = Math.ceil((used * 100) / size);
    const name = mount.source.length > 20 ? `${mount.source}\n${' '.repeat(20)}` : mount.source.padEnd(20);
    const type = hasTypes ? ` ${mount.type.padEnd(10)}` : '';
    const cells = [size, used, size - used].map((bytes) => amount(bytes).padStart(9)).join(' ');
    command.print(`${name}${type} ${cells} ${String(percent).padStart(3)}% ${mount.path}\n`);
  }
  return status;
};

/** What is in the files of one mount. The folders of a tmpfs take none of its room. */
function usedBytes(command: Command, { path, type }: ReturnType<FileSystem['mounts']>[number]): number {
  const { files } = command.context;
  const others = new Set(files.mounts().map((mount) => mount.path));
  let used = 0;
  const walker = walk(files, path, path, () => {});
  for (let step = walker.next(); step.done !== true;) {
    const found = step.value;
    const isOther = found.path !== path && others.has(found.path);
    const isFree = type === 'tmpfs' && found.stat.type === 'directory';
    if (!isOther && !isFree) used += blocksOf(found.stat) * 1024;
    step = walker.next(isOther ? 'skip' : undefined);
  }
  return used;
}

const mount: Applet = (command) => {
  const options = command.options('art:o:vnwfBRM', { bind: 'B', rbind: 'R', move: 'M' });
  const { operands } = options;
  // A single name is looked up in a table that the image has not.
  if (options.has('a') || (operands.length === 1 && !/remount/.test(options.value('o') ?? ''))) {
    throw new Failure("can't read '/etc/fstab': No such file or directory");
  }
  if (operands.length > 0) throw new Failure('permission denied (are you root?)');
  for (const each of command.context.files.mounts()) {
    command.print(
      `${each.source} on ${each.path} type ${each.type} (${each.readOnly ? 'ro' : 'rw'},relatime)\n`,
    );
  }
  return 0;
};

const umount: Applet = (command) => {
  const { operands } = command.options('aflrdnvt:');
  if (operands.length === 0) throw new UsageError();
  for (const name of operands) {
    const isThere = command.context.files.exists(command.path(name));
    command.warn(
      `can't unmount ${name}: ${isThere ? 'Operation not permitted' : 'No such file or directory'}`,
    );
  }
  return 1;
};

export const describeApplets: Readonly<Record<string, Applet>> = {
  stat,
  readlink,
  realpath,
  basename,
  dirname,
  pwd,
  mktemp,
  du,
  df,
  mount,
  umount,
};
