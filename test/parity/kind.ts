import { setTimeout } from 'node:timers/promises';
import { run } from '../../src/providers/kind/commands.ts';
import type { Cluster } from '../../src/providers/provider.ts';
import { withKindCluster } from '../helpers/kind-cluster.ts';
import type { Ground } from './ground.ts';

/** What one looks at while waiting is looked at so often, in milliseconds. */
const EVERY = 500;

/** What cases run; the engine of this machine must have it. */
const IMAGE = 'busybox:1.37';

/** Runs something on a kind cluster of its own that has the image of the cases. */
export function withKind<T>(
  nodes: number,
  signal: AbortSignal,
  work: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  return withKindCluster(`parity-${process.pid}-${nodes}`, nodes, signal, async (cluster, ref) => {
    await run('kind', ['load', 'docker-image', '--name', ref.cluster, IMAGE], { signal });
    return work(cluster);
  });
}

/** A real cluster: its time is the wall's. */
export function kindGround({ kubeconfig }: Cluster): Ground {
  return {
    kubeconfig,
    slack: 4,
    now: () => Date.now(),
    pass: (time) => setTimeout(time),
    next: () => setTimeout(EVERY),
    accompany: async (ended, { time, more }) => {
      const timer = new AbortController();
      const late = setTimeout(time + more, false, { signal: timer.signal }).catch(() => false);
      const inTime = await Promise.race([ended.then(() => true), late]);
      timer.abort();
      return inTime;
    },
  };
}
