import { type LabView, observe, pass } from '../checks/check.ts';
import { BreakfixError } from '../core/errors.ts';
import { type JournalEntry, sinceReset } from '../report/journal.ts';
import { viewOf } from './break.ts';
import type { OpenLab } from './open-lab.ts';

/** A hint as it is told. */
interface GivenHint {
  readonly number: number;
  readonly of: number;
  readonly price: number;
  readonly text: string;
}

/** A hint as the journal has it. */
export type TakenHint = JournalEntry & { type: 'hint' };

/** The hints that were taken since the last reset. */
export function takenHints(entries: readonly JournalEntry[]): readonly TakenHint[] {
  return sinceReset(entries).filter((entry) => entry.type === 'hint');
}

/** What all taken hints cost together. */
export function hintPrice(entries: readonly JournalEntry[]): number {
  return takenHints(entries).reduce((sum, { price }) => sum + price, 0);
}

/**
 * Gives the next hint and writes it into the journal; undefined when all have been taken.
 * @throws BreakfixError `lab` where what it is made of cannot be looked at: then it costs nothing
 */
export async function nextHint(lab: OpenLab, now: Date, signal: AbortSignal): Promise<GivenHint | undefined> {
  const hints = lab.incident.scenario.hints(lab.incident.values);
  const taken = takenHints(lab.folder.journal.read());
  const hint = hints[taken.length];
  if (hint === undefined) return undefined;
  const text = typeof hint.text === 'string' ? hint.text : await computed(hint.text, lab, signal);
  const number = taken.length + 1;
  lab.folder.journal.append(now, { type: 'hint', number, price: hint.price, text });
  return { number, of: hints.length, price: hint.price, text };
}

async function computed(
  words: (view: LabView) => Promise<string>,
  { name, cluster, baseline, incident }: OpenLab,
  signal: AbortSignal,
): Promise<string> {
  const view = viewOf(cluster, baseline, incident, signal);
  const { status, seen } = await observe(view, async () => pass(await words(view)));
  if (status !== 'error') return seen;
  throw new BreakfixError({
    code: 'HINT_NOT_COMPUTED',
    kind: 'lab',
    message: `the next hint is made of what is in the cluster of lab ${name}: ${seen}`,
    fix: `nothing was charged: try again once that can be looked at; breakfix reset ${name} starts the same incident again`,
  });
}
