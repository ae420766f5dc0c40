import type { ClusterProvider } from '../providers/provider.ts';
import type { LabStore, StoredLab } from './lab-store.ts';
import { lockLab } from './lock.ts';

/**
 * Removes a lab and everything it left. The cluster of a provider that makes them slowly is kept for the next lab,
 * where it can be made as new and no other one is kept.
 * @returns what has become of the cluster
 * @throws BreakfixError where such a cluster is being graded, repaired or rebuilt: nobody is to work in what is being emptied
 */
export async function stopLab(
  lab: StoredLab,
  provider: ClusterProvider,
  store: LabStore,
): Promise<'kept' | 'removed'> {
  if (mayBeKept(lab, provider, store)) {
    using _lock = lockLab(lab, 'stopped');
    if ((await isReleased(lab, provider)) && store.keep(lab.record)) {
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

/** Whether its cluster is one that serves several labs, and no other one waits already. */
export const mayBeKept = ({ record }: StoredLab, { reuse }: ClusterProvider, store: LabStore): boolean =>
  reuse !== undefined && record.state === 'running' && store.kept() === undefined;

async function isReleased({ record }: StoredLab, provider: ClusterProvider): Promise<boolean> {
  if ((await provider.state(record.cluster)) !== 'running') return false;
  try {
    await provider.reuse?.release(record.cluster);
    return true;
  } catch {
    // A learner may do anything to a cluster: one that does not become as new is not worth a word.
    return false;
  }
}
