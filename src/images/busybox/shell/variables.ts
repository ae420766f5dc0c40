import { OUT_OF_MEMORY } from '../errors.ts';
import { ShellError } from './control.ts';

interface Variable {
  readonly value: string | undefined;
  readonly isExported: boolean;
  readonly isReadOnly: boolean;
}

const UNSET: Variable = { value: undefined, isExported: false, isReadOnly: false };
/** Memory is charged in steps of this many bytes. */
const BLOCK = 64 * 1024;
/** No single value may be longer, so that doubling one in a loop ends before the host's memory does. */
const LONGEST = 16 * 1024 * 1024;

/** The variables of a shell, with the functions' local ones. */
export class Variables {
  readonly #values: Map<string, Variable>;
  readonly #scopes: Map<string, Variable>[] = [];
  readonly #allocate: (bytes: number) => void;
  /** Of the environment, under names that no variable can have: only children see it. */
  readonly #passedOn: Record<string, string>;
  #size = 0;
  #charged = 0;

  /** @param allocate charges memory */
  constructor(allocate: (bytes: number) => void, from?: Variables) {
    this.#allocate = allocate;
    this.#values = new Map(from === undefined ? [] : from.#values);
    this.#passedOn = from === undefined ? {} : from.#passedOn;
    this.#size = this.#charged = from === undefined ? 0 : from.#size;
  }

  get(name: string): string | undefined {
    return this.#values.get(name)?.value;
  }

  /** How many there are. */
  get size(): number {
    return this.#values.size;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** @throws ShellError where it is read-only */
  set(name: string, value: string): void {
    const before = this.#values.get(name) ?? UNSET;
    if (before.isReadOnly) throw new ShellError(`${name}: is read only`);
    this.#grow(name, before.value, value);
    this.#values.set(name, { ...before, value });
  }

  unset(name: string): void {
    if (this.#values.get(name)?.isReadOnly === true) throw new ShellError(`${name}: is read only`);
    this.#values.delete(name);
  }

  mark(name: string, marks: { readonly isExported?: boolean; readonly isReadOnly?: boolean }): void {
    this.#values.set(name, { ...(this.#values.get(name) ?? UNSET), ...marks });
  }

  /** By name: what `export -p`, `readonly -p` and `set` list. */
  list(kind: 'isExported' | 'isReadOnly' | 'all'): readonly (readonly [name: string, value?: string])[] {
    return [...this.#values]
      .filter(([, variable]) => (kind === 'all' ? variable.value !== undefined : variable[kind]))
      .map(([name, { value }]) => (value === undefined ? ([name] as const) : ([name, value] as const)))
      .sort(([a], [b]) => (a < b ? -1 : 1));
  }

  passOn(name: string, value: string): void {
    this.#passedOn[name] = value;
  }

  /** What children get. */
  environment(): Record<string, string> {
    const environment: Record<string, string> = { ...this.#passedOn };
    for (const [name, { value, isExported }] of this.#values) {
      if (isExported && value !== undefined) environment[name] = value;
    }
    return environment;
  }

  /** Runs with values that are forgotten afterwards. */
  async within<T>(run: () => Promise<T>): Promise<T> {
    this.#scopes.push(new Map());
    try {
      return await run();
    } finally {
      const scope = this.#scopes.pop() ?? new Map<string, Variable>();
      for (const [name, before] of scope) {
        if (before === UNSET) this.#values.delete(name);
        else this.#values.set(name, before);
      }
    }
  }

  /** Remembers the value for the end of the innermost {@link within}. */
  local(name: string): void {
    const scope = this.#scopes.at(-1);
    if (scope !== undefined && !scope.has(name)) scope.set(name, this.#values.get(name) ?? UNSET);
  }

  #grow(name: string, before: string | undefined, after: string): void {
    if (after.length > LONGEST) throw new ShellError(OUT_OF_MEMORY);
    this.#size += after.length - (before?.length ?? -name.length);
    if (this.#size < this.#charged + BLOCK) return;
    const bytes = Math.floor((this.#size - this.#charged) / BLOCK) * BLOCK;
    this.#charged += bytes;
    this.#allocate(bytes);
  }
}
