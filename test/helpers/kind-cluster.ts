import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kindProvider } from '../../src/providers/kind/provider.ts';
import { type KindRef, planKind } from '../../src/providers/kind/ref.ts';
import type { Cluster } from '../../src/providers/provider.ts';

/**
 * Does something with an empty kind cluster of its own, and removes it, whatever comes.
 * @param lab what the cluster is called behind `breakfix-`
 * @param nodes one control plane, and workers
 */
export async function withKindCluster<T>(
  lab: string,
  nodes: number,
  signal: AbortSignal,
  work: (cluster: Cluster, ref: KindRef) => Promise<T>,
): Promise<T> {
  const root = mkdtempSync(join(tmpdir(), `breakfix-${lab}-`));
  const folder = join(root, 'labs', lab);
  mkdirSync(folder, { recursive: true });
  const provider = kindProvider();
  const spec = {
    lab,
    folder,
    seed: lab,
    nodes: Array.from({ length: nodes }, (_, index) => ({
      role: index === 0 ? ('control-plane' as const) : ('worker' as const),
    })),
    images: [],
    registries: [],
    since: 0,
  };
  const ref: KindRef = { ...planKind(spec), cluster: `breakfix-${lab}` };
  try {
    await using cluster = await provider.create(ref, spec, { signal });
    return await work(cluster, ref);
  } finally {
    await provider.destroy(ref);
    rmSync(root, { recursive: true });
  }
}
