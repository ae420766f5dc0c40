import { FileError } from '../../../cluster/runtime/types.ts';
import type { Applet } from '../command.ts';
import { escapes } from '../common/escapes.ts';
import { errorWords, Failure, padded, UsageError } from '../errors.ts';
import type { Input } from '../streams.ts';
import { decode, encode } from '../streams.ts';
import { eachFile, eachLine } from './each-file.ts';

/** Lines, words, characters, bytes and the longest line, by the letter of the option. */
async function count(input: Input): Promise<ReadonlyMap<string, number>> {
  let [lines, words, characters, bytes, longest] = [0, 0, 0, 0, 0];
  let width = 0;
  let isInWord = false;
  const add = (text: string): void => {
    for (const [index, part] of text.split('\n').entries()) {
      if (index > 0) {
        lines++;
        width = 0;
      }
      width += part.length;
      longest = Math.max(longest, width);
    }
    for (const { index } of text.matchAll(/\S+/g)) if (index > 0 || !isInWord) words++;
    if (text !== '') isInWord = /\S$/.test(text);
    for (const _character of text) characters++;
  };
  const decoder = new TextDecoder();
  for await (const chunk of input.chunks()) {
    bytes += chunk.length;
    add(decoder.decode(chunk, { stream: true }));
  }
  add(decoder.decode());
  return new Map(Object.entries({ l: lines, w: words, m: characters, c: bytes, L: longest }));
}

const wc: Applet = async (command) => {
  const options = command.options('lwcmL');
  const letters =
    options.letters.length === 0
      ? ['l', 'w', 'c']
      : ['l', 'w', 'm', 'c', 'L'].filter((each) => options.has(each));
  const totals = new Map<string, number>();
  const isSingle = letters.length === 1 && options.operands.length <= 1;
  const show = (counts: ReadonlyMap<string, number>, name: string): void => {
    const numbers = letters.map((letter) => String(counts.get(letter) ?? 0).padStart(isSingle ? 0 : 9));
    command.print(`${numbers.join(isSingle ? '' : ' ')}${name === '-' ? '' : ` ${name}`}\n`);
  };
  const status = await eachFile(command, options.operands, async (input, name) => {
    const counts = await count(input);
    for (const [letter, value] of counts) totals.set(letter, (totals.get(letter) ?? 0) + value);
    show(counts, options.operands.length === 0 ? '-' : name);
  });
  if (options.operands.length > 1) show(totals, 'total');
  return status;
};

const tee: Applet = async (command) => {
  const options = command.options('ai');
  const { files } = command.context;
  let status = 0;
  const full = new Set<string>();
  const paths = options.operands.flatMap((name) => {
    const path = command.path(name);
    try {
      files.write(path, '', { append: options.has('a') });
      return [{ name, path }];
    } catch (error) {
      command.warn(`${name}: ${errorWords(error)}`);
      status = 1;
      return [];
    }
  });
  for (let chunk = await command.stdin.read(); chunk !== undefined; chunk = await command.stdin.read()) {
    command.print(chunk);
    for (const { name, path } of paths) {
      if (full.has(name)) continue;
      try {
        files.write(path, chunk, { append: true });
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        full.add(name);
      }
    }
    await command.work(chunk.length * (1 + paths.length));
  }
  // It goes on with the others, and looks at the end whether all has been written.
  const [failed] = full;
  if (failed !== undefined) throw new Failure(`${failed}: I/O error`);
  return status;
};

/** The ranges of `cut`: `1`, `2-`, `-3`, `4-5`, with commas. */
function ranges(list: string): readonly (readonly [from: number, to: number])[] {
  return list.split(',').map((part) => {
    const match = /^(\d*)(-?)(\d*)$/.exec(part);
    if (match === null || part === '' || part === '-') throw new Failure(`invalid range '${part}'`);
    const [, from, dash, to] = match;
    const start = from === '' || from === undefined ? 1 : Number(from);
    const end = dash === '' ? start : to === '' || to === undefined ? Infinity : Number(to);
    return [start, end] as const;
  });
}

const cut: Applet = (command) => {
  const options = command.options('b:c:f:d:sn', { 'output-delimiter': 'O' });
  const list = options.value('b') ?? options.value('c') ?? options.value('f');
  if (list === undefined) throw new Failure('expected a list of bytes, characters, or fields');
  const wanted = ranges(list);
  const isWanted = (place: number): boolean => wanted.some(([from, to]) => place >= from && place <= to);
  const delimiter = options.value('d') ?? '\t';
  return eachFile(command, options.operands, (input) =>
    eachLine(command, input, (line) => {
      if (!options.has('f')) {
        command.print(
          `${line
            .split('')
            .filter((_character, index) => isWanted(index + 1))
            .join('')}\n`,
        );
      } else if (line.includes(delimiter)) {
        const fields = line.split(delimiter).filter((_field, index) => isWanted(index + 1));
        command.print(`${fields.join(delimiter)}\n`);
      } else if (!options.has('s')) command.print(`${line}\n`);
      return true;
    }),
  );
};

const CLASSES: Readonly<Record<string, string>> = {
  digit: '0-9',
  lower: 'a-z',
  upper: 'A-Z',
  alpha: 'A-Za-z',
  alnum: '0-9A-Za-z',
  space: ' \\t\\n\\v\\f\\r',
  blank: ' \\t',
  punct: '!-/:-@[-`{-~',
  xdigit: '0-9A-Fa-f',
};

/** Characters whose translation is remembered. */
const KNOWN = 1000;

/** A set of `tr` as the characters in it. */
function characters(text: string): readonly string[] {
  const plain = text.replace(/\[:(\w+):\]/g, (whole, name: string) => CLASSES[name] ?? whole);
  const source = escapes(plain).text;
  const result: string[] = [];
  for (let index = 0; index < source.length; index++) {
    const from = source.charCodeAt(index);
    if (source.charAt(index + 1) === '-' && index + 2 < source.length) {
      const to = source.charCodeAt(index + 2);
      for (let code = from; code <= to; code++) result.push(String.fromCharCode(code));
      index += 2;
    } else result.push(source.charAt(index));
  }
  return result;
}

const tr: Applet = async (command) => {
  const options = command.options('+cCds');
  const [first, second] = options.operands;
  if (first === undefined) throw new UsageError();
  const isComplement = options.has('c') || options.has('C');
  const from = characters(first);
  const to = second === undefined ? [] : characters(second);
  const members = new Set(from);
  const isIn = (character: string): boolean => members.has(character) !== isComplement;
  const known = new Map<string, string>();
  const translate = (character: string): string => {
    if (to.length === 0 || !isIn(character)) return character;
    let translated = known.get(character);
    if (translated === undefined) {
      const place = isComplement ? to.length - 1 : Math.min(from.lastIndexOf(character), to.length - 1);
      translated = to[place] ?? character;
      if (known.size < KNOWN) known.set(character, translated);
    }
    return translated;
  };
  const squeezed = options.has('s') ? (options.has('d') || to.length > 0 ? to : undefined) : [];
  const isSqueezed = (character: string): boolean => squeezed?.includes(character) ?? isIn(character);
  let last = '';
  for (let chunk = await command.stdin.read(); chunk !== undefined; chunk = await command.stdin.read()) {
    let result = '';
    for (const character of decode(chunk)) {
      if (options.has('d') && isIn(character)) continue;
      const translated = options.has('d') ? character : translate(character);
      if (options.has('s') && translated === last && isSqueezed(translated)) continue;
      last = translated;
      result += translated;
    }
    command.print(encode(result));
    await command.work(chunk.length * 40);
  }
  return 0;
};

const rev: Applet = (command) =>
  eachFile(command, command.args, (input) =>
    eachLine(command, input, (line) => {
      command.print(`${Array.from(line).reverse().join('')}\n`);
      return true;
    }),
  );

const tac: Applet = (command) =>
  eachFile(command, command.args, async (input) => {
    const lines = decode(await input.readAll()).match(/[^\n]*\n|[^\n]+$/g) ?? [];
    command.print(lines.reverse().join(''));
  });

const nl: Applet = async (command) => {
  const options = command.options('b:w:s:v:i:n:');
  const isAll = options.value('b') === 'a';
  let number = Number(options.value('v') ?? 1);
  const width = Number(options.value('w') ?? 6);
  const separator = options.value('s') ?? '\t';
  return eachFile(command, options.operands, (input) =>
    eachLine(command, input, (line) => {
      const isNumbered = isAll || line !== '';
      const label = isNumbered
        ? `${padded(String(number), width, 'start')}${separator}`
        : padded('', width + separator.length, 'start');
      if (isNumbered) number += Number(options.value('i') ?? 1);
      command.print(`${label}${line}\n`);
      return true;
    }),
  );
};

const paste: Applet = async (command) => {
  const options = command.options('d:s');
  const delimiters = escapes(options.value('d') ?? '\t').text.split('');
  /** What stands behind cell `index` of a row. */
  const behind = (index: number, count: number): string =>
    index === count - 1 ? '\n' : (delimiters[index % delimiters.length] ?? '');
  const inputs: Input[] = [];
  const status = await eachFile(command, options.operands, async (input) => {
    if (!options.has('s')) {
      inputs.push(input);
      return;
    }
    const lines = decode(await input.readAll())
      .replace(/\n$/, '')
      .split('\n');
    command.print(lines.map((line, index) => line + behind(index, lines.length)).join(''));
  });
  for (;;) {
    const row: (string | undefined)[] = [];
    for (const input of inputs) row.push(await input.readLine());
    if (row.every((cell) => cell === undefined)) return status;
    // Nothing at all stands in place of a file that has ended, not even the end of the line.
    command.print(
      row.map((cell, index) => (cell === undefined ? '' : cell + behind(index, row.length))).join(''),
    );
    await command.work(200);
  }
};

export const columnApplets: Readonly<Record<string, Applet>> = { wc, tee, cut, tr, rev, tac, nl, paste };
