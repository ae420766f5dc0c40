import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { lookup } from 'node:dns';
import { mkdtempSync, rmSync, stat } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCluster } from '../../src/cluster/cluster.ts';
import { ReplayError } from '../../src/cluster/host/host.ts';
import { InputLogWriter } from '../../src/cluster/host/input-log.ts';
import type { InputRecord } from '../../src/cluster/host/inputs.ts';
import { type NativeWatch, watchNativeActivity } from '../../src/cluster/runtime/host-guard.ts';
import type { Image, Program } from '../../src/cluster/runtime/types.ts';
import { Random } from '../../src/core/random.ts';
import { shopImage } from '../../src/images/shop.ts';
import { SHOP_IMAGE } from '../../src/scenario/shop.ts';
import {
  applyShop,
  type Fingerprint,
  fingerprint,
  headerOf,
  type InProcessLab,
  inProcessLab,
  MINUTE,
  replay,
  SECOND,
} from '../helpers/in-process.ts';
import { run } from '../helpers/processes.ts';
import { schedules } from '../helpers/schedules.ts';
import { session } from '../helpers/session.ts';

/** A lab is a seed and a log of inputs: whoever replays them, and however, has the same lab. */
jest.setTimeout(180_000);

let lab: InProcessLab;
let watch: NativeWatch;
let expected: Fingerprint;
const errors: string[] = [];
beforeAll(async () => {
  lab = inProcessLab(headerOf('determinism'));
  watch = watchNativeActivity();
  lab.cluster.simulation.onError = (error, owner) => errors.push(`${owner}: ${String(error)}`);
  await session(lab);
  expected = fingerprint(lab.cluster);
  watch.stop();
});

test('twelve minutes of the shop: no part of the cluster has thrown', () => {
  expect(errors).toEqual([]);
  expect(expected.events).toBeGreaterThan(5_000);
});

test('no program and no part of the cluster has touched a native timer or host I/O', () => {
  expect(
    watch.activities.map(({ program, type, stack }) => `${program ?? 'cluster'}: ${type}\n${stack}`),
  ).toEqual([]);
});

test.each<[string, () => void]>([
  ['Timeout', () => void setTimeout(() => {}, 0)],
  ['Immediate', () => void setImmediate(() => {})],
  ['FSREQCALLBACK', () => stat('/', () => {})],
  ['GETADDRINFOREQWRAP', () => lookup('localhost', () => {})],
])('a program that does is named: %s', async (type, touch) => {
  const bad: Program = async (context) => {
    await context.clock.sleep(10);
    touch();
    return 0;
  };
  const shop = shopImage(SHOP_IMAGE, '1.4.2');
  const image: Image = {
    digest: `sha256:${'c'.repeat(64)}`,
    sizeBytes: 1,
    config: { entrypoint: ['/bin/culprit'] },
    files: [{ path: '/bin/culprit', mode: 0o755, program: bad }],
  };
  const header = headerOf('culprit');
  const cluster = createCluster({
    ...header,
    ...header.spec,
    registries: [],
    images: { [SHOP_IMAGE]: shop, 'shop.test/bad:1': image },
  });
  const other = inProcessLab(header, cluster);
  const watching = watchNativeActivity();
  await other.host.advanceTo(header.epoch + 5 * SECOND);
  const created = await other.request('POST', '/api/v1/namespaces/default/pods', {
    body: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'bad' },
      spec: { containers: [{ name: 'bad', image: 'shop.test/bad:1' }], restartPolicy: 'Never' },
    },
  });
  expect(created).toMatchObject({ status: 201 });
  await other.host.advanceTo(header.epoch + MINUTE);
  watching.stop();
  const pod = await other.request('GET', '/api/v1/namespaces/default/pods/bad');
  expect(pod.body).toMatchObject({ status: { phase: 'Succeeded' } });
  expect(watching.activities.map(({ program, type }) => [program, type])).toEqual([['/bin/culprit', type]]);
});

describe('the same log', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'determinism-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('in two other processes, which have read it from a file', async () => {
    const path = join(folder, 'inputs.jsonl');
    const writer = InputLogWriter.create(path, lab.header);
    for (const record of lab.records) writer.append(record);
    writer.close();
    const child = join(import.meta.dirname, '..', 'helpers', 'replay-child.ts');
    const [first, second] = await Promise.all([
      run(process.execPath, [child, path]),
      run(process.execPath, [child, path]),
    ]);
    expect(first.stderr + second.stderr).toBe('');
    expect(JSON.parse(first.stdout)).toEqual(expected);
    expect(JSON.parse(second.stdout)).toEqual(expected);
  });

  describe.each(Object.entries(schedules))('%s', (name, again) => {
    test.each(['first', 'second'])('with the %s draw of chance', async (draw) => {
      const found = await again(lab.header, lab.records, new Random(`${name}/${draw}`));
      expect(found.length).toBeGreaterThan(0);
      for (const one of found) expect(one).toEqual(expected);
    });
  });

  test('another seed gives another lab', async () => {
    const other = inProcessLab(headerOf('another'));
    await applyShop(other);
    await other.host.advanceTo(other.header.epoch + MINUTE);
    const same = inProcessLab(lab.header);
    await applyShop(same);
    await same.host.advanceTo(lab.header.epoch + MINUTE);
    expect(fingerprint(other.cluster).digest).not.toBe(fingerprint(same.cluster).digest);
  });

  test.each(['events', 'revision'] as const)(
    'a log that saw another number of %s stops the replay',
    async (field) => {
      const middle = Math.floor(lab.records.length / 2);
      const astray = lab.records.map((record, index): InputRecord => {
        return index === middle ? { ...record, [field]: record[field] + 1 } : record;
      });
      await expect(replay(lab.header, astray)).rejects.toBeInstanceOf(ReplayError);
    },
  );

  test('an input that is missing is noticed at the next', async () => {
    const first = lab.records.findIndex(({ input }) => input.type === 'live');
    await expect(replay(lab.header, lab.records.toSpliced(first + 1, 1))).rejects.toBeInstanceOf(ReplayError);
  });
});
