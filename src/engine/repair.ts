import { closest } from 'fastest-levenshtein';
import { BreakfixError, messageOf } from '../core/errors.ts';
import { standingOf } from '../report/standing.ts';
import type { Fix } from '../scenario/types.ts';
import { viewOf } from './break.ts';
import { noteChanges } from './changes.ts';
import type { Incident } from './incident.ts';
import { lockLab } from './lock.ts';
import type { OpenLab } from './open-lab.ts';

/** A listed fix by its id, or the first. @throws BreakfixError for an id that is not listed */
export function fixOf({ scenario, values }: Incident, id?: string): Fix {
  const fixes = scenario.fixes(values);
  const ids = fixes.map((fix) => fix.id);
  const found = id === undefined ? fixes[0] : fixes.find((fix) => fix.id === id);
  if (found !== undefined) return found;
  throw new BreakfixError({
    code: 'FIX_UNKNOWN',
    kind: 'user',
    message: `${scenario.incident} has no fix "${id ?? ''}"; its fixes are ${ids.join(', ')}`,
    fix: `--fix ${closest(id ?? '', ids)}`,
  });
}

/** Ends a lab with 0 points; once is enough, and a lab that has been passed stays passed. */
export async function giveUp(lab: OpenLab, now: Date): Promise<void> {
  const { outcome } = standingOf(lab.folder.journal.read());
  if (outcome === 'passed' || outcome === 'given-up') return;
  await noteChanges(lab, now);
  lab.folder.journal.append(now, { type: 'given-up' });
}

/**
 * Applies a listed fix to the live cluster; the journal says so, and what is graded from here on earns nothing.
 * @throws BreakfixError `lab` where the learner's own changes are in its way
 */
export async function applyFix(lab: OpenLab, fix: Fix, now: Date, signal: AbortSignal): Promise<void> {
  using _lock = lockLab(lab, 'repaired');
  await noteChanges(lab, now);
  lab.folder.journal.append(now, { type: 'solved', fix: fix.id });
  try {
    await fix.apply(viewOf(lab.cluster, lab.baseline, lab.incident, signal));
  } catch (cause) {
    signal.throwIfAborted();
    throw new BreakfixError({
      code: 'FIX_NOT_APPLIED',
      kind: 'lab',
      message: `the fix ${fix.id} does not fit the cluster as it is now: ${messageOf(cause)}`,
      fix: `breakfix reset ${lab.name} puts the lab back to how it was handed over; then try again`,
      cause,
    });
  }
}
