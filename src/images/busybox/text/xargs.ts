import type { Applet, Command } from '../command.ts';
import { Failure, UsageError } from '../errors.ts';
import { decode } from '../streams.ts';

/** Words of `xargs`: blanks separate, quotes and backslashes hold together. */
function wordsOf(text: string): readonly string[] {
  const [quote] = /["']/.exec(text.replace(/"[^"]*"|'[^']*'|\\[^]/g, '')) ?? [];
  if (quote !== undefined) throw new Failure(`unmatched ${quote === '"' ? 'double' : 'single'} quote`);
  const words: string[] = [];
  for (const [word] of text.matchAll(/(?:"[^"]*"|'[^']*'|\\[^]|[^\s"'\\])+/g)) {
    words.push(word.replace(/"([^"]*)"|'([^']*)'|\\([^])/g, '$1$2$3'));
  }
  return words;
}

function itemsOf(text: string, isNull: boolean, isByLine: boolean): readonly string[] {
  if (isNull)
    return text
      .replace(/\0$/, '')
      .split('\0')
      .filter((item) => item !== '');
  if (!isByLine) return wordsOf(text);
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** Characters of a command that busybox puts together at most, where `-s` does not say fewer. */
const LONGEST = 32 * 1024;

export const xargs: Applet = async (command) => {
  const options = command.options('+0rtpn:s:I:P:E:xa:', { 'no-run-if-empty': 'r', null: '0' });
  const text = decode(await command.stdin.readAll());
  const replaced = options.value('I');
  const template = options.operands.length === 0 ? ['echo'] : options.operands;
  const items = itemsOf(text, options.has('0'), replaced !== undefined);
  if (items.length === 0 && (options.has('r') || replaced !== undefined)) return 0;
  const size = replaced === undefined ? Number(options.value('n') ?? Math.max(1, items.length)) : 1;
  if (!(size > 0)) throw new UsageError();
  let status = 0;
  const room = LONGEST - template.reduce((sum, argument) => sum + argument.length + 1, 0);
  for (let index = 0; index === 0 || index < items.length;) {
    const batch = items.slice(index, batchEnd(items, index, size, room));
    index += Math.max(1, batch.length);
    const args =
      replaced === undefined
        ? [...template, ...batch]
        : template.map((argument) => argument.replaceAll(replaced, batch[0] ?? ''));
    if (options.has('t')) command.context.stderr.write(`${args.join(' ')}\n`);
    const code = await command.run(args, { words: args[0] ?? '' });
    const end = endAfter(command, args[0] ?? '', code);
    if (end !== undefined) return end;
    if (code !== 0) status = 123;
  }
  return status;
};

/** Up to where the arguments fit on one line. */
function batchEnd(items: readonly string[], start: number, size: number, room: number): number {
  let end = start;
  for (let left = room; end < items.length && end - start < size; end++) {
    left -= (items[end]?.length ?? 0) + 1;
    if (left < 0 && end > start) break;
  }
  return Math.max(end, start + 1);
}

/** The exit code where nothing more is run after a command that ended with `code`. */
function endAfter(command: Command, name: string, code: number): number | undefined {
  if (code === 126 || code === 127) return code;
  if (code !== 255) return undefined;
  command.warn(`${name}: exited with status 255; aborting`);
  return 124;
}
