import type { Micros, Simulation } from '../simulation/simulation.ts';

/**
 * Sequential system code over simulation callbacks: a generator that yields {@link Wait}s and is resumed by
 * events, synchronously and in their order. Unlike an async function it takes part in the queue alone (no
 * microtasks), and it can be cancelled: `finally` blocks run, nothing after the wait does.
 */
export type Step<T = void> = Generator<Wait<unknown>, T, unknown>;

/** Starts something and says what to call when it is over. May call back at once. @returns how to give up */
export type Wait<T> = (resume: (value: T) => void) => (() => void) | undefined;

/** Waits for a callback: `const image = yield* wait<Image>((done) => pull(reference, done))`. */
export function* wait<T>(start: Wait<T>): Step<T> {
  return (yield start) as T;
}

/** Waits `delay` microseconds of virtual time. */
export function* sleep(simulation: Simulation, delay: Micros, owner: string): Step {
  yield* wait<undefined>((done) => {
    const timer = simulation.after(delay, owner, () => done(undefined));
    return () => timer.cancel();
  });
}

/** Runs steps side by side and goes on when all are done. */
export function* all(steps: readonly Step[]): Step {
  if (steps.length === 0) return;
  yield* wait<undefined>((done) => {
    let open = steps.length;
    const finish = (): void => {
      open--;
      if (open === 0) done(undefined);
    };
    const tasks = steps.map((step) => new Task(step, finish));
    return () => {
      for (const task of tasks) task.cancel();
    };
  });
}

/** Runs `step`, but for `limit` microseconds at most. @returns whether it came to its end */
export function* within(simulation: Simulation, limit: Micros, owner: string, step: Step): Step<boolean> {
  return yield* wait<boolean>((done) => {
    let cancel = (): void => {};
    const timer = simulation.after(limit, owner, () => {
      cancel();
      done(false);
    });
    const task = new Task(step, () => {
      timer.cancel();
      done(true);
    });
    cancel = () => task.cancel();
    return () => {
      timer.cancel();
      cancel();
    };
  });
}

/** A running {@link Step}. Starts at once. */
export class Task {
  #giveUp: (() => void) | undefined;
  #finished = false;
  readonly #step: Step;
  readonly #done: () => void;

  constructor(step: Step, done: () => void = () => {}) {
    this.#step = step;
    this.#done = done;
    this.#resume(undefined);
  }

  get finished(): boolean {
    return this.#finished;
  }

  /** Ends it where it waits. `done` is not called. */
  cancel(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#giveUp?.();
    this.#step.return();
  }

  #resume(value: unknown): void {
    for (;;) {
      const next = this.#step.next(value);
      if (this.#finished) return;
      if (next.done === true) {
        this.#finished = true;
        this.#done();
        return;
      }
      // A wait that calls back while it is being started goes on in this loop, so that stacks stay flat.
      let answered = false;
      let starting = true;
      this.#giveUp = undefined;
      const giveUp = next.value((answer) => {
        if (answered || this.#finished) return;
        answered = true;
        if (starting) value = answer;
        else this.#resume(answer);
      });
      starting = false;
      // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- set by the callback
      if (!answered) {
        this.#giveUp = giveUp;
        return;
      }
    }
  }
}
