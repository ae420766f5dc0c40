import type { Clock } from '../../../src/core/clock.ts';

/** A clock whose waiting moves it: no test waits for real. */
export class ManualClock implements Clock {
  #now: number;
  #events: { at: number; run: () => void }[] = [];

  constructor(start = '2026-03-01T10:00:00Z') {
    this.#now = Date.parse(start);
  }

  now(): Date {
    return new Date(this.#now);
  }

  /** Milliseconds since the start of time. */
  get ms(): number {
    return this.#now;
  }

  /** Does something when so much time has been waited from now on. */
  after(ms: number, run: () => void): void {
    this.#events.push({ at: this.#now + ms, run });
  }

  async wait(ms: number, signal?: AbortSignal): Promise<void> {
    // Others get their turn first, as with a real clock.
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
    const end = this.#now + ms;
    for (;;) {
      const next = this.#events.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#events = this.#events.filter((event) => event !== next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = Math.max(this.#now, end);
    signal?.throwIfAborted();
  }
}
