import { equal } from '../core/json.ts';
import { isClusterError } from '../kube/client.ts';
import { sinceReset } from '../report/journal.ts';
import type { OpenLab } from './open-lab.ts';
import { changesBetween, type Snapshot, takeSnapshot } from './snapshot.ts';

/**
 * Writes what differs from the hand-over into the journal, where that is news. A cluster that does not answer has
 * nothing to say, nor has one that refuses.
 */
export async function noteChanges(lab: OpenLab, now: Date): Promise<void> {
  const before = lab.folder.readJson('handed-over.json') as Snapshot;
  const after = await snapshotOf(lab);
  if (after === undefined) return;
  const changes = changesBetween(before, after);
  const { journal } = lab.folder;
  const last = sinceReset(journal.read()).findLast((entry) => entry.type === 'changed');
  if (!equal(changes, last?.changes ?? [])) journal.append(now, { type: 'changed', changes });
}

async function snapshotOf({ cluster, incident }: OpenLab): Promise<Snapshot | undefined> {
  try {
    return await takeSnapshot(cluster.kube, incident.plan);
  } catch (error) {
    if (isClusterError(error)) return undefined;
    throw error;
  }
}
