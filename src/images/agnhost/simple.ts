import { FileError, type ProgramContext, type Signal } from '../../cluster/runtime/types.ts';
import type { Subcommand } from './agnhost.ts';

/** Prints the whole argument vector, the name it was called by included. */
export const entrypointTester: Subcommand = (context) => {
  context.stdout.write(`[${context.args.join(' ')}]\n`);
  return 0;
};

export const noNewPrivileges: Subcommand = (context) => {
  context.stdout.write(`Effective uid: ${context.user.uid}\n`);
  return 0;
};

/** Waits for a signal and says in the termination message which it was. */
export const pause: Subcommand = async (context) => {
  context.stdout.write('Paused\nSignals registered\n');
  const signal = await nextSignal(context, ['SIGINT', 'SIGTERM']);
  const message = `exiting because of signal "${signal === 'SIGINT' ? 'interrupt' : 'terminated'}"\n`;
  const path = context.env['TERMINATION_MESSAGE_PATH'] ?? '';
  try {
    context.files.write(path === '' ? '/dev/termination-log' : path, message);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
  }
  context.stdout.write(message);
  return signal === 'SIGINT' ? 1 : 2;
};

/** The next of these signals. */
export function nextSignal(context: ProgramContext, signals: readonly Signal[]): Promise<Signal> {
  const next = context.deferred<Signal>();
  for (const signal of signals) context.onSignal(signal, () => next.resolve(signal));
  return next.promise;
}

/** A promise of the simulation that never settles: a server that runs until it is killed. */
export function forever(context: ProgramContext): Promise<number> {
  return context.deferred<number>().promise;
}
