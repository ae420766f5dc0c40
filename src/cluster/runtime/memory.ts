/** Counts of memory.events. */
export interface MemoryEvents {
  max: number;
  oom: number;
  oomKill: number;
  oomGroupKill: number;
}

/**
 * The memory side of a cgroup: a container, its pod above it, the node above that. What is charged to one is charged
 * to all above.
 */
export class MemoryGroup {
  readonly events: MemoryEvents = { max: 0, oom: 0, oomKill: 0, oomGroupKill: 0 };
  limit: number | undefined;
  /** This group and those above it. */
  readonly #chain: readonly MemoryGroup[];
  readonly #onExceeded: (() => number) | undefined;
  #used = 0;
  #peak = 0;

  /**
   * @param onExceeded kills what is in the group (Kubernetes sets memory.oom.group) and returns how many processes
   *   that were
   */
  constructor(options: { parent?: MemoryGroup; limit?: number | undefined; onExceeded?: () => number } = {}) {
    this.#chain = options.parent === undefined ? [this] : [this, ...options.parent.#chain];
    this.limit = options.limit;
    this.#onExceeded = options.onExceeded;
  }

  /** Bytes now. */
  get used(): number {
    return this.#used;
  }

  get peak(): number {
    return this.#peak;
  }

  /** Bytes that this group itself may still have; undefined without a limit of its own. */
  get left(): number | undefined {
    return this.limit === undefined ? undefined : this.limit - this.#used;
  }

  /** @returns false where a limit does not allow it and something was killed */
  charge(bytes: number): boolean {
    for (const group of this.#chain) {
      if (group.limit === undefined || group.#used + bytes <= group.limit) continue;
      group.events.max++;
      group.events.oom++;
      group.events.oomKill += group.#onExceeded?.() ?? 0;
      group.events.oomGroupKill++;
      return false;
    }
    for (const group of this.#chain) {
      group.#used += bytes;
      group.#peak = Math.max(group.#peak, group.#used);
    }
    return true;
  }

  uncharge(bytes: number): void {
    for (const group of this.#chain) {
      group.#used -= bytes;
    }
  }
}
