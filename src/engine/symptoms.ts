import { viewOf } from './break.ts';
import { onCopyOf } from './copied.ts';
import type { GradedLab } from './grade.ts';

/** How much of what was proven at hand-over can still be seen. */
export interface SymptomCount {
  readonly showing: number;
  readonly of: number;
}

/** Asks for the symptoms of a copy of a lab where its cluster lives: `copy-work.ts`. */
export interface SymptomsOfCopy {
  readonly work: 'symptoms';
}

/** Counts the symptoms that still show; on a copy, where one can be made. */
export function symptomsShowing(
  { cluster: original, ...lab }: GradedLab,
  signal: AbortSignal,
): Promise<SymptomCount> {
  const question: SymptomsOfCopy = { work: 'symptoms' };
  return onCopyOf(original, question, signal, (cluster) => countIn({ cluster, ...lab }, signal));
}

/** The same where the cluster itself may be looked at. */
export async function countIn(
  { cluster, baseline, incident }: GradedLab,
  signal: AbortSignal,
): Promise<SymptomCount> {
  const view = viewOf(cluster, baseline, incident, signal);
  const symptoms = incident.scenario.symptoms(incident.values);
  const seen = await Promise.all(symptoms.map((check) => check.look(view)));
  return { showing: seen.filter(({ status }) => status === 'pass').length, of: symptoms.length };
}
