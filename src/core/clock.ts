/** Time as most code may know it. The embedded cluster has a virtual one, everything else the wall. */
export interface Clock {
  now(): Date;
  /** Resolves after `ms` milliseconds of this clock; rejects with the signal's reason when aborted. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

/* eslint-disable no-restricted-globals, no-restricted-properties -- the one place that reads the host's clock */
/** The host's clock. */
export const wallClock: Clock = {
  now: () => new Date(Date.now()),
  wait: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(reasonOf(signal));
        return;
      }
      const onAbort = (): void => {
        clearTimeout(timer);
        if (signal !== undefined) reject(reasonOf(signal));
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};
/* eslint-enable no-restricted-globals, no-restricted-properties */

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted');
}

/** In milliseconds, as all times of scenarios and checks are. */
export const seconds = (count: number): number => count * 1000;
/** In milliseconds. */
export const minutes = (count: number): number => count * 60_000;
