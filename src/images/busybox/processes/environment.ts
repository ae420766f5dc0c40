import { KERNEL_RELEASE } from '../../../cluster/runtime/kernel.ts';
import type { FileSystem } from '../../../cluster/runtime/types.ts';
import type { Applet, Command } from '../command.ts';
import { names } from '../common/describe.ts';
import { Failure, UsageError } from '../errors.ts';

const KERNEL_BUILD = '#1 SMP PREEMPT_DYNAMIC';

const env: Applet = async (command) => {
  const options = command.options('+iu:0', { 'ignore-environment': 'i', unset: 'u' });
  const hasDash = options.operands[0] === '-';
  const operands = hasDash ? options.operands.slice(1) : options.operands;
  const environment: Record<string, string> = options.has('i') || hasDash ? {} : { ...command.context.env };
  for (const name of options.values('u')) Reflect.deleteProperty(environment, name);
  const first = operands.findIndex((operand) => !operand.includes('='));
  for (const operand of first < 0 ? operands : operands.slice(0, first)) {
    const index = operand.indexOf('=');
    environment[operand.slice(0, index)] = operand.slice(index + 1);
  }
  if (first >= 0) return command.run(operands.slice(first), { env: environment });
  const end = options.has('0') ? '\0' : '\n';
  for (const [name, value] of Object.entries(environment)) command.print(`${name}=${value}${end}`);
  return 0;
};

const printenv: Applet = (command) => {
  const { env: environment } = command.context;
  if (command.args.length === 0) {
    for (const [name, value] of Object.entries(environment)) command.print(`${name}=${value}\n`);
    return 0;
  }
  let status = 0;
  for (const name of command.args) {
    const value = environment[name];
    if (value === undefined) status = 1;
    else command.print(`${value}\n`);
  }
  return status;
};

function accountOf(command: Command, name: string | undefined): { uid: number; gid: number } {
  if (name === undefined) return command.context.user;
  const { files } = command.context;
  const lines = files.exists('/etc/passwd') ? files.readText('/etc/passwd').split('\n') : [];
  const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
  if (uid === undefined || gid === undefined) throw new Failure(`unknown user ${name}`);
  return { uid: Number(uid), gid: Number(gid) };
}

/** Supplementary groups are known to /proc only. */
function groupsOf(command: Command, gid: number): readonly number[] {
  const { files, pid } = command.context;
  const path = `/proc/${pid}/status`;
  const line = files.exists(path) ? /^Groups:\t(.*)$/m.exec(files.readText(path))?.[1] : undefined;
  const groups = (line ?? '')
    .trim()
    .split(/\s+/)
    .filter((text) => text !== '');
  return groups.length === 0 ? [gid] : groups.map(Number);
}

const id: Applet = (command) => {
  const options = command.options('ugGnr');
  const { uid, gid } = accountOf(command, options.operands[0]);
  const { users, groups } = names(command.context.files);
  const all = groupsOf(command, gid);
  const isNamed = options.has('n');
  const show = (number: number, known: ReadonlyMap<number, string>): string =>
    isNamed ? (known.get(number) ?? String(number)) : String(number);
  const full = (number: number, known: ReadonlyMap<number, string>): string => {
    const name = known.get(number);
    return name === undefined ? String(number) : `${number}(${name})`;
  };
  if (options.has('u')) command.print(`${show(uid, users)}\n`);
  else if (options.has('g')) command.print(`${show(gid, groups)}\n`);
  else if (options.has('G')) command.print(`${all.map((each) => show(each, groups)).join(' ')}\n`);
  else {
    const list = all.map((each) => full(each, groups)).join(',');
    command.print(`uid=${full(uid, users)} gid=${full(gid, groups)} groups=${list}\n`);
  }
  return 0;
};

const groups: Applet = (command) => {
  const { groups: known } = names(command.context.files);
  const { gid } = accountOf(command, command.args[0]);
  command.print(
    `${groupsOf(command, gid)
      .map((each) => known.get(each) ?? String(each))
      .join(' ')}\n`,
  );
  return 0;
};

const whoami: Applet = (command) => {
  const { uid } = command.context.user;
  const name = names(command.context.files).users.get(uid);
  if (name === undefined) throw new Failure(`unknown uid ${uid}`);
  command.print(`${name}\n`);
  return 0;
};

const hostname: Applet = (command) => {
  const options = command.options('sidfF:');
  const { files, hostname: name, net } = command.context;
  if (options.operands.length > 0) throw new Failure('sethostname: Operation not permitted');
  if (options.has('i')) command.print(`${net.ip} \n`);
  else if (options.has('d')) command.print(`${afterDot(fullName(files, name))}\n`);
  else if (options.has('f')) command.print(`${fullName(files, name)}\n`);
  else command.print(`${options.has('s') ? (name.split('.')[0] ?? name) : name}\n`);
  return 0;
};

/** The first name on the line of `/etc/hosts` that has a name. */
function fullName(files: FileSystem, name: string): string {
  const hosts = files.exists('/etc/hosts') ? files.readText('/etc/hosts') : '';
  const lines = hosts.split('\n').map((line) => line.replace(/#.*/, '').trim().split(/\s+/).slice(1));
  return lines.find((names) => names.includes(name))?.[0] ?? name;
}

const afterDot = (name: string): string => (name.includes('.') ? name.slice(name.indexOf('.') + 1) : '');

const uname: Applet = (command) => {
  const options = command.options('snrvmpioa', { all: 'a' });
  const { files, hostname: name } = command.context;
  const release = files.exists('/proc/sys/kernel/osrelease')
    ? files.readText('/proc/sys/kernel/osrelease').trim()
    : KERNEL_RELEASE;
  const parts: Readonly<Record<string, string>> = {
    s: 'Linux',
    n: name,
    r: release,
    v: KERNEL_BUILD,
    m: 'x86_64',
    p: 'unknown',
    i: 'unknown',
    o: 'GNU/Linux',
  };
  const all = options.has('a') ? 'snrvmo' : 'snrvmpio';
  const isWanted = (letter: string): boolean =>
    options.has('a') || options.has(letter) || (options.letters.length === 0 && letter === 's');
  const shown = all.split('').filter(isWanted);
  command.print(`${shown.map((letter) => parts[letter] ?? '').join(' ')}\n`);
  return 0;
};

const which: Applet = (command) => {
  const { context } = command;
  const folders = (context.env['PATH'] ?? '').split(':');
  const options = command.options('a');
  if (options.operands.length === 0) throw new UsageError();
  let status = 0;
  for (const name of options.operands) {
    const paths = name.includes('/')
      ? [name]
      : folders.map((folder) => `${folder === '' ? '.' : folder}/${name}`);
    const found = paths.filter((path) => {
      const full = command.path(path);
      if (!context.files.exists(full)) return false;
      const stat = context.files.stat(full);
      return stat.type === 'file' && (stat.mode & 0o111) !== 0;
    });
    if (found.length === 0) status = 1;
    for (const path of options.has('a') ? found : found.slice(0, 1)) command.print(`${path}\n`);
  }
  return status;
};

export const environmentApplets: Readonly<Record<string, Applet>> = {
  env,
  printenv,
  id,
  groups,
  whoami,
  hostname,
  uname,
  which,
  arch: (command) => {
    command.print('x86_64\n');
    return 0;
  },
  nproc: (command) => {
    const text = command.context.files.readText('/proc/cpuinfo');
    command.print(`${text.match(/^processor/gm)?.length ?? 1}\n`);
    return 0;
  },
};
