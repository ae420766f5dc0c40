import { describe, expect, test } from '@jest/globals';
import { crew, type CrewOptions } from '../../../../src/cli/verify/crew.ts';
import type { Clock } from '../../../../src/core/clock.ts';
import { ManualClock } from '../../support/manual-clock.ts';

/** So many things to do, each of which takes so many minutes; a machine that is so idle. */
function site(things: number, minutes: number, idle: () => number, more: Partial<CrewOptions> = {}) {
  const clock = new ManualClock();
  const { signal } = new AbortController();
  let left = things;
  let now = 0;
  let most = 0;
  const options: CrewOptions = {
    moreToDo: () => left > 0,
    worker: async () => {
      most = Math.max(most, ++now);
      while (left > 0) {
        left--;
        await clock.wait(minutes * 60_000);
      }
      now--;
    },
    first: 2,
    most: 4,
    idle,
    clock,
    signal,
    ...more,
  };
  return { options, clock, seen: () => ({ left, now, most }) };
}

describe('a crew', () => {
  test('grows by one each minute while half of the machine has nothing to do, up to the most', async () => {
    const { options, seen } = site(40, 2, () => 0.6);
    await crew(options);
    expect(seen()).toEqual({ left: 0, now: 0, most: 4 });
  });

  test('stays as it is on a machine that is busy', async () => {
    const { options, seen } = site(40, 2, () => 0.4);
    await crew(options);
    expect(seen()).toEqual({ left: 0, now: 0, most: 2 });
  });

  test('ends when nothing is left, and does not wait until it looks again', async () => {
    const forEver: Clock['wait'] = (_ms, signal) =>
      new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('over'))));
    const { options, seen } = site(2, 1, () => 1, { clock: { wait: forEver } });
    await crew(options);
    expect(seen()).toEqual({ left: 0, now: 0, most: 2 });
  });

  test('who fails while another works is not lost, and ends nobody', async () => {
    const lost: unknown[] = [];
    const note = (reason: unknown): void => void lost.push(reason);
    process.on('unhandledRejection', note);
    let number = 0;
    let ended = 0;
    const { options } = site(0, 1, () => 0);
    const worker = async (): Promise<void> => {
      if (++number > 1) throw new Error(`the ${number}.`);
      // Long enough for Node to look for rejections that nobody has taken.
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
      ended++;
    };
    await expect(crew({ ...options, worker, first: 3 })).rejects.toThrow('the 2.');
    process.off('unhandledRejection', note);
    expect({ ended, lost }).toEqual({ ended: 1, lost: [] });
  });

  test('ends when all have ended, with what the first that failed threw', async () => {
    let ended = 0;
    let number = 0;
    const { clock, options } = site(0, 1, () => 0);
    const worker = async (): Promise<void> => {
      const mine = ++number;
      await clock.wait(mine * 1000);
      ended++;
      if (mine < 3) throw new Error(`the ${mine}.`);
    };
    await expect(crew({ ...options, worker, first: 3 })).rejects.toThrow('the 1.');
    expect(ended).toBe(3);
  });
});
