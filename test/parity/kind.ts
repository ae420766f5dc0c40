import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { run } from '../../src/providers/kind/commands.ts';
import { kindProvider } from '../../src/providers/kind/provider.ts';
import { type KindRef, planKind } from '../../src/providers/kind/ref.ts';
import type { Cluster } from '../../src/providers/provider.ts';
import type { Ground } from './ground.ts';

/** What one looks at while waiting is looked at so often, in milliseconds. */
const EVERY = 500;

/** What cases run; the engine of this machine must have it. */
const IMAGE = 'busybox:1.37';

/** Runs something on a kind cluster of its own and removes it, whatever comes. */
export async function withKind<T>(
  nodes: number,
  signal: AbortSignal,
  work: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const root = mkdtempSync(join(tmpdir(), 'breakfix-parity-'));
  const lab = `parity-${process.pid}-${nodes}`;
  const folder = join(root, 'labs', lab);
  mkdirSync(folder, { recursive: true });
  const provider = kindProvider();
  const spec = {
    lab,
    folder,
    seed: 'parity',
    nodes: Array.from({ length: nodes }, (_, index) => ({
      role: index === 0 ? ('control-plane' as const) : ('worker' as const),
    })),
    images: [],
    registries: [],
    since: 0,
  };
  const ref: KindRef = { ...planKind(spec), cluster: `breakfix-${lab}` };
  try {
    await using cluster = await provider.create(ref, spec, { progress: () => {}, signal });
    await run('kind', ['load', 'docker-image', '--name', ref.cluster, IMAGE], { signal });
    return await work(cluster);
  } finally {
    await provider.destroy(ref);
    rmSync(root, { recursive: true });
  }
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
