import type { Clock } from '../../core/clock.ts';

export interface CrewOptions {
  /** Whether there is something that nobody has begun. */
  readonly moreToDo: () => boolean;
  /** Does one thing after another until nothing is left. */
  readonly worker: () => Promise<void>;
  /** So many begin at once. */
  readonly first: number;
  /** So many there may be. */
  readonly most: number;
  /** The share of the machine's processors that had nothing to do since it was asked last, 0 to 1. */
  readonly idle: () => number;
  readonly clock: Pick<Clock, 'wait'>;
  readonly signal: AbortSignal;
}

/** How often it is looked whether there is room for one more, in milliseconds. */
const LOOK_EVERY = 60_000;
/** There is where this share of the processors has nothing to do: one that begins needs one of two for a while. */
const ROOM = 0.5;

/**
 * Workers who mostly wait: a few begin at once, and one more each minute in which half of the machine had nothing to do.
 * Ends when all have ended, also where one fails, so that each can clean up. @throws what the first of them threw
 */
export async function crew(options: CrewOptions): Promise<void> {
  const { moreToDo, worker, first, most, idle, clock, signal } = options;
  // Settled, so that who fails while another is waited for is not taken for nobody's.
  const works: Promise<PromiseSettledResult<void>>[] = [];
  const begin = (): void => {
    works.push(settled(worker()));
  };
  const over = new AbortController();
  const grow = async (): Promise<void> => {
    while (moreToDo() && works.length < most) {
      await clock.wait(LOOK_EVERY, AbortSignal.any([signal, over.signal]));
      if (idle() >= ROOM && moreToDo()) begin();
    }
  };
  for (let number = 0; number < first; number++) begin();
  const growing = grow().catch(() => {});
  const outcomes: PromiseSettledResult<void>[] = [];
  // Some join while others are waited for.
  for (let next = works.at(0); next !== undefined; next = works.at(outcomes.length))
    outcomes.push(await next);
  over.abort();
  await growing;
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

async function settled(work: Promise<void>): Promise<PromiseSettledResult<void>> {
  const [outcome] = await Promise.allSettled([work]);
  return outcome;
}
