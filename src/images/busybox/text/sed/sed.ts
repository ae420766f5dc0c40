import { boundedRegex } from '../../common/bounded-regex.ts';
import type { Applet, Command } from '../../command.ts';
import { errorWords, Failure, limited, LONGEST_TEXT, outOfMemory, UsageError } from '../../errors.ts';
import { decode, MOST_KEPT } from '../../streams.ts';
import type { Address, SedCommand, Substitution } from './script.ts';
import { parseSed } from './script.ts';

/** How much more it takes to replace a character than to copy it. */
const SUBSTITUTED = 20;

/** Steps without a new line after which a script is taken to loop for ever: it pays for them then. */
const STEPS_AT_ONCE = 1000;

/** `sed`: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/sed.html */
export const sed: Applet = async (command) => {
  const options = command.options('i::rEne:f:sz', {
    'in-place': 'i',
    'regexp-extended': 'r',
    quiet: 'n',
    silent: 'n',
    expression: 'e',
    file: 'f',
  });
  let scripts = [...options.values('e')];
  for (const file of options.values('f')) scripts.push((await command.readText(file)).replace(/\n$/, ''));
  let operands = options.operands;
  if (scripts.length === 0) {
    const [first, ...rest] = operands;
    if (first === undefined) throw new UsageError();
    scripts = [first];
    operands = rest;
  }
  const commands = parseSed(scripts.join('\n'), options.has('r') || options.has('E'));
  const settings = { isQuiet: options.has('n') || scripts[0]?.startsWith('#n\n') === true };
  if (!options.has('i')) return editStream(command, commands, settings, operands);
  let status = 0;
  for (const name of operands)
    status = Math.max(status, await editInPlace(command, commands, settings, name, options.value('i')));
  return status;
};

interface Settings {
  readonly isQuiet: boolean;
}

async function editStream(
  command: Command,
  commands: readonly SedCommand[],
  settings: Settings,
  operands: readonly string[],
): Promise<number> {
  let status = 0;
  const names = operands.length === 0 ? ['-'] : [...operands];
  const next = async function* (): AsyncGenerator<string, void> {
    for (const name of names) {
      try {
        const input = command.open(name);
        for (let line = await input.readUntil(); line !== undefined; line = await input.readUntil()) {
          yield decode(line);
        }
      } catch (error) {
        command.warn(`${name}: ${errorWords(error)}`);
        status = 1;
      }
    }
  };
  const editor = new Editor(command, commands, settings, next(), (text) => command.print(text));
  await editor.run();
  return status;
}

async function editInPlace(
  command: Command,
  commands: readonly SedCommand[],
  settings: Settings,
  name: string,
  suffix: string | undefined,
): Promise<number> {
  let text: string;
  try {
    text = decode(command.context.files.read(command.path(name)));
  } catch (error) {
    command.warn(`${name}: ${errorWords(error)}`);
    return 1;
  }
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  let result = '';
  const next = async function* (): AsyncGenerator<string, void> {
    await Promise.resolve();
    yield* lines;
  };
  await new Editor(command, commands, settings, next(), (part) => {
    command.owe(part.length);
    if (result.length + part.length > MOST_KEPT) outOfMemory();
    result += part;
  }).run();
  const { files } = command.context;
  try {
    if (suffix !== undefined) files.write(command.path(`${name}${suffix}`), text);
    files.write(command.path(name), result);
  } catch (error) {
    throw new Failure(`can't create temp file '${name}XXXXXX': ${errorWords(error)}`);
  }
  return 0;
}

/** What a command says about how to go on. */
type Outcome = 'next' | 'end-cycle' | 'restart' | 'quit' | { readonly jump: number };

class Editor {
  readonly #command: Command;
  readonly #commands: readonly SedCommand[];
  readonly #isQuiet: boolean;
  readonly #lines: AsyncGenerator<string, void>;
  readonly #write: (text: string) => void;
  readonly #active = new Map<SedCommand, number>();
  #pattern = '';
  #hold = '';
  #line = 0;
  #ahead: string | undefined;
  #hasNewline = true;
  #appended: string[] = [];
  #appendedSize = 0;
  #hasSubstituted = false;
  #lastRegex: RegExp | undefined;
  #work = 0;

  constructor(
    command: Command,
    commands: readonly SedCommand[],
    settings: Settings,
    lines: AsyncGenerator<string, void>,
    write: (text: string) => void,
  ) {
    this.#command = command;
    this.#commands = commands;
    this.#isQuiet = settings.isQuiet;
    this.#lines = lines;
    let endsLine = true;
    this.#write = (text) => {
      if (text === '') return;
      // The last line of a file may have no end; whatever comes behind it begins a new one.
      write(endsLine ? text : `\n${text}`);
      endsLine = text.endsWith('\n');
    };
  }

  async run(): Promise<void> {
    this.#ahead = await this.#fetch();
    while (await this.#advance()) if ((await this.#cycle()) === 'quit') return;
  }

  async #fetch(): Promise<string | undefined> {
    const next: IteratorResult<string, void> = await this.#lines.next();
    return next.done === true ? undefined : next.value;
  }

  /** The next line into the pattern space. */
  async #advance(): Promise<boolean> {
    const line = this.#ahead;
    if (line === undefined) return false;
    this.#ahead = await this.#fetch();
    this.#hasNewline = line.endsWith('\n');
    this.#pattern = limited(line.replace(/\n$/, ''));
    this.#line++;
    this.#work += line.length + 50;
    if (this.#work > 8192) {
      await this.#command.work(this.#work * 20);
      this.#work = 0;
    }
    return true;
  }

  async #cycle(): Promise<'next' | 'quit'> {
    let steps = 0;
    for (let index = 0; index < this.#commands.length; index++) {
      const command = this.#commands[index];
      if (command === undefined) break;
      if (++steps % STEPS_AT_ONCE === 0) await this.#command.context.cpu.spend(1000);
      // What is done to a long line takes longer.
      this.#command.owe(this.#pattern.length);
      await this.#command.breathe();
      if (!this.#applies(command)) {
        if (command.letter === '{') index = (command.end ?? index + 1) - 1;
        continue;
      }
      const outcome = await this.#execute(command);
      if (outcome === 'next') continue;
      if (outcome === 'restart') index = -1;
      else if (outcome === 'end-cycle') {
        this.#flush();
        return 'next';
      } else if (outcome === 'quit') {
        this.#flush();
        return 'quit';
      } else index = outcome.jump;
    }
    if (!this.#isQuiet) this.#print(this.#pattern);
    this.#flush();
    return 'next';
  }

  #print(text: string): void {
    this.#write(this.#hasNewline ? `${text}\n` : text);
  }

  #flush(): void {
    for (const text of this.#appended.splice(0)) this.#write(text);
    this.#appendedSize = 0;
  }

  /** Keeps text for the end of the cycle. @throws Failure */
  #append(text: string): void {
    this.#appendedSize += text.length + 16;
    if (this.#appendedSize > LONGEST_TEXT) outOfMemory();
    this.#appended.push(text);
  }

  #applies(command: SedCommand): boolean {
    const [first, second] = command.addresses;
    const isIn =
      first === undefined
        ? true
        : second === undefined
          ? this.#matches(first)
          : this.#isInRange(command, first, second);
    return isIn !== command.isNegated;
  }

  #matches(address: Address): boolean {
    switch (address.kind) {
      case 'line':
        return this.#line === address.line;
      case 'last':
        return this.#ahead === undefined;
      case 'offset':
        return false;
      case 'regex':
        return this.#regexOf(address.regex).test(this.#pattern);
    }
  }

  /** The line on which an open range closes is kept; -1 where that is up to its second address. */
  #isInRange(command: SedCommand, first: Address, second: Address): boolean {
    const until = this.#active.get(command);
    if (until === undefined) {
      const startsAtZero = first.kind === 'line' && first.line === 0;
      if (!startsAtZero && !this.#matches(first)) return false;
      if (second.kind === 'line' && second.line <= this.#line) return true;
      const end =
        second.kind === 'line' ? second.line : second.kind === 'offset' ? this.#line + second.lines : -1;
      if (end !== this.#line && !(startsAtZero && this.#matches(second))) this.#active.set(command, end);
      return true;
    }
    const isOver = until === -1 ? this.#matches(second) : this.#line >= until;
    if (isOver) this.#active.delete(command);
    return until === -1 || this.#line <= until;
  }

  #regexOf(regex: RegExp | undefined): RegExp {
    const found = regex ?? this.#lastRegex;
    if (found === undefined) throw new Failure('no previous regexp');
    this.#lastRegex = found;
    return found;
  }

  async #execute(command: SedCommand): Promise<Outcome> {
    switch (command.letter) {
      case 'n':
        if (this.#ahead === undefined) return this.#quitAfterPrinting();
        if (!this.#isQuiet) this.#print(this.#pattern);
        this.#flush();
        await this.#advance();
        return 'next';
      case 'N': {
        if (this.#ahead === undefined) return this.#quitAfterPrinting();
        const before = this.#pattern;
        await this.#advance();
        this.#pattern = limited(`${before}\n${this.#pattern}`);
        return 'next';
      }
      case 's':
        if (command.substitution !== undefined) this.#substitute(command.substitution);
        return 'next';
      case 'b':
        return this.#jump(command.text);
      case 't':
      case 'T': {
        const isTaken = this.#hasSubstituted === (command.letter === 't');
        this.#hasSubstituted = false;
        return isTaken ? this.#jump(command.text) : 'next';
      }
      case 'q':
        return this.#quitAfterPrinting();
      case 'Q':
        return 'quit';
      default:
        return this.#change(command);
    }
  }

  #quitAfterPrinting(): Outcome {
    if (!this.#isQuiet) this.#print(this.#pattern);
    return 'quit';
  }

  #jump(label: string): Outcome {
    if (label === '') return { jump: this.#commands.length };
    const target = this.#commands.findIndex(({ letter, text }) => letter === ':' && text === label);
    if (target < 0) throw new Failure(`can't find label for jump to '${label}'`);
    return { jump: target };
  }

  /** Commands that change the spaces or print. */
  #change(command: SedCommand): Outcome {
    const { text } = command;
    switch (command.letter) {
      case 'd':
        return 'end-cycle';
      case 'D': {
        const end = this.#pattern.indexOf('\n');
        if (end < 0) return 'end-cycle';
        this.#pattern = this.#pattern.slice(end + 1);
        return 'restart';
      }
      case 'p':
        this.#print(this.#pattern);
        break;
      case 'P':
        this.#write(`${this.#pattern.split('\n')[0] ?? ''}\n`);
        break;
      case '=':
        this.#write(`${this.#line}\n`);
        break;
      case 'a':
        this.#append(`${text}\n`);
        break;
      case 'i':
        this.#write(`${text}\n`);
        break;
      case 'c':
        if (!this.#active.has(command) || command.isNegated) this.#write(`${text}\n`);
        return 'end-cycle';
      case 'r':
        this.#append(this.#contentOf(text));
        break;
      case 'w':
        this.#saveTo(text, `${this.#pattern}\n`);
        break;
      case 'l':
        this.#write(`${JSON.stringify(this.#pattern).slice(1, -1)}$\n`);
        break;
      case 'y':
        this.#pattern = this.#pattern
          .split('')
          .map((character) => command.map?.get(character) ?? character)
          .join('');
        break;
      default:
        this.#exchange(command.letter);
    }
    return 'next';
  }

  #exchange(letter: string): void {
    if (letter === 'g') this.#pattern = this.#hold;
    else if (letter === 'G') {
      this.#pattern = limited(`${this.#pattern}\n${this.#hold}`);
      this.#hasNewline = true;
    } else if (letter === 'h') this.#hold = this.#pattern;
    else if (letter === 'H') this.#hold = limited(`${this.#hold}\n${this.#pattern}`);
    else if (letter === 'x') [this.#pattern, this.#hold] = [this.#hold, this.#pattern];
  }

  #substitute(substitution: Substitution): void {
    const regex = this.#regexOf(substitution.regex);
    this.#command.owe(this.#pattern.length * SUBSTITUTED);
    const global = boundedRegex(regex.source, `${regex.flags}g`);
    let count = 0;
    let changes = 0;
    let size = 0;
    const result = this.#pattern.replace(global, (...match: readonly unknown[]) => {
      count++;
      const whole = match[0] as string;
      if (count < substitution.from || (count > substitution.from && !substitution.isGlobal)) return whole;
      changes++;
      const text = substitution.replacement
        .map((part) => ('text' in part ? part.text : ((match[part.group] as string | undefined) ?? '')))
        .join('');
      size += text.length;
      if (size > LONGEST_TEXT) outOfMemory();
      return text;
    });
    if (changes === 0) return;
    this.#pattern = limited(result);
    this.#hasSubstituted = true;
    if (substitution.isPrinted) this.#print(this.#pattern);
    if (substitution.file !== undefined) this.#saveTo(substitution.file, `${this.#pattern}\n`);
  }

  #contentOf(name: string): string {
    const path = this.#command.path(name);
    const { files } = this.#command.context;
    return files.exists(path) ? files.readText(path) : '';
  }

  #saveTo(name: string, text: string): void {
    if (name === '/dev/stdout') this.#write(text);
    else this.#command.context.files.write(this.#command.path(name), text, { append: true });
  }
}
