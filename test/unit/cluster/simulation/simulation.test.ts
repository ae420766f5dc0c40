import { describe, expect, jest, test } from '@jest/globals';
import { MILLISECOND, SECOND, Simulation } from '../../../../src/cluster/simulation/simulation.ts';

// A hundred thousand turns of the event loop take their time on a busy machine.
jest.setTimeout(60_000);

const EPOCH = Date.UTC(2026, 10, 22) * 1000;

function simulation(): { one: Simulation; seen: string[]; note: (what: string) => () => void } {
  const one = new Simulation({ seed: 'simulation', epoch: EPOCH });
  const seen: string[] = [];
  const note = (what: string) => () => void seen.push(`${(one.now - EPOCH) / MILLISECOND} ${what}`);
  return { one, seen, note };
}

describe('events', () => {
  test('run by their instant, and at one instant in the order in which they were put in', async () => {
    const { one, seen, note } = simulation();
    for (const [at, what] of [
      [2, 'c'],
      [1, 'a'],
      [2, 'd'],
      [1, 'b'],
    ] as const) {
      one.after(at * MILLISECOND, what, note(what));
    }
    await one.advanceTo(EPOCH + SECOND);
    expect(seen).toEqual(['1 a', '1 b', '2 c', '2 d']);
    expect(one.now).toBe(EPOCH + SECOND);
  });

  test('of a thousand in any order none is out of order', async () => {
    const { one } = simulation();
    const ran: number[] = [];
    const instants = Array.from({ length: 1000 }, () => one.random.stream('instants').between(0, SECOND));
    for (const at of instants) one.at(EPOCH + at, 'one', () => ran.push(at));
    await one.advanceTo(EPOCH + SECOND);
    expect(ran).toEqual([...instants].sort((a, b) => a - b));
  });

  test('whose time has passed run now; one that was cancelled does not', async () => {
    const { one, seen, note } = simulation();
    await one.advanceTo(EPOCH + SECOND);
    one.at(EPOCH, 'late', note('late'));
    one.after(1, 'never', note('never')).cancel();
    await one.advanceTo(EPOCH + 2 * SECOND);
    expect(seen).toEqual(['1000 late']);
    expect(one.eventCount).toBe(1);
  });

  test('whom a gap shifts keep their distance, and nothing fires', async () => {
    const { one, seen, note } = simulation();
    one.after(SECOND, 'tick', note('tick'));
    one.shift(60 * SECOND);
    expect([seen, one.now]).toEqual([[], EPOCH + 60 * SECOND]);
    await one.advanceTo(EPOCH + 62 * SECOND);
    expect(seen).toEqual(['61000 tick']);
  });
});

describe('programs', () => {
  test('go on to their next wait, however long the chain of promises, before the next event runs', async () => {
    const { one, seen, note } = simulation();
    const woken = one.deferred<undefined>();
    const program = async (): Promise<void> => {
      await woken.promise;
      for (let step = 0; step < 100; step++) await Promise.resolve();
      note('program')();
    };
    void program();
    one.after(MILLISECOND, 'wake', () => woken.resolve(undefined));
    one.after(MILLISECOND, 'next', note('next'));
    await one.advanceTo(EPOCH + SECOND);
    expect(seen).toEqual(['1 program', '1 next']);
  });
});

describe('Zeno', () => {
  test('who puts in events at one instant without end is named, and time stands still', async () => {
    const { one } = simulation();
    const again = (): void => void one.after(0, 'controller/culprit', again);
    one.after(MILLISECOND, 'controller/culprit', again);
    one.after(MILLISECOND, 'controller/innocent', () => {});
    await expect(one.advanceTo(EPOCH + SECOND)).rejects.toThrow(
      'controller/culprit: more than 100000 events at one instant',
    );
    expect(one.now).toBe(EPOCH + MILLISECOND);
  });

  test('a program that waits for no time at all is named too', async () => {
    const { one } = simulation();
    const program = async (): Promise<void> => {
      for (;;) {
        const slept = one.deferred<undefined>();
        one.after(0, 'container/shop/culprit', () => slept.resolve(undefined));
        await slept.promise;
      }
    };
    void program();
    await expect(one.advanceTo(EPOCH + SECOND)).rejects.toThrow(
      'container/shop/culprit: more than 100000 events at one instant',
    );
  });

  test('many events are none of it, of many owners or at many instants', async () => {
    const { one } = simulation();
    for (let owner = 0; owner < 101; owner++) {
      for (let event = 0; event < 1000; event++) one.at(EPOCH, `owner-${owner}`, () => {});
    }
    let left = 150_000;
    const tick = (): void => {
      if (left-- > 0) one.after(1, 'busy', tick);
    };
    one.after(1, 'busy', tick);
    await one.advanceTo(EPOCH + SECOND);
    expect(one.eventCount).toBe(101_000 + 150_001);
  });
});

describe('the digest', () => {
  const digestOf = async (events: readonly (readonly [at: number, owner: string])[]): Promise<string> => {
    const { one } = simulation();
    for (const [at, owner] of events) one.after(at, owner, () => {});
    await one.advanceTo(EPOCH + SECOND);
    return one.digest;
  };

  test('is the same for the same events, and another one for another instant, owner, order or number', async () => {
    const digests = await Promise.all(
      (
        [
          [
            [1, 'a'],
            [2, 'b'],
          ],
          [
            [1, 'a'],
            [2, 'b'],
          ],
          [
            [1, 'a'],
            [3, 'b'],
          ],
          [
            [1, 'a'],
            [2, 'c'],
          ],
          [
            [1, 'b'],
            [2, 'a'],
          ],
          [
            [2, 'a'],
            [2, 'b'],
          ],
          [
            [2, 'b'],
            [2, 'a'],
          ],
          [
            [1, 'a'],
            [2, 'b'],
            [2, 'b'],
          ],
          [[1, 'a']],
        ] as const
      ).map(digestOf),
    );
    expect(digests[0]).toBe(digests[1]);
    expect(new Set(digests).size).toBe(digests.length - 1);
  });
});

describe('chance', () => {
  test('a new draw of somebody else changes nothing', () => {
    const [first, second] = [simulation().one, simulation().one];
    second.random.stream('controller/new').uint32();
    expect(second.random.stream('scheduler').hex(32)).toBe(first.random.stream('scheduler').hex(32));
    expect(first.random.stream('scheduler').hex(32)).not.toBe(first.random.stream('kubelet').hex(32));
  });
});

test('timestamps are cut to what they show, never rounded up', async () => {
  const { one } = simulation();
  await one.advanceTo(EPOCH + SECOND - 1);
  expect(one.timestamp()).toBe('2026-11-22T00:00:00Z');
  expect(one.microTimestamp()).toBe('2026-11-22T00:00:00.999999Z');
});
