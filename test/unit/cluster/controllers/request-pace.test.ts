import { describe, expect, test } from '@jest/globals';
import type { AnyObject } from '../../../../src/model/objects.ts';
import { WholeCluster } from '../support/whole-cluster.ts';

const MOST = 2 ** 31 - 1;
const PODS = '/api/v1/namespaces/default/pods';
const labels = { app: 'web' };
const template = (restartPolicy: string): object => ({
  metadata: { labels },
  // No node has as much, so that nothing but the controllers is at work.
  spec: {
    restartPolicy,
    containers: [{ name: 'web', image: 'busybox:1.37', resources: { requests: { cpu: '1000' } } }],
  },
});
const keeping = { selector: { matchLabels: labels }, template: template('Always') };

const endless: readonly (readonly [kind: string, apiVersion: string, spec: object])[] = [
  ['Deployment', 'apps/v1', { ...keeping, replicas: MOST }],
  [
    'StatefulSet',
    'apps/v1',
    { ...keeping, replicas: MOST, serviceName: 'web', podManagementPolicy: 'Parallel' },
  ],
  ['Job', 'batch/v1', { parallelism: MOST, completions: MOST, template: template('Never') }],
  [
    'Job',
    'batch/v1',
    { parallelism: 100_000, completions: MOST, completionMode: 'Indexed', template: template('Never') },
  ],
];

describe('who asks for two billion pods', () => {
  test.each(endless)('%s of %s gets them at the pace of a controller', async (kind, apiVersion, spec) => {
    const whole = new WholeCluster();
    await whole.seconds(5);
    whole.create({ apiVersion, kind, metadata: { name: 'web' }, spec } as unknown as AnyObject);
    await whole.seconds(1);
    const count = (): number => whole.list(PODS).length;
    const first = count();
    expect(first).toBeGreaterThanOrEqual(30);
    expect(first).toBeLessThanOrEqual(50);
    await whole.seconds(2);
    expect(count() - first).toBeGreaterThanOrEqual(39);
    expect(count() - first).toBeLessThanOrEqual(41);
  });

  test('a ReplicaSet tells of its pods when there are 500 more, or all, as on kind', async () => {
    const whole = new WholeCluster();
    await whole.seconds(5);
    const metadata = { name: 'web' };
    const spec = { ...keeping, replicas: 540 };
    whole.create({ apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata, spec } as unknown as AnyObject);
    const replicas = (): number =>
      whole.get<{ status: { replicas: number } }>('/apis/apps/v1/namespaces/default/replicasets/web').status
        .replicas;
    await whole.seconds(20);
    expect(whole.list(PODS).length).toBeGreaterThan(400);
    expect(replicas()).toBe(0);
    await whole.seconds(5);
    expect(replicas()).toBeGreaterThanOrEqual(500);
    await whole.seconds(5);
    expect(replicas()).toBe(540);
  });

  test('others have their turn too', async () => {
    const whole = new WholeCluster();
    await whole.seconds(5);
    const create = (name: string, replicas: number): void => {
      const spec = { ...keeping, selector: { matchLabels: { app: name } }, replicas };
      const itself = { ...keeping.template, metadata: { labels: { app: name } } };
      const object = { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name } };
      whole.create({ ...object, spec: { ...spec, template: itself } } as unknown as AnyObject);
    };
    create('many', MOST);
    create('more', MOST);
    await whole.seconds(5);
    create('few', 10);
    await whole.seconds(3);
    const count = (name: string): number =>
      whole.list<AnyObject>(PODS).filter(({ metadata }) => metadata.labels?.['app'] === name).length;
    expect(count('few')).toBe(10);
    expect(count('more')).toBeGreaterThan(20);
  });
});
