import { FileError } from '../../../cluster/runtime/types.ts';
import type { Applet, Command } from '../command.ts';
import { baseName } from '../command.ts';
import { parseMode } from '../common/mode.ts';
import { errorWords, Failure, UsageError } from '../errors.ts';
import { parseDate } from '../processes/date.ts';
import type { Options } from '../options.ts';
import { rm } from './remove.ts';
import { join, normalized, realPath, statOf, walk } from './tree.ts';

/** Runs for every operand; what goes wrong with one is reported, and the others are done. */
function each(
  command: Command,
  operands: readonly string[],
  run: (operand: string, path: string) => void,
  words: (operand: string, reason: string) => string,
): number {
  let status = 0;
  for (const operand of operands) {
    try {
      run(operand, command.path(operand));
    } catch (error) {
      command.warn(error instanceof Failure ? error.message : words(operand, errorWords(error)));
      status = 1;
    }
  }
  return status;
}

function needed(operands: readonly string[], count = 1): void {
  if (operands.length < count) throw new UsageError();
}

const mkdir: Applet = (command) => {
  const options = command.options('pm:v', { parents: 'p', mode: 'm' });
  needed(options.operands);
  const { files } = command.context;
  const text = options.value('m');
  const mode = text === undefined ? undefined : parseMode(text, 0o777, true);
  if (text !== undefined && mode === undefined) throw new Failure(`invalid mode '${text}'`);
  return each(
    command,
    options.operands,
    (_operand, path) =>
      files.mkdir(path, { parents: options.has('p'), ...(mode === undefined ? {} : { mode }) }),
    (operand, reason) => `can't create directory '${operand}': ${reason}`,
  );
};

const rmdir: Applet = (command) => {
  const options = command.options('p');
  needed(options.operands);
  const { files } = command.context;
  return each(
    command,
    options.operands,
    (operand) => {
      let name = operand;
      do {
        const path = command.path(name);
        if (files.lstat(path).type !== 'directory') throw new FileError('ENOTDIR', path);
        files.remove(path);
        name = name.replace(/\/*[^/]*\/*$/, '');
      } while (options.has('p') && name !== '');
    },
    (operand, reason) => `'${operand}': ${reason}`,
  );
};

const touch: Applet = (command) => {
  const options = command.options('cd:t:r:hma');
  needed(options.operands);
  const { files } = command.context;
  const text = options.value('d') ?? options.value('t');
  const reference = options.value('r');
  const time =
    reference !== undefined
      ? files.stat(command.path(reference)).modified
      : text === undefined
        ? undefined
        : parseDate(text, command.context.clock.now());
  return each(
    command,
    options.operands,
    (_operand, path) => {
      if (options.has('c') && !files.exists(path)) return;
      files.touch(path, time);
    },
    (operand, reason) => `${operand}: ${reason}`,
  );
};

const ln: Applet = (command) => {
  const options = command.options('sfnbS:vT');
  needed(options.operands);
  const { files } = command.context;
  const [first = '', ...others] = options.operands;
  const last = others.at(-1) ?? '.';
  const sources = others.length === 0 ? [first] : options.operands.slice(0, -1);
  const lastStat = statOf(files, command.path(last), !options.has('n'));
  const isFolder = lastStat?.type === 'directory' && !options.has('T');
  return each(
    command,
    sources,
    (source) => {
      const name = isFolder ? join(last, baseName(source)) : last;
      const path = command.path(name);
      if (options.has('f') && statOf(files, path, false) !== undefined) files.remove(path);
      try {
        if (options.has('s')) files.symlink(source, path);
        else {
          // There are no hard links: a copy is the closest thing.
          const stat = files.stat(command.path(source));
          if (statOf(files, path, false) !== undefined) throw new FileError('EEXIST', path);
          files.write(path, files.read(command.path(source)), { mode: stat.mode });
        }
      } catch (error) {
        const isSource = error instanceof FileError && error.code === 'ENOENT' && !options.has('s');
        throw new Failure(`${isSource ? source : name}: ${errorWords(error)}`);
      }
    },
    (operand, reason) => `${operand}: ${reason}`,
  );
};

/** Runs for the operands and, with -R, for all that is in them. */
function eachBelow(
  command: Command,
  operands: readonly string[],
  isRecursive: boolean,
  run: (path: string) => void,
): number {
  return each(
    command,
    operands,
    (operand, path) => {
      if (!isRecursive) {
        command.context.files.stat(path);
        run(path);
        return;
      }
      for (const found of walk(command.context.files, operand, path, rethrow)) {
        if (found.stat.type !== 'symlink') run(found.path);
      }
    },
    (operand, reason) => `${operand}: ${reason}`,
  );
}

function rethrow(_name: string, error: unknown): never {
  throw error;
}

const chmod: Applet = (command) => {
  // A mode like -x is no option.
  const args = command.args.map((argument) => (/^-[rwxXst]+$/.test(argument) ? `a${argument}` : argument));
  const options = command.withArgs(args).options('Rvcf', { recursive: 'R' });
  const [text, ...operands] = options.operands;
  if (text === undefined || operands.length === 0) throw new UsageError();
  if (parseMode(text, 0, false) === undefined) throw new Failure(`invalid mode '${text}'`);
  const { files } = command.context;
  return eachBelow(command, operands, options.has('R'), (path) => {
    const { mode, type } = files.stat(path);
    files.chmod(path, parseMode(text, mode, type === 'directory') ?? mode);
  });
};

function idOf(command: Command, file: string, name: string, kind: 'user' | 'group'): number {
  if (/^\d+$/.test(name)) return Number(name);
  const { files } = command.context;
  const lines = files.exists(file) ? files.readText(file).split('\n') : [];
  const id = lines.find((line) => line.startsWith(`${name}:`))?.split(':')[2];
  if (id === undefined) throw new Failure(`unknown ${kind} ${name}`);
  return Number(id);
}

const chown: Applet = (command) => {
  const options = command.options('RhLHPcvf', { recursive: 'R' });
  const [owner, ...operands] = options.operands;
  if (owner === undefined || operands.length === 0) throw new UsageError();
  const isGroup = command.name === 'chgrp';
  const [user = '', group] = isGroup ? ['', owner] : owner.split(/[:.]/);
  const uid = user === '' ? undefined : idOf(command, '/etc/passwd', user, 'user');
  const gid = group === undefined || group === '' ? undefined : idOf(command, '/etc/group', group, 'group');
  const { files } = command.context;
  return eachBelow(command, operands, options.has('R'), (path) => {
    const stat = files.stat(path);
    files.chown(path, uid ?? stat.uid, gid ?? stat.gid);
  });
};

/** Pairs of operands for `cp` and `mv`: into a folder, or onto a name. */
function targets(command: Command, options: Options): readonly (readonly [source: string, target: string])[] {
  const folder = options.value('t');
  const operands = folder === undefined ? options.operands : [...options.operands, folder];
  needed(operands, 2);
  const last = operands.at(-1) ?? '';
  const sources = operands.slice(0, -1);
  const isFolder =
    statOf(command.context.files, command.path(last))?.type === 'directory' && !options.has('T');
  return sources.map((source) => [
    source,
    isFolder || sources.length > 1 ? join(last, baseName(source.replace(/\/+$/, ''))) : last,
  ]);
}

const cp: Applet = async (command) => {
  const options = command.options('arRdpfinslLHPvuTt:', { recursive: 'r', archive: 'a' });
  let status = 0;
  for (const [source, target] of targets(command, options)) {
    status = Math.max(status, await new Copy(command, options).copy(source, target));
  }
  return status;
};

class Copy {
  readonly #command: Command;
  readonly #isRecursive: boolean;
  readonly #keepsLinks: boolean;
  readonly #keepsOwners: boolean;
  readonly #isNoClobber: boolean;
  readonly #isForced: boolean;

  constructor(command: Command, options: Options) {
    const has = (letters: string): boolean => letters.split('').some((letter) => options.has(letter));
    this.#command = command;
    this.#isRecursive = has('arR');
    this.#keepsLinks = has('adP');
    this.#keepsOwners = has('ap');
    this.#isNoClobber = has('n');
    this.#isForced = has('f');
  }

  /** @returns the exit code */
  async copy(source: string, target: string): Promise<number> {
    const { files } = this.#command.context;
    const from = this.#command.path(source);
    const to = this.#command.path(target);
    try {
      const stat = this.#keepsLinks ? files.lstat(from) : files.stat(from);
      if (stat.type === 'symlink') {
        if (statOf(files, to, false) !== undefined) files.remove(to);
        files.symlink(stat.target ?? '', to);
        return 0;
      }
      if (stat.type === 'directory') return await this.#folder(source, target);
      if (realPath(files, from) === realPath(files, to)) {
        this.#command.warn(`'${source}' and '${target}' are the same file`);
        return 1;
      }
      if (this.#isNoClobber && files.exists(to)) return 0;
    } catch (error) {
      this.#command.warn(`can't stat '${source}': ${errorWords(error)}`);
      return 1;
    }
    return this.#file(source, target);
  }

  async #file(source: string, target: string): Promise<number> {
    const { files } = this.#command.context;
    const from = this.#command.path(source);
    const to = this.#command.path(target);
    let bytes: Uint8Array;
    try {
      bytes = files.read(from);
    } catch (error) {
      this.#command.warn(`can't open '${source}': ${errorWords(error)}`);
      return 1;
    }
    await this.#command.work(bytes.length);
    const stat = files.stat(from);
    try {
      if (this.#isForced && files.exists(to)) files.remove(to);
      files.write(to, bytes, { mode: stat.mode & ~files.umask });
      if (this.#keepsOwners) this.#keep(to, stat);
      return 0;
    } catch (error) {
      const isFull = error instanceof FileError && error.code === 'ENOSPC';
      this.#command.warn(`${isFull ? 'write error' : `can't create '${target}'`}: ${errorWords(error)}`);
      return 1;
    }
  }

  async #folder(source: string, target: string): Promise<number> {
    const { files } = this.#command.context;
    if (!this.#isRecursive) {
      this.#command.warn(`omitting directory '${source}'`);
      return 1;
    }
    const from = normalized(this.#command.path(source));
    const to = normalized(this.#command.path(target));
    if (`${to}/`.startsWith(`${from}/`)) {
      this.#command.warn(`recursion detected, omitting directory '${target}'`);
      return 1;
    }
    const stat = files.stat(from);
    if (!files.exists(to)) files.mkdir(to, { mode: stat.mode & ~files.umask });
    let status = 0;
    for (const name of files.list(from)) {
      status = Math.max(status, await this.copy(join(source, name), join(target, name)));
    }
    if (this.#keepsOwners) this.#keep(to, stat);
    return status;
  }

  #keep(
    path: string,
    stat: { readonly uid: number; readonly gid: number; readonly mode: number; readonly modified: number },
  ): void {
    const { files, user } = this.#command.context;
    files.chmod(path, stat.mode);
    if (user.uid === 0) files.chown(path, stat.uid, stat.gid);
    files.touch(path, stat.modified);
  }
}

const mv: Applet = async (command) => {
  const options = command.options('finvTt:');
  const { files } = command.context;
  let status = 0;
  for (const [source, target] of targets(command, options)) {
    if (options.has('n') && files.exists(command.path(target))) continue;
    try {
      files.rename(command.path(source), command.path(target));
    } catch (error) {
      if (!(error instanceof FileError) || error.code !== 'EXDEV') {
        command.warn(`can't rename '${source}': ${errorWords(error)}`);
        status = 1;
        continue;
      }
      const copied = await new Copy(command, command.withArgs(['-a', source, target]).options('a')).copy(
        source,
        target,
      );
      if (copied === 0) files.remove(command.path(source), { recursive: true });
      status = Math.max(status, copied);
    }
  }
  return status;
};

export const manageApplets: Readonly<Record<string, Applet>> = {
  mkdir,
  rmdir,
  rm,
  unlink: rm,
  touch,
  ln,
  chmod,
  chown,
  chgrp: chown,
  cp,
  mv,
};
