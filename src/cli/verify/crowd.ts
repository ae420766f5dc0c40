import { availableParallelism, loadavg } from 'node:os';
import type { Clock } from '../../core/clock.ts';

/** With more processes than this for each processor, running or waiting for it, whoever is timed is late. */
const CROWDED = 6;
/** What has just begun does not show in the load yet, for so many milliseconds. */
const SHOWS_AFTER = 30_000;
/** How often it is looked whether there is room again, in milliseconds. */
const LOOK_EVERY = 10_000;

export interface CrowdOptions {
  readonly clock: Pick<Clock, 'now' | 'wait'>;
  readonly signal: AbortSignal;
  /** Processes for each processor, on an average of the last minute; the machine's own where not said. */
  readonly load?: () => number;
}

/**
 * Lets work begin where the machine can take it: one after the other, and on a crowded one not before other work that was let in
 * has ended. Something always goes on. For what is judged by time, as clusters beside each other are.
 * @returns does work, as soon as it may begin; it throws what the work throws
 */
export function crowd({
  clock,
  signal,
  load = machineLoad,
}: CrowdOptions): <T>(work: () => Promise<T>) => Promise<T> {
  let inside = 0;
  let begun = -Infinity;
  const now = (): number => clock.now().getTime();
  const isRoom = (): boolean => now() - begun >= SHOWS_AFTER && load() <= CROWDED;
  return async (work) => {
    while (inside > 0 && !isRoom()) await clock.wait(LOOK_EVERY, signal);
    inside++;
    begun = now();
    try {
      return await work();
    } finally {
      inside--;
    }
  };
}

const machineLoad = (): number => (loadavg()[0] ?? 0) / availableParallelism();
