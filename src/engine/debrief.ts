import { BreakfixError } from '../core/errors.ts';
import type { DocumentLink } from '../scenario/types.ts';
import { type LabReport, reportOf } from '../report/summary.ts';
import { mayDiagnose, standingOf } from '../report/standing.ts';
import type { Incident } from './incident.ts';
import type { LabFolder } from './lab-store.ts';

/** What a learner may know when it is over. */
export interface Debrief {
  readonly lab: string;
  readonly incident: string;
  readonly title: string;
  /** What was done to the cluster, a sentence each. */
  readonly cause: readonly string[];
  /** Why that led to what was seen. */
  readonly story: string;
  readonly fixes: readonly { readonly id: string; readonly steps: readonly string[] }[];
  readonly documents: readonly DocumentLink[];
  readonly report: LabReport;
}

/**
 * Tells what was broken; needs no cluster. `anyway` tells it before the end, which ends the lab as giving up does.
 * @throws BreakfixError where the lab has not ended
 */
export function debriefOf(
  lab: { readonly name: string; readonly folder: LabFolder; readonly incident: Incident },
  options: { readonly anyway: boolean; readonly now: Date },
): Debrief {
  const { name, folder, incident } = lab;
  const { outcome } = standingOf(folder.journal.read());
  if (!['passed', 'given-up', 'solved'].includes(outcome)) {
    if (!options.anyway) throw notEnded(name);
    folder.journal.append(options.now, { type: 'given-up' });
  }
  if (mayDiagnose(folder.journal.read())) folder.journal.append(options.now, { type: 'debriefed' });
  const { scenario, values } = incident;
  return {
    lab: name,
    incident: scenario.incident,
    title: scenario.title,
    cause: scenario.inject(values).map(({ describe }) => describe),
    story: scenario.debrief(values),
    fixes: scenario.fixes(values).map(({ id, steps }) => ({ id, steps })),
    documents: scenario.documents,
    report: reportOf(name, folder.journal.read()),
  };
}

function notEnded(name: string): BreakfixError {
  return new BreakfixError({
    code: 'LAB_NOT_ENDED',
    kind: 'user',
    message: `lab ${name} is not over: it was neither passed nor given up`,
    fix: `breakfix grade ${name}, or breakfix debrief ${name} --anyway, which ends it with 0 points`,
  });
}
