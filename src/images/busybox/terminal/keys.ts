import { fromBytes } from './bytes.ts';

/** A key: the byte that it sends, or the name of one that sends several. */
export type Key = string;

const NAMES: Readonly<Record<string, Key>> = {
  '[A': 'Up',
  OA: 'Up',
  '[B': 'Down',
  OB: 'Down',
  '[C': 'Right',
  OC: 'Right',
  '[D': 'Left',
  OD: 'Left',
  '[H': 'Home',
  OH: 'Home',
  '[1~': 'Home',
  '[7~': 'Home',
  '[F': 'End',
  OF: 'End',
  '[4~': 'End',
  '[8~': 'End',
  '[2~': 'Insert',
  '[3~': 'Delete',
  '[5~': 'PageUp',
  '[6~': 'PageDown',
};
const SEQUENCE = /^(?:\[\d?~|\[[A-Z]|O[A-Z])/;

/** Ctrl-C, wherever it was pressed. */
export class Interrupted extends Error {}

const CTRL_C = '\x03';

/** Keys as they come in, one at a time. */
export class Keys {
  readonly #read: () => Promise<Uint8Array | undefined>;
  #waiting = '';
  /** Keys that are pressed again. */
  #again: Key[] = [];
  #recorded: Key[] | undefined;

  /** @param read what was typed since; undefined at the end */
  constructor(read: () => Promise<Uint8Array | undefined>) {
    this.#read = read;
  }

  /** Whether another one is there already: then nothing needs to be drawn in between. */
  get hasMore(): boolean {
    return this.#waiting !== '';
  }

  get isRepeating(): boolean {
    return this.#again.length > 0;
  }

  /** What has not been used, for who reads next. */
  get rest(): string {
    return this.#waiting;
  }

  /** @throws Interrupted */
  async next(): Promise<Key | undefined> {
    const key = this.#again.shift() ?? (await this.#typed());
    if (key === CTRL_C) throw new Interrupted();
    if (key !== undefined) this.#recorded?.push(key);
    return key;
  }

  /** Remembers keys from the ones given on. */
  record(first: readonly Key[]): void {
    this.#recorded = [...first];
  }

  /** @returns what was pressed since `record` */
  recorded(): readonly Key[] | undefined {
    const keys = this.#recorded;
    this.#recorded = undefined;
    return keys;
  }

  repeat(keys: readonly Key[]): void {
    this.#again = [...keys];
  }

  /** Forgets what was to be pressed again. */
  drop(): void {
    this.#again = [];
    this.#recorded = undefined;
  }

  async #typed(): Promise<Key | undefined> {
    if (this.#waiting === '') {
      const bytes = await this.#read();
      if (bytes === undefined) return undefined;
      this.#waiting = fromBytes(bytes);
    }
    const first = this.#waiting.charAt(0);
    const sequence = first === '\x1b' ? SEQUENCE.exec(this.#waiting.slice(1)) : null;
    this.#waiting = this.#waiting.slice(1 + (sequence?.[0].length ?? 0));
    return sequence === null ? first : (NAMES[sequence[0]] ?? first);
  }
}
