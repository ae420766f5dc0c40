import { describe, expect, test } from '@jest/globals';
import { clientsAsBefore } from '../../../src/checks/client-settings.ts';
import { givenTo, readBefore, readNow, toldAsFresh } from '../../../src/checks/environment.ts';
import { untouched } from '../../../src/checks/untouched.ts';
import { type KubeClient, KubeError } from '../../../src/kube/client.ts';
import type { Container } from '../../../src/model/objects.ts';
import { labView, object, workload } from './support.ts';

const of = { namespace: 'shop', name: 'checkout' };
const fresh = { namespace: 'shop', name: 'fresh' };
const running = { phase: 'Running', containerStatuses: [{ name: 'checkout', state: { running: {} } }] };
const container = {
  name: 'checkout',
  resources: {},
  envFrom: [{ configMapRef: { name: 'shop-settings' } }, { secretRef: { name: 'ledger' }, prefix: 'THE_' }],
  env: [
    { name: 'PORT', value: '8080' },
    { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
    { name: 'SELF', value: 'http://$(NODE):8080' },
    { name: 'SIZE', valueFrom: { configMapKeyRef: { name: 'sizes', key: 'size' } } },
    { name: 'KEY', valueFrom: { secretKeyRef: { name: 'ledger', key: 'PASSWORD' } } },
    { name: 'GONE', valueFrom: { configMapKeyRef: { name: 'gone', key: 'size', optional: true } } },
  ],
};
const settings = (data: object) => object('v1', 'ConfigMap', 'shop-settings@shop', { data });
const objects = [
  ...workload('checkout@shop', { containers: [container] }, [running, running], { app: 'checkout' }),
  settings({ CACHE_MEGABYTES: '16', PORT: '80', PAYMENTS_URL: 'http://payments' }),
  object('v1', 'ConfigMap', 'sizes@shop', { data: { size: 'large' } }),
  object('v1', 'Secret', 'ledger@shop', { data: { PASSWORD: 'c2VjcmV0' } }),
];
/** What every pod is told. */
const GIVEN = {
  CACHE_MEGABYTES: '16',
  PORT: '8080',
  PAYMENTS_URL: 'http://payments',
  THE_PASSWORD: 'secret',
  SIZE: 'large',
  KEY: 'secret',
};

/** A lab whose pods say that they were told this; with undefined they cannot be asked. */
const told = (by: (pod: string) => object | undefined) => {
  const exec: KubeClient['exec'] = (_namespace, pod, { command }) => {
    const environment = by(pod);
    if (environment === undefined) return Promise.reject(new KubeError(404, 'container not found'));
    expect(command).toEqual(['env', '-0']);
    const lines = Object.entries(environment).map(([name, value]) => `${name}=${value}\0`);
    return Promise.resolve({ code: 0, stdout: lines.join(''), stderr: '' });
  };
  return labView(objects, { exec });
};

test('what a container is given, now and before', async () => {
  const lab = await told(() => GIVEN);
  await lab.put(settings({ CACHE_MEGABYTES: '32', CACHE_RECEIPTS: '4' }));
  const of = container as unknown as Container;
  expect(Object.fromEntries(await givenTo(readBefore(lab, 'shop'), of))).toEqual(GIVEN);
  const { PAYMENTS_URL: _url, ...rest } = GIVEN;
  const now = { ...rest, CACHE_MEGABYTES: '32', CACHE_RECEIPTS: '4' };
  expect(Object.fromEntries(await givenTo(readNow(lab, 'shop'), of))).toEqual(now);
});

describe('those that run were told what a fresh pod is told', () => {
  const look = async (by: (pod: string) => object | undefined) => toldAsFresh(await told(by), of, fresh);
  const turned = { ...GIVEN, CACHE_MEGABYTES: '32', CACHE_RECEIPTS: '4' };
  const other = (more: object) => (pod: string) => (pod === 'checkout-1-1' ? { ...GIVEN, ...more } : GIVEN);

  test.each([
    ['the same', {}, undefined],
    ['another value', { CACHE_MEGABYTES: '4' }, 'CACHE_MEGABYTES'],
    ['one more', { CACHE_RECEIPTS: '=4\n' }, 'CACHE_RECEIPTS'],
    ['what is for each pod', { NODE: 'a', SELF: 'http://a:8080', HOSTNAME: 'checkout-1-1' }, undefined],
    ['of a Service', { FX_SERVICE_HOST: '10.96.0.9', FX_PORT_80_TCP: 'tcp://10.96.0.9:80' }, undefined],
  ])('%s', async (_what, more, variable) => {
    expect((await look(other(more))).seen).toBe(
      variable === undefined
        ? 'no pod runs with other settings'
        : `pod/checkout-1-1 runs with another value of ${variable} than a new pod would be given`,
    );
  });

  test('who runs with what there was before the fault need not have read what was turned since', async () => {
    expect((await look((pod) => (pod === 'fresh' ? turned : GIVEN))).status).toBe('pass');
    expect((await look((pod) => (pod === 'fresh' ? GIVEN : turned))).status).toBe('fail');
  });

  test('who cannot be asked is looked at elsewhere, but for the fresh one', async () => {
    expect((await look((pod) => (pod === 'checkout-1-0' ? undefined : GIVEN))).status).toBe('pass');
    expect((await look((pod) => (pod === 'fresh' ? undefined : GIVEN))).status).toBe('fail');
  });
});

describe('a setting that was turned, read, and turned back', () => {
  test.each([
    ['nothing', GIVEN, 'pass', 'pass'],
    ['of a workload that nobody may touch', { ...GIVEN, SIZE: 'small' }, 'fail', 'pass'],
    ['one that is free', { ...GIVEN, CACHE_MEGABYTES: '4' }, 'pass', 'pass'],
    ['an address', { ...GIVEN, PAYMENTS_URL: 'http://10.96.0.9' }, 'fail', 'fail'],
    ['an address that nobody gave', { ...GIVEN, CHECKOUT_URL: 'http://10.96.0.9' }, 'pass', 'fail'],
  ])('%s', async (_what, environment, whole, addresses) => {
    const lab = await told(() => environment);
    await lab.put(object('v1', 'Service', 'checkout@shop'));
    expect((await untouched(of, { free: ['CACHE_MEGABYTES'] }).look(lab)).status).toBe(whole);
    const view = await labView([...objects, object('v1', 'Service', 'checkout@shop')], lab.kube);
    expect((await clientsAsBefore('shop', ['checkout']).look(view)).status).toBe(addresses);
  });

  test('the old pods of a rollout are waited for', async () => {
    let asked = 0;
    const lab = await told(() => (asked++ < 4 ? { ...GIVEN, SIZE: 'small' } : GIVEN));
    expect((await untouched(of).grade?.(lab))?.status).toBe('pass');
  });
});
