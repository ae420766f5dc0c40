import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { packageRoot } from '../../../../src/core/package-root.ts';
import { compare } from '../../../../tools/parity/compare.ts';
import type { Fact, Recording } from '../../../../tools/parity/record.ts';
import { checkTable } from '../../../../tools/parity/table.ts';

const recording = (facts: readonly Fact[]): Recording => ({
  scenario: 'x',
  seed: 1,
  provider: 'x',
  since: 1,
  facts,
});

const event = (message: string, more: Readonly<Record<string, unknown>> = {}): Fact => ({
  kind: 'event',
  about: 'Pod shop/checkout-5d8f7c9b6d-x2x4z',
  says: { type: 'Warning', reason: 'Unhealthy', message, component: 'kubelet', count: 1, ...more },
});

const pod = (
  container: Readonly<Record<string, unknown>> = {},
  conditions: readonly string[] = ['Ready True'],
): Fact => ({
  kind: 'pod',
  about: 'shop/checkout-5d8f7c9b6d-x2x4z',
  says: {
    phase: 'Running',
    conditions,
    containers: [{ name: 'checkout', imageID: 'a', restartCount: 0, state: 'running', ...container }],
  },
});

const workload = (...conditions: readonly string[]): Fact => ({
  kind: 'workload',
  about: 'shop/checkout',
  says: { replicas: 3, conditions },
});

const check = (status: string): Fact => ({ kind: 'check', about: 'traffic', says: { status, seen: '200' } });

/** A symptom: a name has an address of before. */
const sentAway: Fact = {
  kind: 'symptom',
  about: 'checkout is sent to an address that is not that of payments',
  says: { status: 'pass' },
};

const waiting = (reason: string, message: string): object => ({ waiting: { reason, message } });

const refused = 'Get "http://10.244.1.7:8099/readyz": dial tcp 10.244.1.7:8099: connect: connection refused';

describe('what parity sees', () => {
  test.each<[string, Fact, Fact]>([
    ['a word of a message', event(refused), event(refused.replace('refused', 'reset'))],
    ['a port in a message', event(refused), event(refused.replaceAll('8099', '8098'))],
    ['the reason of an event', event(refused), event(refused, { reason: 'Failed' })],
    ['the source of an event', event(refused), event(refused, { component: 'scheduler' })],
    ['a state', pod(), pod({ state: { waiting: { reason: 'CrashLoopBackOff' } } })],
    ['a condition', pod(), pod({}, ['Ready False ContainersNotReady'])],
    ['whether a container was restarted', pod(), pod({ restartCount: 1 })],
    [
      'how a call fails',
      { ...check('fail'), says: { status: 'fail', seen: 'connect ECONNREFUSED 10.96.57.72:80' } },
      { ...check('fail'), says: { status: 'fail', seen: 'connect ETIMEDOUT payments' } },
    ],
    ['the result of a check', check('pass'), check('fail')],
  ])('%s', (_what, real, embedded) => {
    const { same, onlyReal, onlyEmbedded } = compare(recording([real]), recording([embedded]));
    expect([same, onlyReal.length, onlyEmbedded.length]).toEqual([0, 1, 1]);
  });

  test('what one of them does not have', () => {
    expect(compare(recording([event(refused)]), recording([]))).toMatchObject({
      same: 0,
      onlyReal: [expect.any(String)],
    });
    expect(compare(recording([]), recording([event(refused)])).onlyEmbedded).toHaveLength(1);
  });
});

describe('what may differ', () => {
  const elsewhere = refused.replaceAll('10.244.1.7', '10.0.0.3');
  test.each<[string, Fact, Fact]>([
    ['addresses', event(refused), event(elsewhere)],
    ['counts', event(refused), event(refused, { count: 7 })],
    ['counts of restarts', pod({ restartCount: 2 }), pod({ restartCount: 3 })],
    ['ids', pod(), { ...pod(), about: 'shop/checkout-7b9c6d5f4d-9zq8w' }],
    ['images', pod(), pod({ imageID: 'b' })],
    ['images', event('Image size: 1 bytes.'), event('Image size: 22 bytes.')],
    ['times', event('back-off 10s restarting'), event('back-off 1m20s restarting')],
    [
      'the moment of a pod that restarts',
      pod({ restartCount: 1 }),
      pod({ restartCount: 1, state: 'none' }, []),
    ],
  ])('%s', (_what, real, embedded) => {
    expect(compare(recording([real]), recording([embedded]))).toEqual({
      same: 1,
      onlyReal: [],
      onlyEmbedded: [],
    });
  });

  test.each<[string, readonly Fact[], readonly Fact[]]>([
    [
      'what is seen of a container that restarts',
      [pod({ restartCount: 2 }), check('fail')],
      [pod({ restartCount: 1 }), { ...check('fail'), says: { status: 'fail', seen: '503' } }],
    ],
    [
      'how a call fails that leaves the cluster',
      [sentAway, { ...check('fail'), says: { status: 'fail', seen: 'connect ECONNREFUSED 10.96.57.72:80' } }],
      [sentAway, { ...check('fail'), says: { status: 'fail', seen: 'connect ETIMEDOUT payments' } }],
    ],
    ['a probe of a pod that was starting', [], [event(refused, { passing: true })]],
    ['a claim seen before its pod', [event('waiting', { reason: 'WaitForFirstConsumer' })], []],
    [
      'a try to pull, or the wait for the next',
      [pod({ state: waiting('ImagePullBackOff', 'Back-off pulling image "x:1": ErrImagePull: no') })],
      [pod({ state: waiting('ErrImagePull', 'no') })],
    ],
    [
      'whether a controller has seen the first pod of a rollout come',
      [workload('Progressing True NewReplicaSetCreated Created new replica set "checkout-7b9c6d5f4d"')],
      [workload('Progressing True ReplicaSetUpdated ReplicaSet "checkout-7b9c6d5f4d" is progressing.')],
    ],
  ])('%s', (_what, real, embedded) => {
    expect(compare(recording(real), recording(embedded))).toMatchObject({ onlyReal: [], onlyEmbedded: [] });
  });

  test('a probe of a container that the kernel has just killed, and not one that the kubelet ends', () => {
    const killed = (reason: string): Fact => pod({ restartCount: 1, lastState: { terminated: { reason } } });
    const of = (reason: string, ...more: readonly Fact[]): Recording => recording([killed(reason), ...more]);
    const seen = event(refused);
    expect(compare(of('OOMKilled', seen), of('OOMKilled')).onlyReal).toEqual([]);
    expect(compare(of('Error', seen), of('Error')).onlyReal).toHaveLength(1);
  });

  test('not what is seen of containers that restart on one cluster only', () => {
    const seen = { ...check('fail'), says: { status: 'fail', seen: '503' } };
    const real = recording([pod({ restartCount: 2 }), check('fail')]);
    expect(compare(real, recording([pod(), seen]))).toMatchObject({ same: 0 });
    expect(compare(real, recording([pod({ restartCount: 1 }), check('pass')]))).toMatchObject({ same: 1 });
  });

  test('what one request meets where answers vary on both, and not the verdict of a check', () => {
    const vary = (status: string, seen = '31 of 60'): Fact => ({
      kind: 'symptom',
      about: 'gateway gets different answers for payments',
      says: { status, seen },
    });
    const probe = (outcome: string): Fact => ({
      kind: 'probe',
      about: 'http http://payments/version',
      says: { outcomes: [outcome] },
    });
    const seen = { ...check('fail'), says: { status: 'fail', seen: 'ETIMEDOUT' } };
    const of = (symptom: string, ...more: readonly Fact[]): Recording => recording([vary(symptom), ...more]);
    const real = of('pass', probe('200'), check('fail'));
    expect(compare(real, of('pass', probe('ETIMEDOUT'), seen))).toMatchObject({ same: 2, onlyReal: [] });
    expect(compare(real, recording([vary('pass', '29 of 60'), check('fail')])).onlyReal).toEqual([]);
    expect(compare(real, of('pass', check('pass'))).onlyReal).toHaveLength(1);
    expect(compare(real, of('fail', probe('ETIMEDOUT'), seen)).onlyReal).toHaveLength(3);
  });

  test('docs/fidelity.md has the same list', () => {
    expect(() => checkTable(join(packageRoot, 'docs/fidelity.md'))).not.toThrow();
    expect(() => checkTable(join(packageRoot, 'docs/verdicts.md'))).toThrow('the parity program knows');
  });
});
