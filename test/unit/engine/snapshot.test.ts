import { writeFileSync } from 'node:fs';
import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { noteChanges } from '../../../src/engine/changes.ts';
import { changesBetween, takeSnapshot } from '../../../src/engine/snapshot.ts';
import { apiVersionOf, resources } from '../../../src/model/resources.ts';
import { setValues } from '../support/settings-scenario.ts';
import { testLab } from '../support/lab.ts';

const object = 'shop/deployment/checkout';

describe('what differs', () => {
  test.each<[string, unknown, unknown, unknown]>([
    ['a value', { a: 1 }, { a: 2 }, [{ object, field: 'a', before: '1', after: '2' }]],
    ['a field that is new', { a: {} }, { a: { b: 'x' } }, [{ object, field: 'a.b', before: '', after: 'x' }]],
    [
      'a field that is gone',
      { a: { b: 'x' } },
      { a: {} },
      [{ object, field: 'a.b', before: 'x', after: '' }],
    ],
    [
      'an item of a list',
      { c: [{ n: 'a' }, { n: 'b' }] },
      { c: [{ n: 'a' }, { n: 'c' }] },
      [{ object, field: 'c[1].n', before: 'b', after: 'c' }],
    ],
    [
      'a list of another length, as a whole',
      { c: [1] },
      { c: [1, 2] },
      [{ object, field: 'c', before: '[1]', after: '[1,2]' }],
    ],
    ['nothing', { a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }, []],
    ['another type', { a: 'x' }, { a: ['x'] }, [{ object, field: 'a', before: 'x', after: '["x"]' }]],
  ])('%s', (_name, before, after, changes) => {
    expect(changesBetween({ [object]: before }, { [object]: after })).toEqual(changes);
  });

  test('objects that came and went', () => {
    expect(changesBetween({ a: {} }, { b: {} })).toEqual([
      { object: 'a', field: '', before: 'was there', after: 'deleted' },
      { object: 'b', field: '', before: '', after: 'created' },
    ]);
  });

  test.each([
    ['  ttl 30\n  cache 9', '  ttl 5\n  cache 9', 'ttl 30', 'ttl 5'],
    ['a {\n  errors\n}', 'a {\n  cache 5\n  errors\n}', '', 'cache 5'],
    ['a {\n  logs\n}', 'a {\n}', 'logs', ''],
    ['a\na', 'a', 'a', ''],
    // Of white space alone nothing would be left.
    ['a', 'a\n', 'a', 'a\n'],
  ])('of %j and %j the lines that differ', (before, after, was, is) => {
    const corefile = (Corefile: string) => ({ 'kube-system/configmap/coredns': { data: { Corefile } } });
    expect(changesBetween(corefile(before), corefile(after))).toEqual([
      { object: 'kube-system/configmap/coredns', field: 'data.Corefile', before: was, after: is },
    ]);
  });

  test('long values are cut', () => {
    const [change] = changesBetween({ a: { x: '' } }, { a: { x: 'y'.repeat(500) } });
    expect(change?.after).toHaveLength(201);
  });

  test('secrets keep their values to themselves', () => {
    const changes = changesBetween(
      { 'shop/secret/key': { data: { key: 'b25l' } } },
      { 'shop/secret/key': { data: { key: 'dHdv' } } },
    );
    expect(changes).toEqual([{ object: 'shop/secret/key', field: 'data.key', before: '…', after: '…' }]);
  });

  test('there is a difference exactly where the JSON differs', () => {
    const json = fc.jsonValue({ maxDepth: 3 });
    fc.assert(
      fc.property(json, json, (before, after) => {
        expect(changesBetween({ a: { x: before } }, { a: { x: before } })).toEqual([]);
        const same = JSON.stringify(before) === JSON.stringify(after);
        if (!same) return;
        expect(changesBetween({ a: { x: before } }, { a: { x: after } })).toEqual([]);
      }),
    );
  });
});

describe('a snapshot', () => {
  test('has what people change, without what the cluster writes', async () => {
    using lab = testLab();
    await using open = await lab.start();
    const { kube } = open.cluster;
    const metadata = {
      name: 'made',
      namespace: 'shop',
      annotations: { 'deployment.kubernetes.io/revision': '2', mine: 'x' },
    };
    await kube.create(resources.configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata,
      data: { a: '1' },
    });
    await kube.create(resources.configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'kube-root-ca.crt', namespace: 'shop' },
    });
    await kube.create(resources.endpointSlices, {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: 'kept',
        namespace: 'shop',
        ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name: 'x', uid: 'y' }],
      },
      addressType: 'IPv4',
      endpoints: [],
      ports: [],
    });
    const snapshot = await takeSnapshot(kube, open.incident.plan);
    expect(Object.keys(snapshot).sort()).toEqual([
      'shop/configmap/made',
      'shop/configmap/settings',
      'shop/secret/key',
    ]);
    expect(snapshot['shop/configmap/made']).toEqual({
      data: { a: '1' },
      metadata: { labels: undefined, annotations: { mine: 'x' } },
    });
  });
});

test.each([
  ['an autoscaler', resources.horizontalPodAutoscalers],
  ['a quota', resources.resourceQuotas],
  ['a budget', resources.podDisruptionBudgets],
  ['a CronJob', resources.cronJobs],
])('%s that somebody has made is a change', async (_what, resource) => {
  using lab = testLab();
  await using open = await lab.start();
  const { kube } = open.cluster;
  const before = await takeSnapshot(kube, open.incident.plan);
  const { kind } = resource;
  const metadata = { name: 'mine', namespace: 'shop' };
  const own = { apiVersion: apiVersionOf(resource), kind, metadata, spec: {} };
  await kube.applyAll([own], { manager: 'kubectl' });
  expect(changesBetween(before, await takeSnapshot(kube, open.incident.plan))).toEqual([
    { object: `shop/${kind.toLowerCase()}/mine`, field: '', before: '', after: 'created' },
  ]);
});

describe('noting changes', () => {
  test('only what is news goes into the journal', async () => {
    using lab = testLab();
    await using open = await lab.start();
    const now = lab.provider.clock.now();
    const changed = () => open.folder.journal.read().filter(({ type }) => type === 'changed').length;
    await noteChanges(open, now);
    expect(changed()).toBe(0);
    await setValues(open.cluster, { level: '1' });
    await noteChanges(open, now);
    await noteChanges(open, now);
    expect(changed()).toBe(1);
    await setValues(open.cluster, { level: '9' });
    await noteChanges(open, now);
    expect(open.folder.journal.read().at(-1)).toMatchObject({ type: 'changed', changes: [] });
  });

  test.each(['unreachable', 'forbidden'] as const)(
    'a cluster that is %s has nothing to say',
    async (wrong) => {
      using lab = testLab();
      await using open = await lab.start();
      lab.cluster()[wrong] = true;
      await noteChanges(open, lab.provider.clock.now());
      expect(open.folder.journal.read().at(-1)?.type).toBe('handed-over');
    },
  );

  test('a hand-over that cannot be read is an error of the lab', async () => {
    using lab = testLab();
    await using open = await lab.start();
    writeFileSync(open.folder.file('handed-over.json'), '{');
    await expect(noteChanges(open, lab.provider.clock.now())).rejects.toMatchObject({
      code: 'LAB_FILE_UNREADABLE',
      kind: 'lab',
      message: expect.stringContaining('handed-over.json cannot be read'),
      fix: 'breakfix reset inc-9100 starts the same incident again',
    });
  });

  test('a bug is not taken for silence', async () => {
    using lab = testLab();
    await using open = await lab.start();
    jest.spyOn(open.cluster.kube, 'list').mockRejectedValue(new TypeError('x is not a function'));
    await expect(noteChanges(open, lab.provider.clock.now())).rejects.toThrow(TypeError);
  });
});
