import type { Signal } from '../../../cluster/runtime/types.ts';

/** Signals that can be trapped, by number. */
export const SIGNALS: Readonly<Record<string, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  TRAP: 5,
  ABRT: 6,
  BUS: 7,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  STKFLT: 16,
  CHLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  TTIN: 21,
  TTOU: 22,
  URG: 23,
  XCPU: 24,
  XFSZ: 25,
  VTALRM: 26,
  PROF: 27,
  WINCH: 28,
  POLL: 29,
  PWR: 30,
  SYS: 31,
};

const DELIVERED: ReadonlySet<string> = new Set<Signal>([
  'SIGTERM',
  'SIGKILL',
  'SIGINT',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGPIPE',
  'SIGCONT',
  'SIGSTOP',
  'SIGTSTP',
  'SIGWINCH',
]);

/** `TERM`, `SIGTERM`, `term` or `15` as `TERM`; undefined where there is no such signal. */
export function signalName(text: string): string | undefined {
  if (/^\d+$/.test(text)) {
    const number = Number(text);
    return Object.keys(SIGNALS).find((name) => SIGNALS[name] === number);
  }
  const name = text.toUpperCase().replace(/^SIG/, '');
  return name in SIGNALS ? name : undefined;
}

/** The signal for the runtime, which knows the ones that matter; undefined for the others. */
export function runtimeSignal(name: string): Signal | undefined {
  const signal = `SIG${name}`;
  return DELIVERED.has(signal) ? (signal as Signal) : undefined;
}
