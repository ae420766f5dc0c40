import type { Micros, Simulation } from '../simulation/simulation.ts';
import type { Turns } from './turns.ts';

/** Time that is moved goes this far between two requests. */
const MOVED_AT_ONCE: Micros = 1_000_000;

/** Somebody who waits for an instant. */
interface Wait {
  readonly at: Micros;
  over(): void;
}

/**
 * Time that is moved by hand: by those who wait for an instant, for an answer, or for the end of a command. It moves once
 * nobody has anything else to do, for all of them together, and no further than the first of them needs: each finds the
 * time that he has waited for. So checks that wait side by side see what they would see one by one.
 */
export class MovedTime {
  readonly #simulation: Simulation;
  readonly #turns: Turns;
  readonly #mayMove: () => boolean;
  readonly #waits = new Set<Wait>();
  /** What is waited for. */
  #awaited = 0;
  /** How much of it has come. */
  #come = 0;
  #moving = false;

  /** @param mayMove whether time is moved by hand at all */
  constructor(simulation: Simulation, turns: Turns, mayMove: () => boolean) {
    this.#simulation = simulation;
    this.#turns = turns;
    this.#mayMove = mayMove;
  }

  /**
   * Somebody waits for something from now on.
   * @returns what is to be called when it has come; more calls do nothing
   */
  awaited(): () => void {
    this.#awaited++;
    let open = true;
    return () => {
      if (!open) return;
      open = false;
      this.#awaited--;
      this.#come++;
    };
  }

  /** Waits for an instant. @throws the signal's reason */
  async waitUntil(at: Micros, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const come = this.awaited();
    const wait: Wait = { at, over: () => resolve(undefined) };
    const giveUp = (): void => reject(signal?.reason);
    signal?.addEventListener('abort', giveUp, { once: true });
    this.#waits.add(wait);
    // Its end is where time begins to move.
    void this.#turns.take(() => Promise.resolve());
    try {
      await promise;
    } finally {
      this.#waits.delete(wait);
      signal?.removeEventListener('abort', giveUp);
      come();
    }
  }

  /** To be called after every turn. */
  afterTurn(): void {
    for (const wait of this.#waits) if (wait.at <= this.#simulation.now) wait.over();
    if (this.#awaited === 0 || this.#moving || !this.#mayMove()) return;
    this.#moving = true;
    void this.#move();
  }

  async #move(): Promise<void> {
    let more = true;
    while (more && this.#awaited > 0 && this.#mayMove()) {
      await this.#turns.untilQuiet();
      more = await this.#turns.take(() => this.#moveOn());
    }
    this.#moving = false;
  }

  /** Until one of those who wait has something to do. @returns false where nothing will ever come */
  async #moveOn(): Promise<boolean> {
    const simulation = this.#simulation;
    const { now } = simulation;
    const come = this.#come;
    const first = Math.min(...Array.from(this.#waits, ({ at }) => at));
    const wanted = (): boolean =>
      this.#awaited > 0 && this.#come === come && simulation.now - now < MOVED_AT_ONCE;
    if (await simulation.advanceWhile(wanted, Math.min(first, Number.MAX_SAFE_INTEGER))) return true;
    if (first === Infinity) return false;
    await simulation.advanceTo(first);
    return true;
  }
}
