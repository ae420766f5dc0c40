import type { AnyObject } from '../../model/objects.ts';

/** One write. `old` is the object before it, absent on `ADDED`; `object` of `DELETED` is the last state. */
export interface Change {
  readonly revision: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** {@link Resource.id} of what the object is stored as. */
  readonly resource: string;
  readonly object: AnyObject;
  readonly old?: AnyObject;
}

/** How much of the past is kept. */
export interface HistoryLimits {
  /** Number of changes. */
  readonly changes: number;
  /** Bytes of memory, estimated. */
  readonly bytes: number;
}

export const HISTORY_LIMITS: HistoryLimits = { changes: 10_000, bytes: 16 * 1024 * 1024 };

/** The last writes in order. Every write has a revision of its own, so a revision is also a position. */
export class History {
  readonly #limits: HistoryLimits;
  #changes: (Change & { readonly bytes: number })[] = [];
  /** How many at the start of the array are forgotten; they are cut off now and then. */
  #forgotten = 0;
  #bytes = 0;

  constructor(limits: HistoryLimits) {
    this.#limits = limits;
  }

  add(change: Change, bytes: number): void {
    this.#changes.push({ ...change, bytes });
    this.#bytes += bytes;
    while (
      this.#length() > this.#limits.changes ||
      (this.#bytes > this.#limits.bytes && this.#length() > 1)
    ) {
      this.#bytes -= this.#changes[this.#forgotten]?.bytes ?? 0;
      this.#forgotten++;
    }
    if (this.#forgotten > 1024 && this.#forgotten > this.#length()) {
      this.#changes = this.#changes.slice(this.#forgotten);
      this.#forgotten = 0;
    }
  }

  /** The oldest revision whose state can still be told; undefined as long as nothing was forgotten or written. */
  get oldest(): number | undefined {
    const first = this.#changes[this.#forgotten];
    return first === undefined ? undefined : first.revision - 1;
  }

  /** The writes after `revision`, oldest first. The caller has compared with {@link oldest}. */
  after(revision: number): readonly Change[] {
    const first = this.#changes[this.#forgotten];
    if (first === undefined) return [];
    return this.#changes.slice(this.#forgotten + Math.max(0, revision + 1 - first.revision));
  }

  #length(): number {
    return this.#changes.length - this.#forgotten;
  }
}
