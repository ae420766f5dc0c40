import { describe, expect, test } from '@jest/globals';
import type { ApiRequest, ApiResponse } from '../../../../src/cluster/apiserver/types.ts';
import { Host, ReplayError } from '../../../../src/cluster/host/host.ts';
import type { InputRecord } from '../../../../src/cluster/host/inputs.ts';
import type { ExecInput, ExecOutput } from '../../../../src/cluster/node-api.ts';
import { EPOCH, FakeCluster, FakeWall, GuardedCluster, SECOND } from '../support/fake-hosted.ts';

interface Lab {
  readonly cluster: FakeCluster;
  readonly host: Host;
  readonly wall: FakeWall;
  readonly records: InputRecord[];
}

function lab(records: InputRecord[] = [], cluster = new FakeCluster()): Lab {
  const host = new Host(cluster, (record) => records.push(structuredClone(record)));
  return { cluster, host, wall: new FakeWall(), records };
}

async function liveLab(): Promise<Lab> {
  const made = lab();
  await made.host.goLive(made.wall);
  return made;
}

async function replayed(records: readonly InputRecord[]): Promise<FakeCluster> {
  const { cluster, host } = lab();
  await host.replay(records);
  return cluster;
}

const request = (method: string, path: string): ApiRequest => ({
  method,
  path,
  query: '',
  headers: {},
  body: Buffer.from(''),
});
const post = request('POST', '/api/v1/namespaces');
const read = request('GET', '/api/v1/namespaces');
const guarded = request('GET', '/apis/example.test/v1/guarded');
const execute = request('POST', '/api/v1/namespaces/a/pods/b/exec');

function startExec(response: ApiResponse, output: Partial<ExecOutput> = {}): ExecInput {
  if (response.kind !== 'exec') throw new Error('no exec');
  return response.start({ stdout: () => {}, stderr: () => {}, exit: () => {}, ...output });
}

describe('a live lab', () => {
  test('runs what is due before it answers, and never gets ahead of the wall', async () => {
    const { host, wall, cluster } = await liveLab();
    wall.at += 2.5 * SECOND;
    const response = await host.handle(read);
    expect(response.kind === 'complete' && Buffer.from(response.body).toString()).toBe('1 tick\n2 tick');
    expect(cluster.simulation.now).toBe(wall.at);
    wall.at -= 2 * SECOND;
    await host.handle(post);
    expect(cluster.seen.at(-1)).toBe('2.5 POST /api/v1/namespaces');
  });

  test('answers while there is more to do than the host can, and a replay does the same', async () => {
    const { host, wall, cluster, records } = await liveLab();
    wall.at += 50 * SECOND;
    // Every look at the wall takes a millisecond: a turn is over after ten events.
    const { now } = wall;
    wall.now = () => (wall.at += 1000);
    await host.handle(post);
    const asked = cluster.seen.findIndex((line) => line.endsWith('POST /api/v1/namespaces'));
    expect(asked).toBeGreaterThan(5);
    expect(asked).toBeLessThan(15);
    expect(cluster.simulation.now).toBeLessThan(wall.at - 30 * SECOND);
    // Who comes right after it does not wait for ten more.
    const { length } = cluster.seen;
    await host.handle(post);
    expect(cluster.seen.slice(length)).toEqual([cluster.seen[asked]]);
    wall.now = now;
    wall.at += 0.01 * SECOND;
    await host.handle(post);
    expect(cluster.simulation.now).toBe(wall.at);
    expect((await replayed(records)).seen).toEqual(cluster.seen);
  });

  test('stands still while the wall is behind where it was', async () => {
    const { cluster, host, wall } = await liveLab();
    wall.at = EPOCH + 3 * SECOND;
    await host.handle(post);
    wall.at = EPOCH + SECOND;
    await host.handle(post);
    expect([host.now, cluster.seen.at(-1)]).toEqual([EPOCH + 3 * SECOND, '3 POST /api/v1/namespaces']);
    wall.at = EPOCH + 4 * SECOND;
    await host.handle(post);
    expect([host.now, cluster.seen.at(-1)]).toEqual([EPOCH + 4 * SECOND, '4 POST /api/v1/namespaces']);
  });

  test('reads leave no record; changes leave one before they are applied', async () => {
    const { host, records } = await liveLab();
    await host.handle(read);
    await host.handle(post);
    expect(records.map(({ input, revision }) => [input.type, revision])).toEqual([
      ['live', 0],
      ['request', 0],
    ]);
  });

  test('a change that cannot be recorded is refused and does not happen', async () => {
    const cluster = new FakeCluster();
    const host = new Host(cluster, () => {
      throw new Error('ENOSPC: no space left on device, write');
    });
    expect(await host.handle(post)).toMatchObject({ kind: 'complete', status: 500 });
    expect(cluster.seen).toEqual([]);
    const ends: unknown[] = [];
    startExec(await host.handle(execute), { exit: (end) => ends.push(end) });
    await host.turn(() => Promise.resolve());
    expect(ends).toEqual([{ error: 'ENOSPC: no space left on device, write' }]);
    expect(cluster.seen).toEqual([]);
  });

  test('what is done outside the API is recorded before it is done, and done again; also what is impossible', async () => {
    const { host, wall, cluster, records } = await liveLab();
    wall.at += 1.5 * SECOND;
    const outage = { what: 'outage', host: 'registry.test', outage: { forMs: 1000 } } as const;
    await host.change(outage);
    await expect(host.change({ what: 'remove-image', node: 'none', reference: 'a' })).rejects.toThrow(
      'there is no node none',
    );
    await host.handle(post);
    expect(records.at(1)).toMatchObject({ revision: 1, input: { type: 'outside', change: outage } });
    expect(cluster.seen).toEqual(['1 tick', '1.5 outside outage', '1.5 POST /api/v1/namespaces']);
    expect((await replayed(records)).seen).toEqual(cluster.seen);
  });

  test('nine hours asleep: nothing fires, everything is nine hours later', async () => {
    const { host, wall, cluster, records } = await liveLab();
    wall.at += 0.5 * SECOND;
    await host.sync();
    wall.at += 9 * 3600 * SECOND;
    await host.sync();
    expect(cluster.seen).toEqual([]);
    wall.at += SECOND;
    await host.handle(post);
    expect(cluster.seen).toEqual(['32401 tick', '32401.5 POST /api/v1/namespaces']);
    expect((await replayed(records)).seen).toEqual(cluster.seen);
  });

  test('a gap right after hand-over, when the wall was ahead of the state already', async () => {
    const { host, wall, cluster, records } = lab();
    const moving = { at: wall.at, now: () => (moving.at += 0.7 * SECOND), wakeAt: () => () => {} };
    await host.goLive(moving);
    moving.at += 3600 * SECOND;
    await host.handle(post);
    const copy = await replayed(records);
    expect(copy.seen).toEqual(cluster.seen);
    expect(copy.simulation.digest).toBe(cluster.simulation.digest);
  });

  test('the longest gap that is none is made up for', async () => {
    const { host, wall, cluster } = await liveLab();
    wall.at += 60 * SECOND;
    await host.sync();
    expect(cluster.seen).toHaveLength(60);
  });
});

describe('a live clock that is moved on', () => {
  test('what would have happened in that time has happened, and it follows the wall from there', async () => {
    const { host, wall, cluster, records } = await liveLab();
    wall.at += 0.5 * SECOND;
    await host.advanceBy(600 * SECOND);
    expect([cluster.seen.length, host.now - EPOCH, host.behind]).toEqual([
      600,
      600.5 * SECOND,
      -600 * SECOND,
    ]);
    wall.at += SECOND;
    await host.handle(post);
    expect(cluster.seen.slice(-2)).toEqual(['601 tick', '601.5 POST /api/v1/namespaces']);
    const copy = await replayed(records);
    expect(copy.seen).toEqual(cluster.seen);
    expect(copy.simulation.digest).toBe(cluster.simulation.digest);
  });

  test('from a start in the past it gets to the wall and no further', async () => {
    const { host, wall } = lab();
    wall.at += 7200 * SECOND;
    await host.goLive(wall, 7200 * SECOND);
    expect([host.now, host.behind]).toEqual([EPOCH, 7200 * SECOND]);
    await host.advanceBy(7200 * SECOND);
    expect([host.now, host.behind]).toEqual([wall.at, 0]);
  });

  test('requests are answered in between, and a change of theirs is where a replay does it again', async () => {
    const { host, wall, cluster, records } = lab();
    await host.goLive(wall);
    // Every look at the wall takes a millisecond: a turn is over after ten events.
    const { now } = wall;
    wall.now = () => (wall.at += 1000);
    const moved = host.advanceBy(100 * SECOND);
    const answers = [host.handle(post), host.handle(read)];
    await Promise.all([moved, ...answers]);
    wall.now = now;
    await host.handle(post);
    const asked = cluster.seen.findIndex((line) => line.endsWith('POST /api/v1/namespaces'));
    expect(asked).toBeGreaterThan(1);
    expect(asked).toBeLessThan(30);
    expect(cluster.seen.filter((line) => line.endsWith('tick')).length).toBeGreaterThanOrEqual(100);
    expect((await replayed(records)).seen).toEqual(cluster.seen);
  });

  test('only a live one', async () => {
    const { host, records } = lab();
    await expect(host.advanceBy(SECOND)).rejects.toThrow('only the clock of a live cluster');
    expect(records).toEqual([]);
  });

  test('a process that was killed comes back where its clock was', async () => {
    const first = await liveLab();
    await first.host.advanceBy(3600 * SECOND);
    await first.host.handle(post);
    const second = lab(first.records);
    const { live, behind } = await second.host.replay([...first.records]);
    expect([live, behind]).toEqual([true, -3600 * SECOND]);
    const wall = new FakeWall();
    wall.at += 5 * SECOND;
    await second.host.resume(wall, EPOCH + 2 * SECOND, behind);
    expect(second.host.now).toBe(EPOCH + 3605 * SECOND);
    expect(second.cluster.seen.at(-1)).toBe('3605 tick');
  });
});

describe('replay', () => {
  test('gives the same state and the same events', async () => {
    const { host, wall, cluster, records } = await liveLab();
    wall.at += 1.5 * SECOND;
    await host.handle(post);
    const exec = startExec(await host.handle(execute));
    exec.stdin(Buffer.from('hello'));
    await host.sync();
    wall.at += SECOND;
    await host.sync();
    exec.stdin(Buffer.from('world'));
    exec.stdinEnd();
    exec.close();
    await host.sync();
    wall.at += 3 * SECOND;
    await host.handle(post);
    const copy = await replayed(records);
    expect(copy.seen).toEqual(cluster.seen);
    expect(copy.simulation.digest).toBe(cluster.simulation.digest);
    expect(cluster.seen).toContain('2.5 stdin world');
  });

  test('of a session that somebody in the cluster had to let in', async () => {
    const { host, wall, cluster, records } = lab([], new GuardedCluster());
    await host.goLive(wall);
    const asked = host.handle(execute);
    await host.sync();
    wall.at += 2 * SECOND;
    await host.sync();
    startExec(await asked).stdin(Buffer.from('hello'));
    await host.sync();
    expect(cluster.seen.slice(-4)).toEqual(['1 let in', '2 tick', '2 exec', '2 stdin hello']);
    expect(records.map(({ input }) => input.type)).toEqual(['live', 'request', 'exec', 'stdin']);
    const copy = lab([], new GuardedCluster());
    await copy.host.replay(records);
    expect(copy.cluster.seen).toEqual(cluster.seen);
  });

  test('of a read for which somebody in the cluster had to be asked', async () => {
    const { host, wall, cluster, records } = lab([], new GuardedCluster());
    await host.goLive(wall);
    await host.handle(read);
    const asked = host.handle(guarded);
    await host.sync();
    wall.at += 2 * SECOND;
    await host.sync();
    expect(await asked).toMatchObject({ kind: 'complete', status: 200 });
    await host.handle(guarded);
    expect(cluster.seen).toEqual(['1 tick', '1 let in', '2 tick']);
    expect(records.map(({ input }) => input.type)).toEqual(['live', 'request']);
    const copy = lab([], new GuardedCluster());
    await copy.host.replay(records);
    await copy.cluster.simulation.advanceTo(cluster.simulation.now);
    expect(copy.cluster.seen).toEqual(cluster.seen);
    expect(copy.cluster.simulation.digest).toBe(cluster.simulation.digest);
  });

  test.each(['events', 'revision'] as const)('stops where the log saw another %s', async (field) => {
    const { host, wall, records } = await liveLab();
    wall.at += SECOND;
    await host.handle(post);
    const astray = records.map((record, index) => (index === 1 ? { ...record, [field]: 77 } : record));
    const error: unknown = await replayed(astray).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ReplayError);
    expect(String(error)).toContain('77');
  });

  test('after a kill the clients of open sessions are gone, and a second replay knows it', async () => {
    const first = await liveLab();
    startExec(await first.host.handle(execute)).stdin(Buffer.from('x'));
    await first.host.sync();
    const { records } = first;
    const second = lab(records);
    const { live } = await second.host.replay([...records]);
    expect(live).toBe(true);
    const wall = new FakeWall();
    wall.at += 10 * SECOND;
    await second.host.resume(wall, EPOCH + 3 * SECOND);
    expect(second.cluster.seen.at(-1)).toBe('10 close');
    expect((await replayed(records)).seen).toEqual(second.cluster.seen);
  });

  test('a process that was dead for long: what it slept through does not fire', async () => {
    const first = await liveLab();
    first.wall.at += 2 * SECOND;
    await first.host.handle(post);
    const second = lab(first.records);
    await second.host.replay([...first.records]);
    const wall = new FakeWall();
    wall.at += 9 * 3600 * SECOND;
    await second.host.resume(wall, EPOCH + 5 * SECOND);
    expect(second.cluster.seen.at(-1)).toBe('5 tick');
    expect(second.host.now).toBe(wall.at);
    expect(first.records.at(-1)?.input).toEqual({ type: 'gap', by: (9 * 3600 - 5) * SECOND });
    expect((await replayed(first.records)).seen).toEqual(second.cluster.seen);
  });
});

describe('time that is moved by hand', () => {
  test('moves by advance, and while an exec of the mover is unanswered', async () => {
    const { host, cluster, records } = lab();
    await host.advanceTo(EPOCH + 2 * SECOND);
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const exec = startExec(await host.handle(execute), { exit: resolve });
    exec.stdinEnd();
    expect(await promise).toEqual({ code: 0 });
    await host.turn(() => Promise.resolve());
    expect(host.now).toBe(EPOCH + 4 * SECOND);
    await host.advanceTo(EPOCH + 10 * SECOND);
    expect(cluster.seen).toHaveLength(11);
    expect((await replayed(records)).seen).toEqual(cluster.seen);
  });

  test('a wait that an exec of somebody else has overtaken ends with what is due, as its replay does', async () => {
    const { host, cluster, records } = lab();
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const exec = startExec(await host.handle(execute), { exit: resolve });
    exec.stdinEnd();
    await promise;
    // The answer came before the tick of the same instant.
    expect(cluster.seen.at(-1)).toBe('1 tick');
    expect(host.now).toBe(EPOCH + 2 * SECOND);
    await host.advanceTo(EPOCH + SECOND);
    expect(cluster.seen.at(-1)).toBe('2 tick');
    expect((await replayed(records)).seen).toEqual(cluster.seen);
  });

  test('those who wait side by side each find the instant that they have waited for', async () => {
    const { host, cluster, records } = lab();
    const seen: string[] = [];
    const note = (what: string): void => void seen.push(`${(host.now - EPOCH) / SECOND} ${what}`);
    const looks = async (who: string, every: number, times: number): Promise<void> => {
      for (let look = 0; look < times; look++) {
        await host.handle(read);
        note(who);
        await host.waitUntil(host.now + every * SECOND);
      }
    };
    const commands = async (): Promise<void> => {
      const { promise, resolve } = Promise.withResolvers<unknown>();
      const exec = startExec(await host.handle(execute), { exit: resolve });
      exec.stdinEnd();
      await promise;
      note('command');
    };
    await Promise.all([looks('a', 1.5, 3), looks('b', 2, 2), commands()]);
    expect(seen).toEqual(['0 a', '0 b', '1.5 a', '2 command', '2 b', '3 a']);
    expect(host.now).toBe(EPOCH + 4.5 * SECOND);
    await host.advanceTo(host.now);
    expect((await replayed(records)).seen).toEqual(cluster.seen);
  });

  test('who gives up waiting keeps nobody', async () => {
    const { host } = lab();
    const given = new AbortController();
    const waits = host.waitUntil(EPOCH + 3600 * SECOND, given.signal);
    given.abort(new Error('enough'));
    await expect(waits).rejects.toThrow('enough');
    await host.waitUntil(EPOCH + 2 * SECOND);
    expect(host.now).toBe(EPOCH + 2 * SECOND);
    await expect(host.waitUntil(EPOCH + 3 * SECOND, given.signal)).rejects.toThrow('enough');
  });

  test('cannot be moved in a live lab', async () => {
    const { host } = await liveLab();
    await expect(host.advanceTo(EPOCH + SECOND)).rejects.toThrow('follows the wall');
  });
});
