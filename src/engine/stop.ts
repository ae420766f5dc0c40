import type { ClusterProvider } from '../providers/provider.ts';
import type { LabStore, StoredLab } from './lab-store.ts';

/**
 * Removes a lab and everything it left. The cluster of a provider that makes them slowly is kept for the next lab,
 * where it can be made as new and no other one is kept.
 * @returns what has become of the cluster
 */
export async function stopLab(
  lab: StoredLab,
  provider: ClusterProvider,
  store: LabStore,
): Promise<'kept' | 'removed'> {
  if (await isReleased(lab, provider, store)) {
    if (store.keep(lab.record)) {
      lab.folder.remove();
      return 'kept';
    }
  }
  await removeLab(lab, provider);
  return 'removed';
}

/** Removes a lab, or a kept cluster. */
export async function removeLab({ folder, record }: StoredLab, provider: ClusterProvider): Promise<void> {
  await provider.destroy(record.cluster);
  folder.remove();
}

async function isReleased(
  { record }: StoredLab,
  provider: ClusterProvider,
  store: LabStore,
): Promise<boolean> {
  const { reuse } = provider;
  if (reuse === undefined || record.state !== 'running' || store.kept() !== undefined) return false;
  if ((await provider.state(record.cluster)) !== 'running') return false;
  try {
    await reuse.release(record.cluster);
    return true;
  } catch {
    // A learner may do anything to a cluster: one that does not become as new is not worth a word.
    return false;
  }
}
