import { errorWords, Failure, UsageError } from '../errors.ts';
import type { Applet } from '../command.ts';
import { cat } from '../files/cat.ts';
import { toBytes } from '../terminal/bytes.ts';
import { Interrupted, Keys } from '../terminal/keys.ts';
import { terminalOf } from '../terminal/terminal.ts';
import { Pager } from './pager.ts';

/** Ended by Ctrl-C. */
const INTERRUPTED = 130;

/** Shows files forwards and backwards, where there is a terminal. */
export const less: Applet = async (command) => {
  const options = command.options('EFIMmNSRh~');
  const terminal = terminalOf(command.context.stdout);
  if (options.operands.length === 0 && terminalOf(command.context.stdin) !== undefined)
    throw new UsageError();
  if (terminal === undefined) return cat(command.withArgs(options.operands));
  const keys = new Keys(() => terminal.read(command.context));
  const names = options.operands.length === 0 ? ['-'] : options.operands;
  const pager = new Pager({ command, terminal, keys, names, options });
  try {
    pager.open(0);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`can't open '${names[0]}': ${errorWords(error)}`);
  }
  return terminal.raw(async () => {
    try {
      await pager.run();
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      command.print('\n');
      return INTERRUPTED;
    }
    if (keys.rest !== '') terminal.unread(toBytes(keys.rest));
    return 0;
  });
};
