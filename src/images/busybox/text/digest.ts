import { createHash } from 'node:crypto';
import type { Applet } from '../command.ts';
import { errorWords, Failure } from '../errors.ts';

/** `md5sum` and its kin. */
const sumBy =
  (algorithm: string): Applet =>
  async (command) => {
    const options = command.options('csw', { check: 'c' });
    const names = options.operands.length === 0 ? ['-'] : options.operands;
    let status = 0;
    const sum = async (name: string): Promise<string | undefined> => {
      try {
        const bytes = await command.open(name).readAll();
        return createHash(algorithm).update(bytes).digest('hex');
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
  const bytes = await command.read(options.operands[0] ?? '-');
  if (options.has('d')) {
    const text = Buffer.from(bytes).toString('latin1').replace(/\s/g, '');
    if (/[^A-Za-z0-9+/=]/.test(text)) throw new Failure('truncated input');
    command.print(Uint8Array.from(Buffer.from(text, 'base64')));
    return 0;
  }
  const text = Buffer.from(bytes).toString('base64');
  const width = Number(options.value('w') ?? 76);
  const lines = width === 0 ? text : text.replace(new RegExp(`.{${width}}(?=.)`, 'g'), '$&\n');
  command.print(text === '' ? '' : `${lines}${width === 0 ? '' : '\n'}`);
  return 0;
};

export const digestApplets: Readonly<Record<string, Applet>> = {
  md5sum: sumBy('md5'),
  sha1sum: sumBy('sha1'),
  sha256sum: sumBy('sha256'),
  sha512sum: sumBy('sha512'),
  base64,
};
