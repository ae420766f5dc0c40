import type { Signal } from './types.ts';

const NUMBERS: Readonly<Record<Signal, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGTERM: 15,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGWINCH: 28,
};

/** The exit code that a shell and the kubelet show for a process that `signal` ended. */
export function exitCodeOf(signal: Signal): number {
  return 128 + NUMBERS[signal];
}

/** Linux ignores it where a process has no handler for it. */
export function isIgnoredByDefault(signal: Signal): boolean {
  return signal === 'SIGWINCH' || signal === 'SIGCONT';
}

/** Linux stops the process; there is no handler for SIGSTOP. */
export function stopsByDefault(signal: Signal): boolean {
  return signal === 'SIGSTOP' || signal === 'SIGTSTP';
}
