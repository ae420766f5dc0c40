import { type GradeEntry, type JournalEntry, sinceReset } from './journal.ts';

/** How an attempt stands. `solved`: a listed fix was applied by an author, so nothing can be earned any more. */
export type Outcome = 'passed' | 'failed' | 'error' | 'given-up' | 'solved' | 'ungraded';

export const OUTCOMES: Readonly<Record<Outcome, string>> = {
  passed: 'passed',
  failed: 'not repaired yet',
  error: 'could not be judged',
  'given-up': 'given up',
  solved: 'solved by its author',
  ungraded: 'not graded',
};

export interface Standing {
  readonly outcome: Outcome;
  /** What counts: of the first pass, otherwise of the last grade before the attempt was ended. */
  readonly points: number;
  /** 0 where nothing was graded. */
  readonly most: number;
  readonly grade?: GradeEntry & { readonly time: string };
}

/** What the learner did since the last reset: up to giving up or to a listed fix. */
export function ownWork(entries: readonly JournalEntry[]): readonly JournalEntry[] {
  const attempt = sinceReset(entries);
  const end = attempt.findIndex(({ type }) => type === 'given-up' || type === 'solved');
  return end === -1 ? attempt : attempt.slice(0, end);
}

/** Who has been told what was broken, or how it is mended, guesses nothing any more. */
const TOLD: ReadonlySet<JournalEntry['type']> = new Set(['debriefed', 'given-up', 'solved']);

/** The diagnosis that counts, of an attempt: the first one, unless the learner had been told by then. */
export function ownDiagnosis(
  entries: readonly JournalEntry[],
): Extract<JournalEntry, { type: 'diagnosis' }> | undefined {
  const first = diagnosedOrTold(entries);
  return first?.type === 'diagnosis' ? first : undefined;
}

/** Whether what is diagnosed from now on can still count. */
export const mayDiagnose = (entries: readonly JournalEntry[]): boolean =>
  diagnosedOrTold(entries) === undefined;

/** Which of both came first. */
const diagnosedOrTold = (entries: readonly JournalEntry[]): JournalEntry | undefined =>
  sinceReset(entries).find(({ type }) => type === 'diagnosis' || TOLD.has(type));

/** How a lab stands since it was last reset: the first pass counts; what comes after giving up does not. */
export function standingOf(entries: readonly JournalEntry[]): Standing {
  const attempt = sinceReset(entries);
  const own = ownWork(entries);
  const grades = own.filter((entry) => entry.type === 'graded');
  const grade = grades.find(({ verdict }) => verdict === 'pass') ?? grades.at(-1);
  const most = (grade ?? attempt.find((entry) => entry.type === 'graded'))?.most ?? 0;
  const shown = grade === undefined ? {} : { grade };
  if (grade?.verdict === 'pass') return { outcome: 'passed', points: grade.points, most, ...shown };
  const end = attempt[own.length];
  if (end !== undefined) {
    const outcome = end.type === 'solved' ? 'solved' : 'given-up';
    return { outcome, points: 0, most, ...shown };
  }
  if (grade === undefined) return { outcome: 'ungraded', points: 0, most };
  return { outcome: grade.verdict === 'fail' ? 'failed' : 'error', points: grade.points, most, grade };
}
