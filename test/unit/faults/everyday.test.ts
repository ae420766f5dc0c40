import { describe, expect, test } from '@jest/globals';
import type { LabView } from '../../../src/checks/check.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import {
  claimImage,
  claimReady,
  releaseNotes,
  scale,
  select,
  todaysNodes,
} from '../../../src/faults/everyday.ts';
import { resources } from '../../../src/model/resources.ts';
import { fakeKube, FakeState } from '../support/fake-kube.ts';

const namespace = 'shop';
const of = { namespace, name: 'fx' };

async function labWith(...objects: object[]): Promise<LabView> {
  const kube = fakeKube(new FakeState());
  await kube.applyAll(objects as never, { manager: 'test' });
  // The fake does not select.
  const list = (async (resource: typeof resources.pods, { labelSelector = '' } = {}) =>
    (await kube.list(resource)).filter(({ metadata }) =>
      ['', `app=${metadata.labels?.['app']}`].includes(labelSelector),
    )) as KubeClient['list'];
  return { kube: { ...kube, list } } as unknown as LabView;
}

const pod = (name: string, app: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace, name, labels: { app } },
  spec: { containers: [{ name: app, image: 'busybox' }] },
  status: { conditions: [{ type: 'Ready', status: 'False' }] },
});

describe('what people do every day', () => {
  test('a Deployment is scaled, and nothing else of it changes', async () => {
    const lab = await labWith({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: of,
      spec: { replicas: 2, paused: true, selector: { matchLabels: { app: 'fx' } } },
    });
    await scale(lab, of, 0);
    const now = await lab.kube.get(resources.deployments, namespace, 'fx');
    expect(now?.spec).toMatchObject({ replicas: 0, paused: true });
  });

  test('a selector gets and loses labels', async () => {
    const lab = await labWith({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: of,
      spec: { selector: { app: 'fx', tier: 'back' }, ports: [{ port: 80 }] },
    });
    await select(lab, of, { app: 'checkout', tier: null });
    const now = await lab.kube.get(resources.services, namespace, 'fx');
    expect(now?.spec.selector).toEqual({ app: 'checkout' });
  });

  test('pods of one app claim to be ready', async () => {
    const lab = await labWith(pod('fx-1', 'fx'), pod('other-1', 'other'));
    await claimReady(lab, { namespace, app: 'fx' });
    const ready = async (name: string) =>
      (await lab.kube.get(resources.pods, namespace, name))?.status.conditions?.map(
        ({ type, status }) => `${type}=${status}`,
      );
    expect(await ready('fx-1')).toEqual(expect.arrayContaining(['Ready=True', 'ContainersReady=True']));
    expect(await ready('other-1')).toEqual(['Ready=False']);
  });

  test('pods of one app claim to run another image', async () => {
    const containerStatuses = [{ name: 'fx', imageID: 'shop@sha256:1', ready: true }];
    const lab = await labWith({ ...pod('fx-1', 'fx'), status: { containerStatuses } });
    await claimImage(lab, { namespace, app: 'fx' }, 'shop@sha256:2');
    const now = await lab.kube.get(resources.pods, namespace, 'fx-1');
    expect(now?.status.containerStatuses).toEqual([{ name: 'fx', imageID: 'shop@sha256:2', ready: true }]);
  });

  test('the nodes of today are named, and no other will do', async () => {
    const node = (name: string) => ({ apiVersion: 'v1', kind: 'Node', metadata: { name } });
    const lab = await labWith(node('a'), node('b'));
    const matchExpressions = [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['a', 'b'] }];
    const required = { nodeSelectorTerms: [{ matchExpressions }] };
    expect(await todaysNodes(lab)).toEqual({
      affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } },
    });
  });

  test('a file of another version lies over that of the image', async () => {
    const lab = await labWith();
    const spec = await releaseNotes(lab, namespace, { name: 'fx', image: 'shop:1' }, '2.0.0');
    const notes = await lab.kube.get(resources.configMaps, namespace, 'release');
    expect(JSON.parse(notes?.data?.['release.json'] ?? '')).toEqual({ version: '2.0.0' });
    expect(spec).toMatchObject({
      volumes: [{ configMap: { name: 'release' } }],
      containers: [{ name: 'fx', image: 'shop:1', volumeMounts: [{ mountPath: '/app/release.json' }] }],
    });
  });
});
