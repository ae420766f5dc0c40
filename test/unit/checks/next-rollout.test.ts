import { describe, expect, test } from '@jest/globals';
import { whyNoRollout } from '../../../src/checks/next-rollout.ts';
import type { Manifest } from '../../../src/kube/client.ts';
import { labView, workload } from './support.ts';

const of = { namespace: 'shop', name: 'refunds' };
const spec = { containers: [{ name: 'refunds', image: 'shop:1' }] };

/** A Deployment of two pods, and its ReplicaSet. */
function objects(replicas: number, desired?: string): Manifest[] {
  const [deployment, set] = workload('refunds@shop', spec, [{}, {}]);
  const annotations = desired === undefined ? {} : { 'deployment.kubernetes.io/desired-replicas': desired };
  const { metadata, ...rest } = set as unknown as { metadata: object; spec: object };
  return [
    deployment as Manifest,
    {
      ...rest,
      metadata: { ...metadata, annotations },
      spec: { ...rest.spec, replicas },
    } as unknown as Manifest,
  ];
}

describe('the number that a ReplicaSet has of its Deployment', () => {
  test.each<[string, number, string | undefined, boolean]>([
    ['the same', 2, '2', true],
    ['none', 2, undefined, true],
    ['another, and it is being scaled', 3, '3', true],
    ['another, of a ReplicaSet of before', 0, '5', true],
    ['another, and nothing is to be done', 2, '5', false],
  ])('%s', async (_what, replicas, desired, isTaken) => {
    const view = await labView(objects(replicas, desired));
    const seen = await whyNoRollout(view, of, { metadata: { labels: {} }, spec } as never);
    expect(seen?.seen).toBe(
      isTaken
        ? undefined
        : 'the next rollout of refunds never begins: in replicaset/refunds-1 the annotation deployment.kubernetes.io/desired-replicas is 5, and not 2',
    );
  });
});
