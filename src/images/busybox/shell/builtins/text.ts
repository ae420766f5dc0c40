import { echoText } from '../../common/echo.ts';
import { printfText } from '../../common/printf.ts';
import { evaluateTest, TestError } from '../../common/test.ts';
import { terminalOf } from '../../terminal/terminal.ts';
import { decode } from '../../streams.ts';
import { ShellError } from '../control.ts';
import type { Shell } from '../shell.ts';
import type { Builtin } from './types.ts';

/** What the applets that are builtins as well call themselves. */
const complain = (shell: Shell, message: string): void => shell.say(`sh: ${message}\n`);

const echo: Builtin = (shell, args) => {
  const text = echoText(args);
  if (text !== '') shell.print(text);
  return 0;
};

const printf: Builtin = (shell, args) => {
  const [format, ...rest] = args[0] === '--' ? args.slice(1) : args;
  if (format === undefined) {
    complain(shell, 'usage: printf FORMAT [ARGUMENT...]');
    return 2;
  }
  const { text, problems } = printfText(format, rest);
  for (const problem of problems) complain(shell, problem);
  if (text !== '') shell.print(text);
  return problems.length === 0 ? 0 : 1;
};

const test: Builtin = (shell, args, name) => {
  const isBracket = name !== 'test';
  const closing = name === '[[' ? ']]' : ']';
  if (isBracket && args.at(-1) !== closing) {
    complain(shell, `missing ${closing}`);
    return 2;
  }
  const host = {
    files: shell.files,
    user: shell.context.user,
    path: (path: string) => shell.path(path),
    isTerminal: (fd: number) => isTerminal(shell, fd),
  };
  try {
    return evaluateTest(host, isBracket ? args.slice(0, -1) : args, name === '[[') ? 0 : 1;
  } catch (error) {
    if (!(error instanceof TestError)) throw error;
    complain(shell, error.message);
    return 2;
  }
};

export function isTerminal(shell: Shell, fd: number): boolean {
  const descriptor = shell.descriptors.get(fd);
  const stream = descriptor?.input?.forChild() ?? descriptor?.output;
  return stream !== undefined && terminalOf(stream) !== undefined;
}

interface ReadOptions {
  readonly isRaw: boolean;
  readonly isSilent: boolean;
  readonly prompt: string;
  readonly seconds: number | undefined;
  readonly characters: number | undefined;
  readonly delimiter: number;
  readonly names: readonly string[];
}

function readOptions(args: readonly string[]): ReadOptions {
  const queue = [...args];
  let isRaw = false;
  let isSilent = false;
  let prompt = '';
  let seconds: number | undefined;
  let characters: number | undefined;
  let delimiter = 0x0a;
  while (/^-./.test(queue[0] ?? '')) {
    const option = queue.shift() ?? '';
    if (option === '--') break;
    for (const [index, letter] of option.slice(1).split('').entries()) {
      if (letter === 'r') isRaw = true;
      if (letter === 's') isSilent = true;
      if (letter === 'r' || letter === 's') continue;
      const attached = option.slice(index + 2);
      const value = attached === '' ? queue.shift() : attached;
      if (value === undefined) throw new ShellError(`no arg for -${letter} option`);
      if (letter === 'p') prompt = value;
      else if (letter === 't') seconds = Number(value);
      else if (letter === 'n') characters = Number(value);
      else if (letter === 'd') delimiter = value === '' ? 0 : value.charCodeAt(0);
      else throw new ShellError(`illegal option -${letter}`);
      break;
    }
  }
  return { isRaw, isSilent, prompt, seconds, characters, delimiter, names: queue };
}

const read: Builtin = async (shell, args) => {
  const options = readOptions(args);
  const wrong = options.names.find((name) => !/^[A-Za-z_]\w*$/.test(name));
  if (wrong !== undefined) {
    complain(shell, `read: '${wrong}': bad variable name`);
    return 1;
  }
  if (options.prompt !== '' && isTerminal(shell, 0)) shell.say(options.prompt);
  const line = await atTerminal(shell, options, () => readLogicalLine(shell, options));
  if (line === 'timeout') {
    for (const name of options.names) shell.set(name, '');
    return 1;
  }
  assignFields(shell, line.text, options);
  return line.isComplete ? 0 : 1;
};

/** Without an echo, or key by key, for as long as it takes. */
async function atTerminal<T>(
  shell: Shell,
  { isSilent, characters }: ReadOptions,
  reading: () => Promise<T>,
): Promise<T> {
  const terminal = isTerminal(shell, 0) ? shell.terminal : undefined;
  if (terminal === undefined) return reading();
  const { echoes } = terminal;
  terminal.echoes &&= !isSilent;
  try {
    return await (characters === undefined ? reading() : terminal.raw(reading));
  } finally {
    terminal.echoes = echoes;
  }
}

/** A line, with what backslashes join to it. */
async function readLogicalLine(
  shell: Shell,
  options: ReadOptions,
): Promise<{ readonly text: string; readonly isComplete: boolean } | 'timeout'> {
  let text = '';
  const end = String.fromCharCode(options.delimiter);
  for (;;) {
    const next = readPart(shell, options);
    const bytes =
      options.seconds === undefined
        ? await next
        : await Promise.race([
            next,
            shell.context.clock.sleep(options.seconds * 1000).then(() => 'timeout' as const),
          ]);
    if (bytes === 'timeout') return 'timeout';
    if (bytes === undefined) return { text, isComplete: false };
    const part = decode(bytes);
    const isComplete = part.endsWith(end) || options.characters !== undefined;
    text += part.endsWith(end) ? part.slice(0, -1) : part;
    if (!options.isRaw && isComplete && /(^|[^\\])(\\\\)*\\$/.test(text)) {
      text = text.slice(0, -1);
      continue;
    }
    return { text, isComplete };
  }
}

async function readPart(shell: Shell, options: ReadOptions): Promise<Uint8Array | undefined> {
  if (options.characters === undefined) return shell.stdin.readUntil(options.delimiter);
  const bytes = await shell.stdin.read();
  if (bytes === undefined) return undefined;
  shell.stdin.unread(bytes.subarray(options.characters));
  const read = bytes.subarray(0, options.characters);
  // A raw terminal shows nothing by itself.
  if (shell.terminal?.isRaw === true && shell.terminal.echoes) shell.say(decode(read));
  return read;
}

function assignFields(shell: Shell, line: string, options: ReadOptions): void {
  const unescaped = (text: string): string => (options.isRaw ? text : text.replace(/\\([^])/g, '$1'));
  const [only = 'REPLY', ...others] = options.names;
  if (options.names.length === 0) {
    shell.set(only, unescaped(line));
    return;
  }
  const separators = shell.variables.get('IFS') ?? ' \t\n';
  const isSeparator = (character: string): boolean => character !== '' && separators.includes(character);
  const isBlank = (character: string): boolean => ' \t\n'.includes(character) && isSeparator(character);
  let index = 0;
  const skipBlanks = (): void => {
    while (index < line.length && isBlank(line.charAt(index))) index++;
  };
  skipBlanks();
  for (const name of [only, ...others].slice(0, -1)) {
    let field = '';
    while (index < line.length && !isSeparator(line.charAt(index))) {
      if (line.charAt(index) === '\\' && !options.isRaw) field += line.charAt(index++);
      field += line.charAt(index++);
    }
    shell.set(name, unescaped(field));
    skipBlanks();
    if (isSeparator(line.charAt(index))) index++;
    skipBlanks();
  }
  let rest = line.slice(index);
  while (rest !== '' && isBlank(rest.charAt(rest.length - 1)) && !rest.endsWith('\\ '))
    rest = rest.slice(0, -1);
  const ending = rest.charAt(rest.length - 1);
  const inner = rest.slice(0, -1).split('').some(isSeparator);
  if (isSeparator(ending) && !isBlank(ending) && !inner) rest = rest.slice(0, -1);
  shell.set([only, ...others].at(-1) ?? only, unescaped(rest));
}

export const text: Readonly<Record<string, Builtin>> = { echo, printf, test, '[': test, '[[': test, read };
