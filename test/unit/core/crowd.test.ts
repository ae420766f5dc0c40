import { describe, expect, test } from '@jest/globals';
import { crowd } from '../../../src/core/crowd.ts';
import { ManualClock } from '../support/manual-clock.ts';

const { signal } = new AbortController();

describe('work on a crowded machine', () => {
  test('waits until there is room, where other work goes on', async () => {
    const clock = new ManualClock();
    const start = clock.now().getTime();
    const loads = [20, 11, 9];
    const inTime = crowd({ clock, signal, load: () => loads.shift() ?? 0 });
    const order: string[] = [];
    const first = Promise.withResolvers<undefined>();
    const others = [
      inTime(async () => {
        order.push('first begins');
        await first.promise;
      }),
      inTime(() => {
        order.push(`second begins after ${clock.now().getTime() - start} ms`);
        first.resolve(undefined);
        return Promise.resolve();
      }),
    ];
    await Promise.all(others);
    expect(order).toEqual(['first begins', 'second begins after 20000 ms']);
  });

  test('begins at once where nothing else does, however crowded it is', async () => {
    const inTime = crowd({
      clock: { wait: () => Promise.reject(new Error('waited')) },
      signal,
      load: () => 1000,
    });
    expect(await inTime(() => Promise.resolve('done'))).toBe('done');
    expect(await inTime(() => Promise.resolve('done again'))).toBe('done again');
  });

  test('that fails is over too, and nobody waits for it', async () => {
    const inTime = crowd({
      clock: { wait: () => Promise.reject(new Error('waited')) },
      signal,
      load: () => 1000,
    });
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
