import { observe, pass } from '../checks/check.ts';
import { type JournalEntry, sinceReset } from '../report/journal.ts';
import { viewOf } from './break.ts';
import type { OpenLab } from './open-lab.ts';

export interface TakenHint {
  readonly number: number;
  readonly of: number;
  readonly price: number;
  readonly text: string;
}

/** The hints that were taken since the last reset. */
export function takenHints(entries: readonly JournalEntry[]): readonly (JournalEntry & { type: 'hint' })[] {
  return sinceReset(entries).filter((entry) => entry.type === 'hint');
}

/** What all taken hints cost together. */
export function hintPrice(entries: readonly JournalEntry[]): number {
  return takenHints(entries).reduce((sum, { price }) => sum + price, 0);
}

/** Gives the next hint and writes it into the journal; undefined when all have been taken. */
export async function nextHint(lab: OpenLab, now: Date, signal: AbortSignal): Promise<TakenHint | undefined> {
  const hints = lab.incident.scenario.hints(lab.incident.values);
  const taken = takenHints(lab.folder.journal.read());
  const hint = hints[taken.length];
  if (hint === undefined) return undefined;
  const view = viewOf(lab.cluster, lab.baseline, lab.incident, signal);
  const { text: words } = hint;
  const text =
    typeof words === 'string' ? words : (await observe(view, async () => pass(await words(view)))).seen;
  const number = taken.length + 1;
  lab.folder.journal.append(now, { type: 'hint', number, price: hint.price, text });
  return { number, of: hints.length, price: hint.price, text };
}
