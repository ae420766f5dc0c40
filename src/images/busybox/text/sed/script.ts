import { posixRegex } from '../../common/regex.ts';
import { Failure } from '../../errors.ts';

export type Address =
  | { readonly kind: 'line'; readonly line: number }
  | { readonly kind: 'last' }
  | { readonly kind: 'offset'; readonly lines: number }
  /** Undefined: the regular expression that was used last. */
  | { readonly kind: 'regex'; readonly regex: RegExp | undefined };

export interface Substitution {
  readonly regex: RegExp | undefined;
  readonly replacement: readonly ReplacementPart[];
  readonly isGlobal: boolean;
  readonly isPrinted: boolean;
  /** Which match is the first to be replaced. */
  readonly from: number;
  readonly file: string | undefined;
}

/** A text, or the number of a group (0 is the whole match), in a case. */
export type ReplacementPart = { readonly text: string } | { readonly group: number };

export interface SedCommand {
  readonly letter: string;
  readonly addresses: readonly Address[];
  readonly isNegated: boolean;
  /** Text of `a`, `i`, `c`; label of `b`, `t`, `:`; file of `r`, `w`. */
  readonly text: string;
  readonly substitution?: Substitution;
  /** Characters of `y`. */
  readonly map?: ReadonlyMap<string, string>;
  /** Where `{` goes on to when it does not apply. */
  end?: number;
}

/** Commands without an argument. */
const PLAIN = '{=dDgGhHlnNpPqQx';

/** Reads a script. @throws Failure in busybox' words */
export function parseSed(source: string, isExtended: boolean): readonly SedCommand[] {
  return new SedParser(source, isExtended).parse();
}

class SedParser {
  readonly #source: string;
  readonly #isExtended: boolean;
  #index = 0;

  constructor(source: string, isExtended: boolean) {
    this.#source = source;
    this.#isExtended = isExtended;
  }

  parse(): readonly SedCommand[] {
    const commands: SedCommand[] = [];
    const open: SedCommand[] = [];
    for (;;) {
      this.#skip(/[\s;]/);
      if (this.#index >= this.#source.length) break;
      if (this.#peek() === '#') {
        this.#restOfLine();
        continue;
      }
      if (this.#peek() === '}') {
        this.#index++;
        const group = open.pop();
        if (group === undefined) throw new Failure('unexpected }');
        group.end = commands.length;
        continue;
      }
      const command = this.#command();
      commands.push(command);
      if (command.letter === '{') open.push(command);
    }
    if (open.length > 0) throw new Failure('unmatched {');
    return commands;
  }

  #peek(): string {
    return this.#source.charAt(this.#index);
  }

  #skip(what: RegExp): void {
    while (this.#index < this.#source.length && what.test(this.#peek())) this.#index++;
  }

  #restOfLine(): string {
    const end = this.#source.indexOf('\n', this.#index);
    const text = this.#source.slice(this.#index, end < 0 ? undefined : end);
    this.#index = end < 0 ? this.#source.length : end + 1;
    return text;
  }

  #word(): string {
    const match = /^[^\s;}]*/.exec(this.#source.slice(this.#index))?.[0] ?? '';
    this.#index += match.length;
    return match;
  }

  #addresses(): readonly Address[] {
    const first = this.#address();
    if (first === undefined) return [];
    this.#skip(/[ \t]/);
    if (this.#peek() !== ',') return [first];
    this.#index++;
    this.#skip(/[ \t]/);
    const second = this.#address();
    if (second === undefined) throw new Failure('no address after comma');
    return [first, second];
  }

  #command(): SedCommand {
    const addresses = this.#addresses();
    this.#skip(/[ \t]/);
    const isNegated = this.#peek() === '!';
    if (isNegated) this.#index++;
    this.#skip(/[ \t]/);
    const letter = this.#peek();
    this.#index++;
    const base = { letter, addresses, isNegated, text: '' };
    if (PLAIN.includes(letter) && letter !== '') {
      if (letter !== '{') this.#mustEnd();
      return base;
    }
    if (/[:btTrw]/.test(letter)) {
      this.#skip(/[ \t]/);
      return { ...base, text: /[rw]/.test(letter) ? this.#restOfLine() : this.#word() };
    }
    if (/[aic]/.test(letter)) return { ...base, text: this.#textArgument() };
    switch (letter) {
      case 's':
        return { ...base, substitution: this.#substitution() };
      case 'y':
        return { ...base, map: this.#translation() };
      case '':
        throw new Failure('missing command');
      default:
        throw new Failure(`unsupported command ${letter}`);
    }
  }

  #mustEnd(): void {
    this.#skip(/[ \t]/);
    if (!/^[\n;}#]?$/.test(this.#peek())) throw new Failure('missing command');
  }

  #address(): Address | undefined {
    const rest = this.#source.slice(this.#index);
    const number = /^\d+/.exec(rest);
    if (number !== null) {
      this.#index += number[0].length;
      return { kind: 'line', line: Number(number[0]) };
    }
    const offset = /^\+(\d+)/.exec(rest);
    if (offset !== null) {
      this.#index += offset[0].length;
      return { kind: 'offset', lines: Number(offset[1]) };
    }
    if (rest.startsWith('$')) {
      this.#index++;
      return { kind: 'last' };
    }
    if (!/^(\/|\\[^\n])/.test(rest)) return undefined;
    if (rest.startsWith('\\')) this.#index++;
    const delimiter = this.#peek();
    this.#index++;
    const pattern = this.#delimited(delimiter);
    const flags = /^[IM]*/.exec(this.#source.slice(this.#index))?.[0] ?? '';
    this.#index += flags.length;
    return { kind: 'regex', regex: this.#regex(pattern, flags.includes('I') ? 'i' : '') };
  }

  #regex(pattern: string, flags: string): RegExp | undefined {
    return pattern === '' ? undefined : posixRegex(pattern, this.#isExtended, flags);
  }

  /** Text up to an unescaped delimiter, which is read over; brackets protect it in patterns. */
  #delimited(delimiter: string, isPattern = true): string {
    let text = '';
    let inBrackets = false;
    for (; this.#index < this.#source.length; this.#index++) {
      const character = this.#peek();
      if (character === '\\') {
        const next = this.#source.charAt(++this.#index);
        text += next === delimiter && !/[.*[\]^$]/.test(delimiter) ? next : `\\${next}`;
        continue;
      }
      if (character === delimiter && !inBrackets) {
        this.#index++;
        return text;
      }
      if (isPattern && character === '[' && !inBrackets) {
        const start = /^\[\^?\]?/.exec(this.#source.slice(this.#index))?.[0] ?? '[';
        text += start;
        this.#index += start.length - 1;
        inBrackets = true;
        continue;
      }
      if (character === ']') inBrackets = false;
      text += character;
    }
    throw new Failure(`unmatched '${delimiter}'`);
  }

  #substitution(): Substitution {
    const delimiter = this.#peek();
    this.#index++;
    const pattern = this.#delimited(delimiter);
    const replacement = this.#delimited(delimiter, false);
    let isGlobal = false;
    let isPrinted = false;
    let from = 1;
    let flags = '';
    let file: string | undefined;
    for (; ; this.#index++) {
      const letter = this.#peek();
      const digits = /^\d+/.exec(this.#source.slice(this.#index))?.[0];
      if (digits !== undefined) {
        from = Number(digits);
        this.#index += digits.length - 1;
      } else if (letter === 'g') isGlobal = true;
      else if (letter === 'p') isPrinted = true;
      else if (letter === 'i' || letter === 'I') flags = 'i';
      else if (letter === 'w') {
        this.#index++;
        this.#skip(/[ \t]/);
        file = this.#restOfLine();
        break;
      } else if (/^[\s;}#]?$/.test(letter)) break;
      else throw new Failure('bad option in substitution expression');
    }
    const regex = this.#regex(pattern, flags);
    return { regex, replacement: replacementParts(replacement), isGlobal, isPrinted, from, file };
  }

  #translation(): ReadonlyMap<string, string> {
    const delimiter = this.#peek();
    this.#index++;
    const plain = (text: string): readonly string[] =>
      text.replace(/\\(.)/gs, (_all, next: string) => (next === 'n' ? '\n' : next)).split('');
    const from = plain(this.#delimited(delimiter, false));
    const to = plain(this.#delimited(delimiter, false));
    if (from.length !== to.length) throw new Failure('y strings have different lengths');
    return new Map(from.map((character, index) => [character, to[index] ?? '']));
  }

  /** `a\` and a line, or all in one line; a backslash at the end of a line joins the next to it. */
  #textArgument(): string {
    this.#skip(/[ \t]/);
    if (/^\\\s*\n/.test(this.#source.slice(this.#index))) this.#restOfLine();
    else if (this.#peek() === '\\') this.#index++;
    let text = this.#restOfLine();
    while (/(^|[^\\])(\\\\)*\\$/.test(text) && this.#index < this.#source.length) {
      text = `${text.slice(0, -1)}\n${this.#restOfLine()}`;
    }
    return text.replace(/\\(.)/g, '$1');
  }
}

function replacementParts(text: string): readonly ReplacementPart[] {
  const parts: ReplacementPart[] = [];
  for (const [piece] of text.matchAll(/\\[^]|&|[^\\&]+|\\$/g)) {
    const escaped = piece.startsWith('\\') ? piece.charAt(1) : undefined;
    if (piece === '&') parts.push({ group: 0 });
    else if (escaped === undefined) parts.push({ text: piece });
    else if (/\d/.test(escaped)) parts.push({ group: Number(escaped) });
    else parts.push({ text: { n: '\n', t: '\t', r: '\r' }[escaped] ?? escaped });
  }
  return parts;
}
