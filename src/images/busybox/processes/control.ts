import type { Applet, Command } from '../command.ts';
import { signalName, runtimeSignal } from '../common/signals.ts';
import { errorWords, Failure, UsageError } from '../errors.ts';
import { terminalOf } from '../terminal/terminal.ts';
import { formatDate } from './date.ts';
import { duration } from './simple.ts';

const time: Applet = async (command) => {
  const options = command.options('+vpao:f:');
  if (options.operands.length === 0) throw new UsageError();
  const startedAt = command.context.clock.now();
  const cpuOf = (): number => command.context.processes.list().reduce((sum, { cpu }) => sum + cpu, 0);
  const before = cpuOf();
  const status = await command.run(options.operands);
  const seconds = (command.context.clock.now() - startedAt) / 1000;
  const user = Math.min(Math.max(0, cpuOf() - before) / 1e6, seconds);
  const text = (value: number): string => `${Math.floor(value / 60)}m ${(value % 60).toFixed(2)}s`;
  command.context.stderr.write(
    options.has('p')
      ? `real ${seconds.toFixed(2)}\nuser ${user.toFixed(2)}\nsys 0.00\n`
      : `real\t${text(seconds)}\nuser\t${text(user)}\nsys\t${text(0)}\n`,
  );
  return status;
};

const timeout: Applet = async (command) => {
  const options = command.options('+s:k:');
  const [limit, ...args] = options.operands;
  if (limit === undefined || args.length === 0) throw new UsageError();
  const wanted = options.value('s') ?? 'TERM';
  const signal = signalName(wanted);
  if (signal === undefined) throw new Failure(`unknown signal '${wanted}'`);
  const { context } = command;
  const child = tryToSpawn(command, args);
  if (typeof child === 'number') return child;
  const first = await Promise.race([
    child.exited,
    context.clock.sleep(duration(limit)).then(() => undefined),
  ]);
  if (first !== undefined) return first;
  const known = runtimeSignal(signal);
  if (known !== undefined) context.processes.kill(child.pid, known);
  const grace = options.value('k');
  if (grace !== undefined) {
    const second = await Promise.race([
      child.exited,
      context.clock.sleep(duration(grace)).then(() => undefined),
    ]);
    if (second === undefined) context.processes.kill(child.pid, 'SIGKILL');
  }
  return child.exited;
};

function tryToSpawn(
  command: Command,
  args: readonly string[],
): NonNullable<ReturnType<Command['spawn']>> | number {
  const name = args[0] ?? '';
  try {
    const child = command.spawn(args);
    if (child !== undefined) return child;
    command.warn(`can't execute '${name}': No such file or directory`);
    return 127;
  } catch (error) {
    command.warn(`can't execute '${name}': ${errorWords(error)}`);
    return 126;
  }
}

const nohup: Applet = async (command) => {
  if (command.args.length === 0) throw new UsageError();
  return command.run(command.args);
};

const nice: Applet = async (command) => {
  const options = command.options('+n:');
  if (options.operands.length > 0) return command.run(options.operands);
  command.print('0\n');
  return 0;
};

const setsid: Applet = async (command) => {
  const options = command.options('+c');
  if (options.operands.length === 0) throw new UsageError();
  return command.run(options.operands);
};

const watch: Applet = async (command) => {
  const options = command.options('+n:t', { interval: 'n' });
  if (options.operands.length === 0) throw new UsageError();
  const seconds = Number(options.value('n') ?? 2);
  const { context } = command;
  for (;;) {
    command.print('\x1b[H\x1b[J');
    if (!options.has('t')) {
      const columns = context.tty?.columns ?? 80;
      const title = `Every ${seconds.toFixed(1)}s: ${options.operands.join(' ')}`;
      const now = formatDate('%Y-%m-%d %H:%M:%S', context.clock.now());
      command.print(`${title.padEnd(Math.max(0, columns - now.length))}${now}\n\n`);
    }
    await command.run(['/bin/sh', '-c', options.operands.join(' ')]);
    await context.clock.sleep(Math.max(seconds, 0.1) * 1000);
  }
};

const tty: Applet = (command) => {
  const terminal = terminalOf(command.context.stdin);
  if (!command.args.includes('-s')) command.print(terminal === undefined ? 'not a tty\n' : '/dev/pts/0\n');
  return terminal === undefined ? 1 : 0;
};

/** What a new terminal is set to, as `stty -a` lists it. */
const SETTINGS = `intr = ^C; quit = ^\\; erase = ^?; kill = ^U; eof = ^D; eol = <undef>;
eol2 = <undef>; swtch = <undef>; start = ^Q; stop = ^S; susp = ^Z; rprnt = ^R;
werase = ^W; lnext = ^V; flush = ^O; min = 1; time = 0;
-parenb -parodd -cmspar cs8 -hupcl -cstopb cread -clocal -crtscts
-ignbrk -brkint -ignpar -parmrk -inpck -istrip -inlcr -igncr icrnl ixon -ixoff
-iuclc -ixany -imaxbel -iutf8
opost -olcuc -ocrnl onlcr -onocr -onlret -ofill -ofdel nl0 cr0 tab0 bs0 vt0 ff0
isig icanon iexten echo echoe echok -echonl -noflsh -xcase -tostop -echoprt
echoctl echoke -flusho -extproc
`;

/** Of what can be set only the echo is. */
const stty: Applet = (command) => {
  const terminal = terminalOf(command.context.stdin);
  if (terminal === undefined) throw new Failure('standard input: Inappropriate ioctl for device');
  const { rows, columns } = terminal.size;
  const [first, ...others] = command.args;
  const echo = terminal.echoes ? 'echo' : '-echo';
  if (first === 'size') command.print(`${rows} ${columns}\n`);
  else if (first === undefined) {
    const keys = SETTINGS.split('\n').slice(0, 3).join('\n');
    command.print(
      `speed 38400 baud; line = 0;\n${keys}\n-brkint -imaxbel\n${terminal.echoes ? '' : '-echo\n'}`,
    );
  } else if (first === '-a') {
    command.print(`speed 38400 baud; rows ${rows}; columns ${columns}; line = 0;\n`);
    command.print(SETTINGS.replace('iexten echo ', `iexten ${echo} `));
  }
  for (const setting of [first, ...others]) {
    if (setting === 'echo' || setting === 'sane') terminal.echoes = true;
    else if (setting === '-echo') terminal.echoes = false;
  }
  return 0;
};

export const controlApplets: Readonly<Record<string, Applet>> = {
  time,
  timeout,
  nohup,
  nice,
  setsid,
  watch,
  tty,
  stty,
};
