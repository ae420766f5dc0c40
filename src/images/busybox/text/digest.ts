import { createHash } from 'node:crypto';
import type { Applet } from '../command.ts';
import { errorWords, Failure } from '../errors.ts';
import { joinBytes } from '../streams.ts';

/** `md5sum` and its kin. */
const sumBy =
  (algorithm: string): Applet =>
  async (command) => {
    const options = command.options('csw', { check: 'c' });
    const names = options.operands.length === 0 ? ['-'] : options.operands;
    let status = 0;
    const sum = async (name: string): Promise<string | undefined> => {
      try {
        const hash = createHash(algorithm);
        for await (const chunk of command.open(name).chunks()) hash.update(chunk);
        return hash.digest('hex');
      } catch (error) {
        command.warn(`can't open '${name}': ${errorWords(error)}`);
        status = 1;
        return undefined;
      }
    };
    for (const name of names) {
      if (!options.has('c')) {
        const digest = await sum(name);
        if (digest !== undefined) command.print(`${digest}  ${name}\n`);
        continue;
      }
      let failed = 0;
      const lines = (await command.readText(name)).split('\n').filter((line) => line !== '');
      for (const line of lines) {
        const [, expected, file = ''] = /^(\w+) [ *](.*)$/.exec(line) ?? [];
        const isGood = (await sum(file)) === expected;
        if (!isGood) failed++;
        if (!options.has('s')) command.print(`${file}: ${isGood ? 'OK' : 'FAILED'}\n`);
      }
      if (failed > 0) {
        status = 1;
        if (!options.has('s'))
          command.warn(`WARNING: ${failed} of ${lines.length} computed checksums did NOT match`);
      }
    }
    return status;
  };

const base64: Applet = async (command) => {
  const options = command.options('dw:', { decode: 'd', wrap: 'w' });
  const input = command.mustOpen(options.operands[0] ?? '-');
  if (options.has('d')) {
    let rest = '';
    for await (const chunk of input.chunks()) {
      const text = rest + Buffer.from(chunk).toString('latin1').replace(/\s/g, '');
      if (/[^A-Za-z0-9+/=]/.test(text)) throw new Failure('truncated input');
      const whole = text.length - (text.length % 4);
      command.print(Uint8Array.from(Buffer.from(text.slice(0, whole), 'base64')));
      rest = text.slice(whole);
    }
    command.print(Uint8Array.from(Buffer.from(rest, 'base64')));
    return 0;
  }
  const width = Number(options.value('w') ?? 76);
  let column = 0;
  const write = (bytes: Uint8Array): void => {
    const text = Buffer.from(bytes).toString('base64');
    const pieces: string[] = [];
    for (let start = 0; start < text.length;) {
      if (width > 0 && column === width) {
        pieces.push('\n');
        column = 0;
      }
      const piece = text.slice(start, width > 0 ? start + width - column : undefined);
      pieces.push(piece);
      column += piece.length;
      start += piece.length;
    }
    command.print(pieces.join(''));
  };
  let rest: Uint8Array = new Uint8Array();
  for await (const chunk of input.chunks()) {
    const bytes = joinBytes([rest, chunk]);
    const whole = bytes.length - (bytes.length % 3);
    write(bytes.subarray(0, whole));
    rest = bytes.slice(whole);
    await command.work(4 * chunk.length);
  }
  write(rest);
  if (column > 0 && width > 0) command.print('\n');
  return 0;
};

export const digestApplets: Readonly<Record<string, Applet>> = {
  md5sum: sumBy('md5'),
  sha1sum: sumBy('sha1'),
  sha256sum: sumBy('sha256'),
  sha512sum: sumBy('sha512'),
  base64,
};
