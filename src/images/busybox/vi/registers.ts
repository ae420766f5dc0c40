/** Text that was deleted or yanked. */
export interface Register {
  readonly text: string;
  /** Whether it is whole lines. */
  readonly isLines: boolean;
}

/** Where text goes that no register was named for. */
const DEFAULT = 'D';

/** The named buffers. */
export class Registers {
  readonly #held = new Map<string, Register>();
  /** The one that the next command uses. */
  selected = DEFAULT;

  get size(): number {
    let size = 0;
    for (const { text } of this.#held.values()) size += text.length;
    return size;
  }

  get(): Register | undefined {
    return this.#held.get(this.selected);
  }

  /** @returns how that is told */
  put(register: Register, verb: 'Delete' | 'Yank', from: 'from' | 'into' = 'from'): string {
    this.#held.set(this.selected, register);
    return this.told(verb, register.text, from);
  }

  /** A line about what was done with the selected one, which is the default one again. */
  told(verb: 'Delete' | 'Yank' | 'Put', text: string, from = 'from'): string {
    const { selected } = this;
    this.selected = DEFAULT;
    const lines = text.split('\n').length - 1;
    return `${verb} ${lines} lines (${text.length} chars) ${from} [${selected}]`;
  }
}
