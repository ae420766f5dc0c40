import { limited, LONGEST_TEXT } from '../errors.ts';

/** What can be taken back. */
interface Edit {
  readonly kind: 'insert' | 'remove';
  readonly at: number;
  readonly text: string;
  /** Whether it goes with the one before it. */
  readonly isChained: boolean;
}

/** What was taken back, for the message about it. */
export interface Undone {
  readonly words: string;
  readonly at: number;
}

/** Characters of all edits that are remembered; the oldest are forgotten first. */
const MOST_REMEMBERED = 2 * LONGEST_TEXT;

/** The text that is edited, one character a byte, with what can be undone. Each line ends with a newline. */
export class TextBuffer {
  #text = '\n';
  #edits: Edit[] = [];
  #remembered = 0;
  /** Characters that are being typed: they become one edit. */
  #typing: { readonly at: number; text: string } | undefined;
  #changes = 0;
  readonly #marks = new Map<string, number>();

  get text(): string {
    return this.#text;
  }

  /** Whether it differs from what was read or written last. What is being typed does not count yet. */
  get isModified(): boolean {
    return this.#changes !== 0;
  }

  /** Bytes of text and of what can be undone. */
  get size(): number {
    return this.#text.length + this.#remembered;
  }

  /** Begins anew: nothing can be undone. @throws Failure where it is too much */
  load(text: string): void {
    this.#text = limited(text.endsWith('\n') ? text : `${text}\n`);
    this.#edits = [];
    this.#remembered = 0;
    this.#typing = undefined;
    this.#changes = 0;
    this.#marks.clear();
  }

  /** It is in the file now. */
  saved(): void {
    this.#changes = 0;
  }

  insert(at: number, text: string, isChained = false): void {
    if (text === '') return;
    this.endTyping();
    this.#splice(at, at, text);
    this.#remember({ kind: 'insert', at, text, isChained });
  }

  /** @returns what was there */
  remove(from: number, to: number, isChained = false): string {
    if (from >= to) return '';
    this.endTyping();
    // An empty text is one empty line.
    const end = from === 0 && to >= this.#text.length ? this.#text.length - 1 : to;
    const text = this.#text.slice(from, end);
    this.#splice(from, end, '');
    this.#remember({ kind: 'remove', at: from, text, isChained });
    return text;
  }

  /** Another text in the place of one, which is one step back. */
  replace(from: number, to: number, text: string, isChained = false): void {
    const hadText = this.remove(from, to, isChained) !== '';
    this.insert(from, text, isChained || hadText);
  }

  /** Like `insert`, but what is typed behind it belongs to the same edit. */
  type(at: number, text: string): void {
    const typing = this.#typing;
    if (typing !== undefined && typing.at + typing.text.length !== at) this.endTyping();
    this.#splice(at, at, text);
    this.#typing ??= { at, text: '' };
    this.#typing.text += text;
  }

  endTyping(): void {
    const typing = this.#typing;
    if (typing === undefined) return;
    this.#typing = undefined;
    this.#remember({ kind: 'insert', at: typing.at, text: typing.text, isChained: false });
  }

  /** Takes the last edit back with all that goes with it; undefined where there is none. */
  undo(): Undone | undefined {
    this.endTyping();
    for (let undone: Undone | undefined; ;) {
      const edit = this.#edits.pop();
      if (edit === undefined) return undone;
      this.#remembered -= edit.text.length;
      const { kind, at, text } = edit;
      if (kind === 'insert') this.#splice(at, at + text.length, '');
      else this.#splice(at, at, text);
      const what = kind === 'insert' ? 'deleted' : 'restored';
      undone = { words: `Undo [${this.#changes}] ${what} ${text.length} chars at position ${at}`, at };
      if (edit.isChained) continue;
      this.#changes--;
      return undone;
    }
  }

  setMark(name: string, at: number): void {
    this.#marks.set(name, at);
  }

  /** Where a mark is now; undefined where it was never set. */
  mark(name: string): number | undefined {
    const at = this.#marks.get(name);
    return at === undefined ? undefined : Math.min(at, this.#text.length - 1);
  }

  #splice(from: number, to: number, text: string): void {
    this.#text = limited(`${this.#text.slice(0, from)}${text}${this.#text.slice(to)}`);
    for (const [name, at] of this.#marks) {
      if (at >= to) this.#marks.set(name, at + text.length - (to - from));
      else if (at > from) this.#marks.set(name, from);
    }
  }

  #remember(edit: Edit): void {
    this.#edits.push(edit);
    this.#remembered += edit.text.length;
    if (!edit.isChained) this.#changes++;
    while (this.#remembered > MOST_REMEMBERED) {
      this.#remembered -= this.#edits.shift()?.text.length ?? Infinity;
    }
  }
}
