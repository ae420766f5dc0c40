import { describe, expect, test } from '@jest/globals';
import { shopAsLarge } from '../../../src/checks/shop-size.ts';
import type { Manifest } from '../../../src/kube/client.ts';
import { type Resource, resources } from '../../../src/model/resources.ts';
import { labView, object, type TestView } from './support.ts';

const sized = (kind: string, name: string, replicas: number, readyReplicas = replicas): Manifest =>
  object('apps/v1', kind, `${name}@shop`, { spec: { replicas }, status: { readyReplicas } });
const autoscaler = (name: string, spec: object): Manifest =>
  object('autoscaling/v2', 'HorizontalPodAutoscaler', `${name}@shop`, {
    spec: { scaleTargetRef: { kind: 'Deployment', name }, maxReplicas: 5, ...spec },
  });
const shop = (): Promise<TestView> =>
  labView([
    sized('Deployment', 'checkout', 2),
    sized('Deployment', 'fx', 2),
    sized('StatefulSet', 'ledger', 1),
  ]);
const without = (resource: Resource, name: string) => (lab: TestView) =>
  lab.kube.delete(resource, 'shop', name);
const withOther = (changed: Manifest) => (lab: TestView) => lab.put(changed);

const as = (seen: string) => ({ status: 'fail', seen });
const whole = { status: 'pass', seen: 'they have' };
const mayLeave = (name: string, pods: string) =>
  as(`horizontalpodautoscaler/${name} may scale ${name} down to ${pods} pods`);

describe('the shop has the pods that it had', () => {
  test.each<[string, (lab: TestView) => Promise<unknown>, object]>([
    ['nothing changed', () => Promise.resolve(), whole],
    ['more pods', withOther(sized('Deployment', 'fx', 3)), whole],
    ['more pods, of which one is not ready yet', withOther(sized('Deployment', 'fx', 3, 2)), whole],
    [
      'fewer',
      withOther(sized('Deployment', 'fx', 1)),
      as('deployment/fx has 1 replicas; there were 2 before'),
    ],
    [
      'no room for one',
      withOther(sized('Deployment', 'fx', 2, 1)),
      as('deployment/fx has 1 ready pods; there were 2 before'),
    ],
    [
      'none of a StatefulSet',
      withOther(sized('StatefulSet', 'ledger', 0)),
      as('statefulset/ledger has 0 replicas; there were 1 before'),
    ],
    ['one is gone', without(resources.deployments, 'fx'), as('deployment/fx does not exist')],
    // Others look at the pods that it has now.
    ['the own with fewer', withOther(sized('Deployment', 'checkout', 1)), whole],
    ['an autoscaler', withOther(autoscaler('fx', {})), mayLeave('fx', '1 of 2')],
    [
      'an autoscaler of the own',
      withOther(autoscaler('checkout', { minReplicas: 1 })),
      mayLeave('checkout', '1 of 2'),
    ],
    ['an autoscaler that adds only', withOther(autoscaler('fx', { minReplicas: 2 })), whole],
    [
      'an autoscaler that takes none away',
      withOther(autoscaler('fx', { behavior: { scaleDown: { selectPolicy: 'Disabled' } } })),
      whole,
    ],
    ['an autoscaler of somebody else', withOther(autoscaler('mine', {})), whole],
  ])('%s', async (_what, change, seen) => {
    const lab = await shop();
    await change(lab);
    expect(await shopAsLarge('shop', 'checkout').look(lab)).toEqual(seen);
  });
});
