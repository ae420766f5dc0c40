import { describe, expect, test } from '@jest/globals';
import { CpuGroup, NodeCpu } from '../../../../src/cluster/runtime/cpu.ts';
import type { Program } from '../../../../src/cluster/runtime/types.ts';
import { SECOND, Simulation } from '../../../../src/cluster/simulation/simulation.ts';
import { cat, EPOCH, imageOf, Lab, sleeper } from './lab.ts';

const MEBIBYTE = 1024 * 1024;

describe('memory', () => {
  test('a container over its limit is killed as a whole: 137, OOMKilled', async () => {
    const lab = new Lab();
    let after = 'nothing';
    const greedy: Program = (context) => {
      context.processes.fork(sleeper, ['child'], {});
      context.memory.allocate(10 * MEBIBYTE);
      context.memory.allocate(90 * MEBIBYTE);
      after = 'ran on';
      return Promise.resolve(0);
    };
    const running = await lab.run(greedy, { limits: { memory: 64 * MEBIBYTE } });
    expect(running.exit).toEqual({ code: 137, oomKilled: true });
    expect(after).toBe('nothing');
    expect(lab.log).toBe('');
    expect(running.container.usage().memory).toBe(0);
    expect(lab.simulation.nextAt()).toBeUndefined();
  });

  test('a child or an exec that is too greedy takes the container with it', async () => {
    const lab = new Lab();
    const greedy: Program = (context) => {
      context.memory.allocate(100 * MEBIBYTE);
      return Promise.resolve(0);
    };
    const running = lab.start({
      image: imageOf({ '/app': sleeper, '/bin/greedy': greedy }),
      limits: { memory: 64 * MEBIBYTE },
    });
    await lab.advance(1);
    expect(running.exit).toBeUndefined();
    expect(await lab.exec(running.container, ['greedy'])).toMatchObject({ code: 137 });
    expect(running.exit).toEqual({ code: 137, oomKilled: true });
  });

  test('is given back, and a process cannot give back more than it took', async () => {
    const lab = new Lab();
    const seen: number[] = [];
    const { container } = await lab.run(async (context) => {
      const { memory } = context;
      seen.push(memory.used);
      memory.allocate(MEBIBYTE);
      seen.push(memory.used);
      memory.free(100 * MEBIBYTE);
      seen.push(memory.used);
      return sleeper(context);
    });
    expect(seen).toEqual([MEBIBYTE / 2, 1.5 * MEBIBYTE, MEBIBYTE / 2]);
    expect(container.usage().memory).toBe(MEBIBYTE / 2);
  });

  test('a plain kill is no OOM kill', async () => {
    const lab = new Lab();
    const running = lab.start({ image: imageOf({ '/app': sleeper }), limits: { memory: 64 * MEBIBYTE } });
    running.container.kill('SIGKILL');
    await lab.advance(1);
    expect(running.exit).toEqual({ code: 137, oomKilled: false });
  });

  test('can be resized while it runs, but not below what is used', async () => {
    const lab = new Lab();
    const hold: Program = async (context) => {
      context.memory.allocate(40 * MEBIBYTE);
      await context.clock.sleep(5000);
      context.memory.allocate(60 * MEBIBYTE);
      return sleeper(context);
    };
    const running = lab.start({
      image: imageOf({ '/app': hold, '/bin/cat': cat }),
      limits: { memory: 64 * MEBIBYTE },
    });
    await lab.advance(1);
    expect(running.container.resize({ memory: 32 * MEBIBYTE })).toBe(false);
    expect(running.container.resize({ memory: 128 * MEBIBYTE })).toBe(true);
    await lab.advance(10);
    expect(running.exit).toBeUndefined();
  });
});

/** A node and jobs on it; gives the instants (microseconds after the start) at which they were done. */
class Bench {
  readonly simulation = new Simulation({ seed: 's', epoch: EPOCH });
  readonly node: NodeCpu;
  readonly done: Record<string, number> = {};

  constructor(cores: number) {
    this.node = new NodeCpu(this.simulation, cores);
  }

  group(name: string, options: { request?: number; limit?: number } = {}): CpuGroup {
    const group = new CpuGroup(this.node, name);
    group.configure(options.request, options.limit);
    return group;
  }

  spend(name: string, group: CpuGroup, micros: number, thread = group.thread()): void {
    thread.spend(micros, () => {
      this.done[name] = this.simulation.now - EPOCH;
    });
  }

  async run(seconds: number): Promise<void> {
    await this.simulation.advanceTo(this.simulation.now + seconds * SECOND);
  }
}

describe('CPU', () => {
  test('without contention work takes as long as it is', async () => {
    const bench = new Bench(2);
    bench.spend('a', bench.group('a'), 1500);
    bench.spend('b', bench.group('b'), 2500);
    await bench.run(1);
    expect(bench.done).toEqual({ a: 1500, b: 2500 });
    expect(bench.simulation.eventCount).toBe(2);
  });

  test('a process does its work in turn; processes run side by side', async () => {
    const bench = new Bench(2);
    const group = bench.group('a');
    const thread = group.thread();
    bench.spend('first', group, 1000, thread);
    bench.spend('second', group, 1000, thread);
    bench.spend('other', group, 1000);
    await bench.run(1);
    expect(bench.done).toEqual({ first: 1000, second: 2000, other: 1000 });
    expect(group.statistics().usageUsec).toBe(3000);
    expect(thread.usage()).toBe(2000);
  });

  test('a thousand that are done at once go on in a row, so that the host is not kept by all of them', async () => {
    const bench = new Bench(1);
    const group = bench.group('a');
    for (let index = 0; index < 1000; index++) bench.spend(`${index}`, group, 100);
    await bench.run(1);
    const instants = Map.groupBy(Object.values(bench.done), (at) => at);
    expect(Math.max(...[...instants.values()].map(({ length }) => length))).toBe(32);
    expect([...instants.keys()]).toEqual(Array.from({ length: 32 }, (_, index) => 100_000 + index));
    expect(group.statistics().usageUsec).toBe(100_000);
  });

  test('a quota is what may be used in each period of 100 ms', async () => {
    const bench = new Bench(2);
    const group = bench.group('a', { limit: 200 });
    bench.spend('a', group, 50_000);
    await bench.run(1);
    // 20 ms in each period: two whole ones, and 10 ms of the third.
    expect(bench.done).toEqual({ a: 210_000 });
    expect(group.statistics()).toEqual({
      usageUsec: 50_000,
      periods: 3,
      throttled: 2,
      throttledUsec: 160_000,
    });
  });

  test('work that fits into the quota is not throttled', async () => {
    const bench = new Bench(2);
    const group = bench.group('a', { limit: 500 });
    bench.spend('a', group, 50_000);
    await bench.run(1);
    expect(bench.done).toEqual({ a: 50_000 });
    expect(group.statistics()).toEqual({ usageUsec: 50_000, periods: 1, throttled: 0, throttledUsec: 0 });
  });

  test('processes of a container share its quota', async () => {
    const bench = new Bench(4);
    const group = bench.group('a', { limit: 1000 });
    bench.spend('a', group, 100_000);
    bench.spend('b', group, 100_000);
    await bench.run(1);
    expect(bench.done).toEqual({ a: 150_000, b: 150_000 });
    expect(group.statistics()).toMatchObject({ throttled: 1, throttledUsec: 50_000 });
  });

  test('a limit above what can be used costs nothing', async () => {
    const bench = new Bench(2);
    const group = bench.group('a', { limit: 2000 });
    bench.spend('a', group, SECOND);
    await bench.run(2);
    expect(bench.done).toEqual({ a: SECOND });
    expect(group.statistics()).toMatchObject({ periods: 10, throttled: 0 });
  });

  test('where cores are short they go by requests, and nobody’s part lies idle', async () => {
    const bench = new Bench(1);
    bench.spend('heavy', bench.group('heavy', { request: 750 }), 300_000);
    bench.spend('light', bench.group('light', { request: 250 }), 300_000);
    await bench.run(1);
    // Three quarters to the one until it is done at 0.4 s; then all of it to the other.
    expect(bench.done).toEqual({ heavy: 400_000, light: 600_000 });
  });

  test('one container with many processes cannot have more than its part', async () => {
    const bench = new Bench(2);
    const crowd = bench.group('crowd', { request: 1000 });
    for (let index = 0; index < 4; index++) bench.spend(`crowd-${index}`, crowd, 100_000);
    bench.spend('single', bench.group('single', { request: 1000 }), 100_000);
    await bench.run(1);
    expect(bench.done['single']).toBe(100_000);
    expect(bench.done['crowd-3']).toBe(250_000);
  });

  test('what is called off stops using CPU', async () => {
    const bench = new Bench(1);
    const group = bench.group('a');
    const cancel = group.thread().spend(SECOND, () => {
      throw new Error('called back');
    });
    await bench.run(0.25);
    cancel();
    await bench.run(2);
    expect(group.statistics().usageUsec).toBe(250_000);
    expect(bench.simulation.nextAt()).toBeUndefined();
  });

  test('a quota can be changed while work is throttled', async () => {
    const bench = new Bench(1);
    const group = bench.group('a', { limit: 100 });
    bench.spend('a', group, 500_000);
    await bench.run(0.05);
    group.configure(undefined, undefined);
    await bench.run(1);
    expect(bench.done).toEqual({ a: 540_000 });
    expect(group.statistics().throttledUsec).toBe(40_000);
  });

  test('usage can be asked for at any time', async () => {
    const lab = new Lab();
    const busy: Program = async ({ cpu }) => {
      for (;;) await cpu.spend(SECOND);
    };
    const { container } = lab.start({ image: imageOf({ '/app': busy }), limits: { cpu: 500 } });
    await lab.advance(10);
    expect(container.usage().cpu).toBe(5 * SECOND);
    container.remove();
    expect(lab.simulation.nextAt()).toBeUndefined();
  });
});

describe('determinism', () => {
  const run = async (seed: string): Promise<string> => {
    const lab = new Lab({ seed, cores: 1 });
    const worker: Program = async ({ cpu, random, clock, stdout }) => {
      for (let round = 0; round < 50; round++) {
        await cpu.spend(random.between(1, 20_000));
        await clock.sleep(random.between(1, 50));
      }
      stdout.write(`${clock.now()} ${random.hex(8)}\n`);
      return 0;
    };
    for (const cpu of [100, 300, 700])
      lab.start({ image: imageOf({ '/app': worker }), limits: { cpu }, requests: { cpu } });
    await lab.advance(60);
    return `${lab.simulation.digest} ${lab.simulation.eventCount}\n${lab.log}`;
  };

  test('the same seed gives the same run, another seed another', async () => {
    const first = await run('one');
    expect(await run('one')).toBe(first);
    expect(first.split('\n')).toHaveLength(5);
    expect(await run('two')).not.toBe(first);
  });
});
