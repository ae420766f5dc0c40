import { describe, expect, test } from '@jest/globals';
import { pass } from '../../../src/checks/check.ts';
import { withClone } from '../../../src/checks/clones.ts';
import type { Pod, PodTemplate } from '../../../src/model/objects.ts';
import { resources } from '../../../src/model/resources.ts';
import { labView, object, type TestView } from './support.ts';

const of = { namespace: 'shop', name: 'refunds' };
const told = (name: string, label: string) => ({
  name,
  valueFrom: { fieldRef: { fieldPath: `metadata.labels['${label}']` } },
});
const templateOf = (image: string, labels: object = {}) => ({
  metadata: { labels: { app: 'refunds', ...labels } },
  spec: {
    containers: [
      {
        name: 'refunds',
        image,
        env: [told('APP', 'app'), told('HASH', 'pod-template-hash'), told('NONE', 'x')],
      },
    ],
  },
});
const template = templateOf('shop:2') as unknown as PodTemplate;
const deployment = object('apps/v1', 'Deployment', 'refunds@shop', { spec: { template } });
const set = (hash: string, image: string, uid = 'uid-1') =>
  object('apps/v1', 'ReplicaSet', `refunds-${hash}@shop`, {
    metadata: { labels: { 'pod-template-hash': hash }, ownerReferences: [{ uid }] },
    spec: { template: templateOf(image, { 'pod-template-hash': hash }) },
  });

async function cloneIn(lab: TestView): Promise<Pod | undefined> {
  let made: Pod | undefined;
  await withClone(lab, of, template, { liveness: false }, async ({ namespace, name }) => {
    made = await lab.kube.get(resources.pods, namespace, name);
    return pass('');
  });
  expect(await lab.kube.list(resources.pods, { namespace: 'shop' })).toEqual([]);
  return made;
}

describe('a clone', () => {
  test('is named and told as the next pods of its ReplicaSet, and has none of their labels', async () => {
    const sets = [set('old', 'shop:1'), set('foreign', 'shop:2', 'uid-9'), set('new', 'shop:2')];
    const pod = await cloneIn(await labView([deployment, ...sets]));
    const { name = '', labels } = pod?.metadata ?? {};
    expect(name).toMatch(/^refunds-new-\w{5}$/);
    expect(labels).toEqual({ 'breakfix.dev/clone': name });
    expect(pod?.spec.containers[0]?.env).toEqual([
      { name: 'APP', value: 'refunds' },
      { name: 'HASH', value: 'new' },
      { name: 'NONE', value: '' },
    ]);
  });

  test('of a template that has no ReplicaSet is told a hash, too, and is named by it', async () => {
    const pod = await cloneIn(await labView([deployment, set('old', 'shop:1')]));
    const [, hash] = /^refunds-(\w{10})-\w{5}$/.exec(pod?.metadata.name ?? '') ?? [];
    expect(hash).toBeDefined();
    expect(pod?.spec.containers[0]?.env?.[1]).toEqual({ name: 'HASH', value: hash });
  });
});
