import { afterAll, afterEach, beforeAll, beforeEach, describe } from '@jest/globals';
import { resources } from '../../src/model/resources.ts';
import type { Cluster, ClusterProvider } from '../../src/providers/provider.ts';
import { Ground } from './ground.ts';
import { apiSuite } from './suite/api.ts';
import { networkSuite } from './suite/network.ts';
import { podSuite } from './suite/pods.ts';
import { workloadSuite } from './suite/workloads.ts';

/**
 * What every cluster must do, whichever provider makes it: written once, run on each. What is asked for here holds
 * on a real cluster of the same version, to the letter where a text is given.
 * @param prepare makes sure that the cluster has busybox
 */
export function conformance(
  provider: ClusterProvider,
  lab: string,
  prepare: (cluster: Cluster) => Promise<void> = () => Promise.resolve(),
): void {
  let ground: Ground | undefined;
  const get = (): Ground => {
    if (ground === undefined) throw new Error('there is no cluster');
    return ground;
  };
  beforeAll(async () => {
    ground = await Ground.make(provider, lab);
    await prepare(ground.cluster);
  });
  afterAll(async () => {
    await ground?.[Symbol.asyncDispose]();
  });
  beforeEach(() => get().newNamespace());
  // Not waited for: the next test has a namespace of its own.
  afterEach(async () => {
    await get().kube.delete(resources.namespaces, undefined, get().namespace);
  });
  describe('API', () => apiSuite(get));
  describe('pods', () => podSuite(get));
  describe('workloads', () => workloadSuite(get));
  describe('network', () => networkSuite(get));
}
