import { describe, expect, test } from '@jest/globals';
import { namespaceKept, programKept, sameObject, sameObjects } from '../../../src/checks/objects.ts';
import { resources } from '../../../src/model/resources.ts';
import { labView, object } from './support.ts';

const container = { name: 'checkout', image: 'shop.test/shop:1.4.2' };
const deployment = (fields: object) =>
  object('apps/v1', 'Deployment', 'checkout@shop', {
    spec: { replicas: 2, template: { spec: { containers: [{ ...container, ...fields }] } } },
  });

describe('the program is kept', () => {
  const check = programKept('shop', 'checkout');
  const hook = { exec: { command: ['sleep', '2'] } };

  test.each<[string, object, string]>([
    ['with another environment', { env: [{ name: 'CACHE_MEGABYTES', value: '4' }] }, 'pass'],
    // The false fail that the attack found: what is done before the end changes no program.
    ['with a hook before its end', { lifecycle: { preStop: hook } }, 'pass'],
    ['with a hook beside its start', { lifecycle: { postStart: hook } }, 'fail'],
    ['with another command', { command: ['sleep', '3600'] }, 'fail'],
    ['with another image', { image: 'shop.test/shop:1.5.0' }, 'fail'],
    ['with files of its own', { volumeMounts: [{ name: 'files', mountPath: '/app' }] }, 'fail'],
  ])('%s', async (_what, fields, expected) => {
    const lab = await labView([deployment({})]);
    await lab.put(deployment(fields));
    expect((await check.look(lab)).status).toBe(expected);
  });

  test.each([
    ['a volume of its own beside it', 'spool', 'pass'],
    ['a volume of the program, into which it may write', 'data', 'fail'],
  ])('a container more, with %s', async (_what, name, expected) => {
    const data = { name: 'data', emptyDir: {} };
    const own = { ...container, volumeMounts: [{ name: 'data', mountPath: '/data' }] };
    const beside = { name: 'beside', image: 'busybox:1.37', volumeMounts: [{ name, mountPath: '/x' }] };
    const template = (spec: object) =>
      object('apps/v1', 'Deployment', 'checkout@shop', { spec: { replicas: 2, template: { spec } } });
    const lab = await labView([template({ containers: [own], volumes: [data] })]);
    const volumes = [data, { name: 'spool', emptyDir: {} }];
    await lab.put(template({ containers: [own, beside], volumes }));
    expect((await check.look(lab)).status).toBe(expected);
    await lab.put(template({ containers: [own], initContainers: [beside], volumes }));
    expect((await check.look(lab)).status).toBe(expected);
  });

  test.each<[string, string, object, object, string]>([
    ['a scratch folder of its own', '/tmp', { emptyDir: {} }, {}, 'pass'],
    ['a scratch folder where its program is', '/app', { emptyDir: {} }, {}, 'fail'],
    ['a folder beside it', '/tmpl', { emptyDir: {} }, {}, 'fail'],
    ['files of a ConfigMap', '/tmp', { configMap: { name: 'files' } }, {}, 'fail'],
    [
      'a scratch folder into which somebody else writes',
      '/tmp',
      { emptyDir: {} },
      { initContainers: [{ name: 'i', volumeMounts: [{ name: 'tmp', mountPath: '/x' }] }] },
      'fail',
    ],
  ])('with %s', async (_what, mountPath, volume, more, expected) => {
    const lab = await labView([deployment({})]);
    const own = { ...container, volumeMounts: [{ name: 'tmp', mountPath }] };
    const spec = { containers: [own], volumes: [{ name: 'tmp', ...volume }], ...more };
    await lab.put(
      object('apps/v1', 'Deployment', 'checkout@shop', { spec: { replicas: 2, template: { spec } } }),
    );
    expect((await check.look(lab)).status).toBe(expected);
  });

  test('another release may come where one is expected, another command not', async () => {
    const newer = programKept('shop', 'checkout', { newRelease: true });
    const lab = await labView([deployment({})]);
    await lab.put(deployment({ image: 'shop.test/shop:1.5.0' }));
    expect((await newer.look(lab)).status).toBe('pass');
    await lab.put(deployment({ image: 'shop.test/shop:1.5.0', args: ['--verbose'] }));
    expect((await newer.look(lab)).status).toBe('fail');
  });

  test('of several releases one may be chosen, and no other', async () => {
    const chosen = programKept('shop', 'checkout', { releases: ['shop.test/shop:1.5.0'] });
    const lab = await labView([deployment({})]);
    await lab.put(deployment({ image: 'shop.test/shop:1.5.0' }));
    expect((await chosen.look(lab)).status).toBe('pass');
    await lab.put(deployment({ image: 'shop.test/shop:1.3.0' }));
    expect(await chosen.look(lab)).toEqual({
      status: 'fail',
      seen: 'deployment/checkout runs shop.test/shop:1.3.0',
    });
  });
});

describe('an object is the one that was there', () => {
  const check = sameObject(resources.services, 'shop', 'ledger');
  const ledger = (metadata: object = {}) => object('v1', 'Service', 'ledger@shop', { metadata });

  test('whatever was changed in it', async () => {
    const lab = await labView([ledger()]);
    await lab.put(ledger({ labels: { team: 'money' } }));
    expect(await check.look(lab)).toEqual({ status: 'pass', seen: 'the same' });
  });

  test('but not where only a finalizer keeps it', async () => {
    const lab = await labView([ledger()]);
    await lab.put(ledger({ finalizers: ['example.com/hold'], deletionTimestamp: '2026-01-01T00:00:00Z' }));
    expect(await check.look(lab)).toEqual({ status: 'fail', seen: 'service/ledger is being deleted' });
  });
});

describe('what has data or an address is the one of before', () => {
  const check = sameObjects('shop');
  const claim = (volumeName: string, more: object = {}) =>
    object('v1', 'PersistentVolumeClaim', 'data-ledger-0@shop', {
      spec: { volumeName },
      status: { phase: 'Bound', ...more },
    });
  const objects = [
    object('v1', 'Namespace', 'shop'),
    object('apps/v1', 'StatefulSet', 'ledger@shop', { spec: {} }),
    claim('pvc-1'),
    object('v1', 'Service', 'ledger@shop', { spec: {} }),
    object('apps/v1', 'Deployment', 'checkout@shop', { spec: {} }),
  ];
  const { namespaces, statefulSets, persistentVolumeClaims, services, deployments } = resources;

  test('nothing was made again', async () => {
    const lab = await labView(objects);
    await lab.put(object('v1', 'Service', 'more@shop', { spec: {} }));
    expect(await check.look(lab)).toEqual({ status: 'pass', seen: 'the same' });
  });

  test.each([
    ['the namespace', namespaces, undefined, 'shop', 'namespace/shop was deleted and created again'],
    ['a StatefulSet', statefulSets, 'shop', 'ledger', 'statefulset/ledger was deleted and created again'],
    ['a claim', persistentVolumeClaims, 'shop', 'data-ledger-0', 'persistentvolumeclaim/data-ledger-0 was'],
    ['a Service', services, 'shop', 'ledger', 'service/ledger was deleted and created again'],
  ])('%s was made again', async (_what, resource, namespace, name, expected) => {
    const lab = await labView(objects);
    await lab.kube.delete(resource, namespace, name);
    expect((await check.look(lab)).status).toBe('fail');
    await lab.put(...objects);
    const { status, seen } = await check.look(lab);
    expect([status, seen]).toEqual(['fail', expect.stringContaining(expected)]);
  });

  test('a Deployment may be, and a Service where the fault did so', async () => {
    const lab = await labView(objects);
    await lab.kube.delete(deployments, 'shop', 'checkout');
    await lab.kube.delete(services, 'shop', 'ledger');
    await lab.put(...objects);
    expect((await sameObjects('shop', { services: false }).look(lab)).status).toBe('pass');
  });

  test.each([
    ['has another volume', claim('pvc-2')],
    ['has lost its volume', claim('pvc-1', { phase: 'Lost' })],
  ])('a claim %s', async (_what, now) => {
    const lab = await labView(objects);
    await lab.put(now);
    expect(await check.look(lab)).toEqual({
      status: 'fail',
      seen: 'persistentvolumeclaim/data-ledger-0 has lost its volume',
    });
  });
});

describe('what is in a namespace is kept', () => {
  const service = (name: string, port: number) =>
    object('v1', 'Service', `${name}@partner`, { spec: { ports: [{ port }] } });
  const settings = (mode: string) => object('v1', 'ConfigMap', 'settings@partner', { data: { mode } });

  test.each([
    ['all as before', service('dns', 53), 'as before'],
    ['another spec', service('dns', 54), 'service/dns is not as before'],
    ['other data', settings('quick'), 'configmap/settings is not as before'],
    ['one more', service('cache', 53), 'service/cache is not as before'],
  ])('%s', async (_what, put, seen) => {
    const lab = await labView([service('dns', 53), settings('slow')], {}, ['partner']);
    await lab.put(put);
    expect((await namespaceKept('partner').look(lab)).seen).toBe(seen);
  });
});
