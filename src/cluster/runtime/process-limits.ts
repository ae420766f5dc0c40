/** What a process may have of something, in the unit of it; without a number as much as there is. */
interface ProcessLimit {
  /** What `ulimit` calls it, where it can be asked for it. */
  readonly letter?: string;
  /** As in `/proc/<pid>/limits`. */
  readonly name: string;
  readonly unit: string;
  readonly soft?: number;
  /** Where it is another one. */
  readonly hard?: 'unlimited';
}

/**
 * The limits that processes of containers are started with, in the kernel's order. None of them is ever reached here.
 * https://man7.org/linux/man-pages/man5/proc_pid_limits.5.html
 */
const LIMITS: readonly ProcessLimit[] = [
  { letter: 't', name: 'Max cpu time', unit: 'seconds' },
  { letter: 'f', name: 'Max file size', unit: 'bytes' },
  { letter: 'd', name: 'Max data size', unit: 'bytes' },
  { letter: 's', name: 'Max stack size', unit: 'bytes', soft: 8_388_608, hard: 'unlimited' },
  { letter: 'c', name: 'Max core file size', unit: 'bytes' },
  { letter: 'm', name: 'Max resident set', unit: 'bytes' },
  { letter: 'u', name: 'Max processes', unit: 'processes' },
  { letter: 'n', name: 'Max open files', unit: 'files', soft: 1_048_576 },
  { letter: 'l', name: 'Max locked memory', unit: 'bytes', soft: 8_388_608 },
  { letter: 'v', name: 'Max address space', unit: 'bytes' },
  { letter: 'x', name: 'Max file locks', unit: 'locks' },
  { letter: 'i', name: 'Max pending signals', unit: 'signals', soft: 31_500 },
  { letter: 'q', name: 'Max msgqueue size', unit: 'bytes', soft: 819_200 },
  { letter: 'e', name: 'Max nice priority', unit: '', soft: 0 },
  { letter: 'r', name: 'Max realtime priority', unit: '', soft: 0 },
  { name: 'Max realtime timeout', unit: 'us' },
];

/** The one that `ulimit` knows by a letter; undefined where it has none. */
export function limitOf(letter: string): number | undefined {
  return LIMITS.find((limit) => limit.letter === letter)?.soft;
}

/** `/proc/<pid>/limits`. */
export function limitsText(): string {
  const row = (name: string, soft: string, hard: string, unit: string): string =>
    `${name.padEnd(26)}${soft.padEnd(21)}${hard.padEnd(21)}${unit.padEnd(10)}\n`;
  const rows = LIMITS.map(({ name, unit, soft, hard }) => {
    const text = String(soft ?? 'unlimited');
    return row(name, text, hard ?? text, unit);
  });
  return row('Limit', 'Soft Limit', 'Hard Limit', 'Units') + rows.join('');
}
