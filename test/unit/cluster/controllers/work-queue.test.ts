import { describe, expect, test } from '@jest/globals';
import { WorkQueue } from '../../../../src/cluster/controllers/work-queue.ts';
import { SECOND } from '../../../../src/cluster/simulation/simulation.ts';
import { World } from '../support/world.ts';
import { statusError } from '../support/fake-api.ts';

describe('work queue', () => {
  test('a key that waits is there once, and keys have their turn in order', async () => {
    const world = new World();
    const seen: string[] = [];
    const queue = new WorkQueue(world.simulation, 'test', (key) => {
      seen.push(key);
    });
    for (const key of ['a', 'b', 'a', 'c', 'a']) queue.add(key);
    expect(seen).toEqual([]);
    await world.seconds(1);
    expect(seen).toEqual(['a', 'b', 'c']);
    queue.add('a');
    await world.seconds(1);
    expect(seen).toEqual(['a', 'b', 'c', 'a']);
  });

  test('failures back off from 5 ms and double, and success forgets them', async () => {
    const world = new World();
    const at: number[] = [];
    let fails = true;
    const queue = new WorkQueue(world.simulation, 'test', () => {
      at.push(world.simulation.now);
      if (fails) throw statusError(409, 'Conflict', 'modified');
    });
    queue.add('a');
    await world.seconds(1);
    const gaps = at.slice(1).map((instant, index) => (instant - (at[index] ?? 0)) / 1000);
    for (const [index, gap] of gaps.entries()) {
      expect(gap).toBeGreaterThanOrEqual(5 * 2 ** index);
      expect(gap).toBeLessThanOrEqual(5 * 2 ** index + 3);
    }
    expect(gaps).toHaveLength(7);
    fails = false;
    await world.seconds(2);
    fails = true;
    at.length = 0;
    queue.add('a');
    await world.seconds(0.02);
    expect(at).toHaveLength(2);
  });

  test('the earlier of two delays counts', async () => {
    const world = new World();
    const at: number[] = [];
    const start = world.simulation.now;
    const queue = new WorkQueue(world.simulation, 'test', () => {
      at.push(Math.floor((world.simulation.now - start) / SECOND));
    });
    queue.after('a', 10 * SECOND);
    queue.after('a', 5 * SECOND);
    queue.after('a', 8 * SECOND);
    await world.seconds(20);
    expect(at).toEqual([5]);
  });

  test('what is not an API error is a bug and is not swallowed', async () => {
    const world = new World();
    const queue = new WorkQueue(world.simulation, 'test', () => {
      throw new TypeError('a bug');
    });
    queue.add('a');
    await expect(world.seconds(1)).rejects.toThrow('a bug');
  });
});
