import { describe, expect, test } from '@jest/globals';
import type { ApiRequest } from '../../../../src/cluster/apiserver/types.ts';
import { Host, ReplayError } from '../../../../src/cluster/host/host.ts';
import type { InputRecord } from '../../../../src/cluster/host/inputs.ts';
import { Copies } from '../../../../src/providers/embedded/copies.ts';
import { FakeCluster, FakeWall, SECOND } from '../../cluster/support/fake-hosted.ts';

const post = (path: string): ApiRequest => ({
  method: 'POST',
  path,
  query: '',
  headers: {},
  body: Buffer.from(''),
});

/** A live lab with its copies, and how many of them were made from the start. */
function lab() {
  const records: InputRecord[] = [];
  const made: FakeCluster[] = [];
  const cluster = new FakeCluster();
  const wall = new FakeWall();
  const host = new Host(cluster, (record) => {
    records.push(structuredClone(record));
    copies.note(record);
  });
  const anew = (): FakeCluster => {
    const one = new FakeCluster();
    made.push(one);
    return one;
  };
  const copies = new Copies({ host, anew, records: () => records });
  /** Something is asked of the lab, so many seconds later. */
  const later = async (seconds: number, path?: string): Promise<void> => {
    wall.at += seconds * SECOND;
    if (path !== undefined) await host.handle(post(path));
  };
  return { cluster, host, wall, records, made, copies, later };
}

describe('a copy of a lab', () => {
  test('has gone its way, and goes on alone', async () => {
    const { cluster, host, wall, made, copies, later } = lab();
    await later(3, '/before');
    await host.goLive(wall);
    await later(4, '/live');
    await later(2.5);
    const copy = await copies.take();
    expect(copy.now).toBe(wall.at);
    expect(made[0]?.seen).toEqual(cluster.seen);
    expect(made[0]?.simulation.digest).toBe(cluster.simulation.digest);
    const before = [...cluster.seen];
    await copy.handle(post('/only-here'));
    await copy.advanceTo(copy.now + 60 * SECOND);
    expect(cluster.seen).toEqual(before);
    copies.giveBack(copy);
  });

  test('one is kept ready, and follows what happens and the time', async () => {
    const { cluster, host, wall, made, copies, later } = lab();
    await host.goLive(wall);
    await later(5, '/one');
    await copies.follow();
    await later(5, '/two');
    await later(1, '/three');
    await copies.follow();
    expect(made[0]?.seen).toEqual(cluster.seen);
    await later(5, '/four');
    await later(30);
    const copy = await copies.take();
    expect(made).toHaveLength(1);
    expect(made[0]?.seen).toEqual(cluster.seen);
    expect(made[0]?.simulation.digest).toBe(cluster.simulation.digest);
    copies.giveBack(copy);
  });

  test('the next one is made when the last was given back, and none before the lab is live', async () => {
    const { host, wall, made, copies, later } = lab();
    await copies.follow();
    expect(made).toHaveLength(0);
    await host.goLive(wall);
    const copy = await copies.take();
    await copies.follow();
    expect(made).toHaveLength(1);
    copies.giveBack(copy);
    await later(2, '/one');
    await copies.follow();
    expect(made).toHaveLength(2);
  });

  test('two at a time know nothing of each other', async () => {
    const { host, wall, made, copies } = lab();
    await host.goLive(wall);
    const [one, two] = await Promise.all([copies.take(), copies.take()]);
    await one.handle(post('/only-in-the-first'));
    expect(two.now).toBe(one.now);
    expect(made.map(({ seen }) => seen.length)).toEqual([1, 0]);
  });

  test('one that went astray is told and not kept', async () => {
    const { host, wall, records, copies, later } = lab();
    await host.goLive(wall);
    await later(1, '/one');
    const right = records.at(-1) as InputRecord;
    records.splice(-1, 1, { ...right, events: right.events + 1 });
    await expect(copies.take()).rejects.toThrow(ReplayError);
    records.splice(-1, 1, right);
    copies.giveBack(await copies.take());
  });
});
