import { boundedRegex } from '../common/bounded-regex.ts';
import type { ProcessInfo } from '../../../cluster/runtime/types.ts';
import { statOf } from '../files/tree.ts';
import type { Applet, Command } from '../command.ts';
import { baseName } from '../command.ts';
import { runtimeSignal, signalName } from '../common/signals.ts';
import { Failure, UsageError } from '../errors.ts';

/** `0:07`, as `ps` shows CPU time and age. */
function clock(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes >= 60) return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, '0')}`;
  return `${minutes}:${String(seconds % 60).padStart(2, '0')}`;
}

interface Column {
  readonly title: string;
  readonly width: number;
  readonly isRight?: boolean;
  readonly value: (process: ProcessInfo, command: Command) => string;
}

const COLUMNS: Readonly<Record<string, Column>> = {
  pid: { title: 'PID', width: 5, isRight: true, value: ({ pid }) => String(pid) },
  ppid: { title: 'PPID', width: 5, isRight: true, value: ({ parent }) => String(parent) },
  user: { title: 'USER', width: 8, value: ({ user }) => user },
  comm: { title: 'COMMAND', width: 16, value: ({ command }) => baseName(command[0] ?? '').slice(0, 15) },
  args: { title: 'COMMAND', width: 27, value: commandLine },
  time: { title: 'TIME', width: 5, isRight: true, value: ({ cpu }) => clock(cpu / 1000) },
  etime: {
    title: 'ELAPSED',
    width: 7,
    isRight: true,
    value: ({ startedAt }, command) => clock(command.context.clock.now() - startedAt),
  },
  rss: { title: 'RSS', width: 4, isRight: true, value: ({ memory }) => String(Math.ceil(memory / 1024)) },
  vsz: { title: 'VSZ', width: 4, isRight: true, value: ({ memory }) => String(Math.ceil(memory / 1024)) },
  stat: { title: 'STAT', width: 4, value: ({ state }) => state },
};

function commandLine({ command }: ProcessInfo): string {
  return command.join(' ');
}

/** A column by its name, with another title in `name=title`. */
function columnOf(text: string): Column {
  const [, name = '', , title] = /^([^=]*)(=(.*))?$/.exec(text) ?? [];
  const column = COLUMNS[name];
  if (column !== undefined) return title === undefined ? column : { ...column, title };
  throw new Failure(`bad -o argument '${name}', supported arguments: ${Object.keys(COLUMNS).join(',')}`);
}

const ps: Applet = (command) => {
  const options = command.options('o:Taefwl');
  const selected = options.values('o').flatMap((list) => list.split(','));
  const columns = (selected.length === 0 ? ['pid', 'user', 'time', 'args'] : selected).map(columnOf);
  const row = (cells: readonly string[]): string =>
    columns
      .map(({ width, isRight }, index) => {
        const cell = cells[index] ?? '';
        if (isRight === true) return cell.padStart(width);
        return index === columns.length - 1 ? cell : cell.padEnd(width).slice(0, Math.max(width, 8));
      })
      .join(' ');
  const width = command.context.tty?.columns;
  const lines = [
    columns
      .map(({ title, width }, index) => (index === columns.length - 1 ? title : title.padEnd(width)))
      .join(' '),
    ...command.context.processes
      .list()
      .map((process) => row(columns.map(({ value }) => value(process, command)))),
  ];
  for (const line of lines) command.print(`${width === undefined ? line : line.slice(0, width - 1)}\n`);
  return 0;
};

/** By what they were called, as `pidof` and `killall` look for processes. */
function processesNamed(command: Command, name: string): readonly ProcessInfo[] {
  return command.context.processes
    .list()
    .filter(
      (process) =>
        process.pid !== command.context.pid && baseName(process.command[0] ?? '') === baseName(name),
    );
}

const pidof: Applet = (command) => {
  const options = command.options('so:');
  const omitted = new Set(options.values('o').map(Number));
  const pids = options.operands
    .flatMap((name) => processesNamed(command, name))
    .map(({ pid }) => pid)
    .filter((pid) => !omitted.has(pid))
    .reverse();
  if (pids.length === 0) return 1;
  command.print(`${(options.has('s') ? pids.slice(0, 1) : pids).join(' ')}\n`);
  return 0;
};

const killall: Applet = (command) => {
  const isQuiet = command.args.includes('-q');
  const args = command.args.filter((argument) => argument !== '-q');
  const option = args[0]?.startsWith('-') === true ? args[0] : undefined;
  const names = option === undefined ? args : args.slice(option === '-s' ? 2 : 1);
  const wanted = option === '-s' ? (args[1] ?? '') : (option?.slice(1) ?? 'TERM');
  const signal = signalName(wanted);
  if (signal === undefined) throw new Failure(`bad signal name '${wanted}'`);
  if (names.length === 0) throw new Failure('you need to specify whom to kill');
  let status = 0;
  for (const name of names) {
    const found = processesNamed(command, name);
    if (found.length === 0) {
      status = 1;
      if (!isQuiet) command.warn(`${name}: no process killed`);
    }
    const known = runtimeSignal(signal);
    for (const { pid } of found) if (known !== undefined) command.context.processes.kill(pid, known);
  }
  return status;
};

const pgrep: Applet = (command) => {
  const options = command.options('flxvao:');
  const [pattern] = options.operands;
  if (pattern === undefined) throw new UsageError();
  const regex = boundedRegex(pattern);
  const found = command.context.processes.list().filter((process) => {
    if (process.pid === command.context.pid) return false;
    const text = options.has('f') ? commandLine(process) : baseName(process.command[0] ?? '');
    return (options.has('x') ? regex.exec(text)?.[0] === text : regex.test(text)) !== options.has('v');
  });
  for (const process of found) {
    const detail = options.has('a')
      ? ` ${commandLine(process)}`
      : options.has('l')
        ? ` ${baseName(process.command[0] ?? '')}`
        : '';
    command.print(`${process.pid}${detail}\n`);
  }
  return found.length === 0 ? 1 : 0;
};

const uptime: Applet = (command) => {
  const { files, clock: time } = command.context;
  const up = Math.floor(Number(files.readText('/proc/uptime').split(' ')[0] ?? 0));
  const now = new Date(time.now()).toISOString().slice(11, 19);
  const days = Math.floor(up / 86_400);
  const hours = Math.floor(up / 3600) % 24;
  const minutes = Math.floor(up / 60) % 60;
  const age = `${days === 0 ? '' : `${days} day${days === 1 ? '' : 's'}, `}${
    hours === 0 ? `${minutes} min` : `${String(hours).padStart(2)}:${String(minutes).padStart(2, '0')}`
  }`;
  const load = files.readText('/proc/loadavg').split(' ').slice(0, 3).join(', ');
  command.print(` ${now} up ${age},  0 users,  load average: ${load}\n`);
  return 0;
};

/** `sysctl`: shows kernel settings; none can be changed in a container. */
const sysctl: Applet = (command) => {
  const options = command.options('neqwap:');
  const { files } = command.context;
  let code = 0;
  for (const operand of options.operands) {
    const [key = '', value] = operand.split('=', 2);
    const path = `/proc/sys/${key.replaceAll('.', '/')}`;
    if (value !== undefined) {
      command.warn(`error setting key '${key}': Read-only file system`);
      code = 1;
    } else if (statOf(files, path)?.type === 'file') {
      const text = files.readText(path).trimEnd();
      command.print(`${options.has('n') ? '' : `${key.replaceAll('/', '.')} = `}${text}\n`);
    } else {
      if (!options.has('e')) command.warn(`error: '${key}' is an unknown key`);
      code = 1;
    }
  }
  return code;
};

export const processApplets: Readonly<Record<string, Applet>> = { ps, pidof, killall, pgrep, sysctl, uptime };
