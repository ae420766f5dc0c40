import type { Cluster } from '../providers/provider.ts';
import type { Scenario } from '../scenario/types.ts';
import { gradeInPlace, type GradeOfCopy } from './grade.ts';
import { LabFolder, type LabRecord } from './lab-store.ts';
import { baselineOf, incidentOfLab } from './open-lab.ts';
import { countIn, type SymptomsOfCopy } from './symptoms.ts';

/** What may be asked of a copy of a lab in the process where the lab's cluster lives. */
export type CopyWork = GradeOfCopy | SymptomsOfCopy;

/**
 * Does it. Everything but the question is read from the lab's folder.
 * @param catalogueOf where the lab's incident is to be looked up
 * @returns plain data
 */
export async function workOnCopy(
  cluster: Cluster,
  question: CopyWork,
  catalogueOf: (record: LabRecord) => Promise<readonly Scenario[]>,
  signal: AbortSignal,
): Promise<unknown> {
  const folder = new LabFolder(cluster.ref.folder);
  const record = folder.read();
  const incident = incidentOfLab(record, await catalogueOf(record));
  const baseline = baselineOf(folder);
  switch (question.work) {
    case 'grade':
      return gradeInPlace(cluster, baseline, incident, { ...question.options, signal }, true);
    case 'symptoms':
      return countIn({ cluster, baseline, incident }, signal);
  }
}
