import type { GradeEntry } from '../report/journal.ts';
import { noteChanges } from './changes.ts';
import { grade } from './grade.ts';
import { hintPrice } from './hints.ts';
import { lockLab } from './lock.ts';
import type { OpenLab } from './open-lab.ts';

export interface GradeLabOptions {
  readonly now: () => Date;
  readonly progress: (message: string) => void;
  readonly signal: AbortSignal;
}

/** Grades a lab, one grade at a time, and writes what the learner changed and the result into the journal. */
export async function gradeLab(lab: OpenLab, options: GradeLabOptions): Promise<GradeEntry> {
  using _lock = lockLab(lab, 'graded');
  return await gradeLocked(lab, options);
}

/** As {@link gradeLab}, for who holds the lock already. */
export async function gradeLocked(lab: OpenLab, options: GradeLabOptions): Promise<GradeEntry> {
  const { journal } = lab.folder;
  await noteChanges(lab, options.now());
  const result = await grade(lab, {
    hintPrice: hintPrice(journal.read()),
    progress: options.progress,
    signal: options.signal,
  });
  journal.append(options.now(), { type: 'graded', ...result });
  return result;
}
