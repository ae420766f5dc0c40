import { Baseline } from '../../../src/checks/baseline.ts';
import type { LabView } from '../../../src/checks/check.ts';
import { Random } from '../../../src/core/random.ts';
import type { KubeClient, Manifest } from '../../../src/kube/client.ts';
import { fakeKube, FakeState } from '../support/fake-kube.ts';
import { ManualClock } from '../support/manual-clock.ts';

export interface TestView extends LabView {
  readonly clock: ManualClock;
  /** Puts an object in, or replaces it. */
  put(...objects: readonly Manifest[]): Promise<void>;
}

/** A lab that a check can look at: objects, and what was remembered of them when the shop was healthy. */
export async function labView(
  objects: readonly Manifest[],
  more: Partial<KubeClient> = {},
  namespaces: readonly string[] = ['shop', 'kube-system'],
): Promise<TestView> {
  const plain = fakeKube(new FakeState());
  const put = async (...some: readonly Manifest[]): Promise<void> => {
    await plain.applyAll(some, { manager: 'test' });
  };
  await put(...objects);
  const kube: KubeClient = { ...plain, ...more };
  const baseline = await Baseline.capture(plain, namespaces);
  const { signal } = new AbortController();
  const random = new Random('checks');
  return { kube, baseline, signal, clock: new ManualClock(), random, put } as unknown as TestView;
}

/** An object at `name@namespace`, with the rest of its fields. */
export function object(apiVersion: string, kind: string, path: string, more: object = {}): Manifest {
  const [name = '', namespace] = path.split('@');
  const { metadata = {}, ...rest } = more as { metadata?: object };
  return {
    apiVersion,
    kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), ...metadata },
    ...rest,
  };
}

/** A worker as its kubelet makes it, with labels that somebody gave it. */
export const aNode = (name: string, labels: object = {}, architecture = 'amd64'): Manifest =>
  object('v1', 'Node', name, { metadata: { labels }, spec: {}, status: { nodeInfo: { architecture } } });

/**
 * A Deployment, its ReplicaSet, and so many pods of it with this status.
 * @param first which object of the lab the Deployment is, from 1: the fake gives uids in their order
 */
export function workload(
  path: string,
  spec: object,
  statuses: readonly object[],
  labels: Readonly<Record<string, string>> = {},
  first = 1,
): Manifest[] {
  const [name = '', namespace = ''] = path.split('@');
  const template = { metadata: { labels }, spec };
  const at = (suffix: string): string => `${name}${suffix}@${namespace}`;
  const owned = (kind: string, uid: string): object => ({
    metadata: { labels, ownerReferences: [{ kind, uid, name, controller: true }] },
  });
  return [
    object('apps/v1', 'Deployment', at(''), {
      spec: { replicas: statuses.length, selector: { matchLabels: labels }, template },
      status: {},
    }),
    object('apps/v1', 'ReplicaSet', at('-1'), { ...owned('Deployment', `uid-${first}`), spec: { template } }),
    ...statuses.map((status, index) =>
      object('v1', 'Pod', at(`-1-${index}`), { ...owned('ReplicaSet', `uid-${first + 1}`), spec, status }),
    ),
  ];
}
