import { describe, expect, test } from '@jest/globals';
import { crowd, type CrowdOptions } from '../../../../src/cli/verify/crowd.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const { signal } = new AbortController();
/** Where whoever waits is seen. */
const crowded: CrowdOptions = {
  clock: { now: () => new Date(), wait: () => Promise.reject(new Error('waited')) },
  signal,
  load: () => 1000,
};

describe('work on a crowded machine', () => {
  /** When the second of two begins, in milliseconds after the first, which ends then. */
  async function secondBegins(load: () => number): Promise<number> {
    const clock = new ManualClock();
    const start = clock.ms;
    const inTime = crowd({ clock, signal, load });
    const first = Promise.withResolvers<number>();
    const works = [
      inTime(() => first.promise),
      inTime(() => {
        first.resolve(clock.ms - start);
        return first.promise;
      }),
    ];
    const [seen = 0] = await Promise.all(works);
    return seen;
  }

  test('waits until there is room, where other work goes on', async () => {
    const loads = [20, 7, 6];
    expect(await secondBegins(() => loads.shift() ?? 0)).toBe(50_000);
  });

  test('waits until it shows what the work that has just begun is for a load', async () => {
    expect(await secondBegins(() => 0)).toBe(30_000);
  });

  test('begins at once where nothing else does, however crowded it is', async () => {
    const inTime = crowd(crowded);
    expect(await inTime(() => Promise.resolve('done'))).toBe('done');
    expect(await inTime(() => Promise.resolve('done again'))).toBe('done again');
  });

  test('that fails is over too, and nobody waits for it', async () => {
    const inTime = crowd(crowded);
    await expect(inTime(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await inTime(() => Promise.resolve('done'))).toBe('done');
  });

  test('is cancelled while it waits', async () => {
    const cancelled = new AbortController();
    const inTime = crowd({ clock: new ManualClock(), signal: cancelled.signal, load: () => 1000 });
    const never = inTime(() => new Promise<void>(() => {}));
    cancelled.abort(new Error('interrupted'));
    await expect(inTime(() => Promise.resolve())).rejects.toThrow('interrupted');
    void never;
  });

  test("is measured by the machine's own load where none is said", async () => {
    const inTime = crowd({ clock: new ManualClock(), signal });
    expect(await inTime(() => Promise.resolve('done'))).toBe('done');
  });
});
