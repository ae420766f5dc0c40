import { inTask } from '../simulation/microtasks.ts';

/** One piece of work at a time, in the order in which it was asked for. */
export class Turns {
  readonly #afterEach: () => void;
  #last: Promise<unknown> = Promise.resolve();
  #asked = 0;
  #over = 0;

  constructor(afterEach: () => void) {
    this.#afterEach = afterEach;
  }

  /** Runs `work` when every turn before it is over. */
  take<T>(work: () => Promise<T>): Promise<T> {
    this.#asked++;
    const result = this.#last.then(work);
    const over = (): void => {
      this.#over++;
      this.#afterEach();
    };
    this.#last = result.then(over, over);
    return result;
  }

  /** Until no turn is left, and whoever waited for one has asked for the next, if all that it took him are promises. */
  async untilQuiet(): Promise<void> {
    let asked: number;
    do {
      asked = this.#asked;
      await inTask(() => {});
    } while (asked !== this.#asked || this.#over !== this.#asked);
  }
}
