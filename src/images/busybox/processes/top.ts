import type { ProcessInfo, ProgramContext } from '../../../cluster/runtime/types.ts';
import type { Applet, Command } from '../command.ts';
import { sizeText } from '../common/describe.ts';
import { type Terminal, terminalOf } from '../terminal/terminal.ts';

/** Which line of a frame has the titles of the columns. */
const TITLES = 3;
/** q, Q and Ctrl-C. */
const QUITS: ReadonlySet<number> = new Set([0x71, 0x51, 0x03]);

interface Memory {
  readonly total: number;
  readonly free: number;
}

/** Kilobytes of the node, as /proc/meminfo has them. */
function memoryOf(command: Command): Memory {
  const text = command.context.files.readText('/proc/meminfo');
  const value = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  return { total: value('MemTotal'), free: value('MemFree') };
}

const free: Applet = (command) => {
  const options = command.options('bkmgh');
  const { total, free: left } = memoryOf(command);
  const unit = options.has('m') ? 1024 : options.has('g') ? 1024 ** 2 : options.has('b') ? 1 / 1024 : 1;
  const cell = (kilobytes: number): string =>
    (options.has('h') ? sizeText(kilobytes * 1024) : String(Math.floor(kilobytes / unit))).padStart(12);
  command.print(
    '              total        used        free      shared  buff/cache   available\n' +
      `Mem:    ${[total, total - left, left, 0, 0, left].map(cell).join('')}\n`.replace(
        'Mem:    ',
        'Mem:   ',
      ) +
      `Swap:  ${[0, 0, 0].map(cell).join('')}\n`,
  );
  return 0;
};

const top: Applet = async (command) => {
  const options = command.options('bn:d:m');
  const rounds = Number(options.value('n') ?? Infinity);
  const seconds = Number(options.value('d') ?? 5);
  const { context } = command;
  const terminal = options.has('b') ? undefined : terminalOf(context.stdout);
  let before = new Map<number, number>();
  let since = context.clock.now();
  const rounding = async (): Promise<void> => {
    const quits = terminal === undefined ? undefined : quitKey(context, terminal);
    for (let round = 0; round < rounds; round++) {
      const elapsed = Math.max(1, context.clock.now() - since);
      if (!options.has('b')) command.print('\x1b[H\x1b[J');
      const processes = context.processes.list();
      const lines = frame(command, processes, before, round === 0 ? Infinity : elapsed);
      if (terminal === undefined) command.print(`${lines.join('\n')}\n`);
      else command.print(onScreen(lines, terminal.size.rows));
      before = new Map(processes.map(({ pid, cpu }) => [pid, cpu]));
      since = context.clock.now();
      if (round + 1 >= rounds) return;
      const time = context.clock.sleep(seconds * 1000);
      if ((await (quits === undefined ? time : Promise.race([time, quits]))) === true) return;
    }
  };
  if (terminal === undefined) await rounding();
  else {
    await terminal.raw(rounding);
    command.print('\n');
  }
  return 0;
};

/** As many lines as there is room for, the titles the other way round. */
function onScreen(lines: readonly string[], rows: number): string {
  const shown = lines.slice(0, rows - 1);
  return shown.map((line, index) => (index === TITLES ? `\x1b[7m${line}\x1b[m` : line)).join('\n');
}

/** Is there when a key ends it. */
async function quitKey(context: ProgramContext, terminal: Terminal): Promise<true> {
  for (;;) {
    const keys = await terminal.read(context);
    if (keys === undefined || keys.some((key) => QUITS.has(key))) return true;
  }
}

/** @param elapsed milliseconds since `before` was taken */
function frame(
  command: Command,
  processes: readonly ProcessInfo[],
  before: ReadonlyMap<number, number>,
  elapsed: number,
): readonly string[] {
  const { files } = command.context;
  const memory = memoryOf(command);
  const cores = files.readText('/proc/cpuinfo').match(/^processor/gm)?.length ?? 1;
  const share = ({ pid, cpu }: ProcessInfo): number =>
    Math.min(100, ((cpu - (before.get(pid) ?? cpu)) / (elapsed * 1000) / cores) * 100);
  const busy = Math.min(100, Math.round(processes.reduce((sum, each) => sum + share(each), 0)));
  const percent = (value: number): string => `${String(Math.round(value)).padStart(3)}%`;
  const rows = processes
    .toSorted((a, b) => share(b) - share(a) || b.memory - a.memory)
    .map((each) => {
      const kilobytes = Math.ceil(each.memory / 1024);
      const cells = [
        String(each.pid).padStart(5),
        String(each.parent).padStart(5),
        each.user.padEnd(8),
        each.state.padEnd(4),
        String(kilobytes).padStart(5),
        percent((kilobytes * 100) / memory.total),
        '  0',
        percent(share(each)),
        each.command.join(' '),
      ];
      return cells.join(' ').slice(0, (command.context.tty?.columns ?? 80) - 1);
    });
  return [
    `Mem: ${memory.total - memory.free}K used, ${memory.free}K free, 0K shrd, 0K buff, 0K cached`,
    `CPU: ${percent(busy)} usr   0% sys   0% nic ${percent(100 - busy)} idle   0% io   0% irq   0% sirq`,
    `Load average: ${files.readText('/proc/loadavg').trim()}`,
    '  PID  PPID USER     STAT   VSZ %VSZ CPU %CPU COMMAND',
    ...rows,
  ];
}

export const topApplets: Readonly<Record<string, Applet>> = { free, top };
