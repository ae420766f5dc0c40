import { equal } from '../core/json.ts';
import { type Change, sinceReset } from '../report/journal.ts';
import type { OpenLab } from './open-lab.ts';
import { changesBetween, type Snapshot, takeSnapshot } from './snapshot.ts';

/**
 * Writes what differs from the hand-over into the journal, where that is news. A cluster that does not answer has
 * nothing to say.
 */
export async function noteChanges(lab: OpenLab, now: Date): Promise<void> {
  let changes: readonly Change[];
  try {
    const before = lab.folder.readJson('handed-over.json') as Snapshot;
    changes = changesBetween(before, await takeSnapshot(lab.cluster.kube, lab.incident.plan));
  } catch {
    return;
  }
  const { journal } = lab.folder;
  const last = sinceReset(journal.read()).findLast((entry) => entry.type === 'changed');
  if (!equal(changes, last?.changes ?? [])) journal.append(now, { type: 'changed', changes });
}
