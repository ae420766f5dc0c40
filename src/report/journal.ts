import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';
import { BreakfixError } from '../core/errors.ts';
import type { ObjectiveResult, ProbeRun, SafeguardResult, Score } from '../score/score.ts';

/**
 * The append-only record of a lab: one JSON object a line, `{time, type, …}`. Every report is made from it and
 * from nothing else. Nothing in it names the cause before the debrief.
 */
export type JournalEntry = { readonly time: string } & (
  | ({ readonly type: 'planned' } & PlannedEntry)
  | ({ readonly type: 'phase'; readonly phase: PhaseName; readonly tookMs: number } & PhaseFindings)
  | {
      readonly type: 'phase-failed';
      readonly phase: PhaseName;
      readonly message: string;
      readonly seen?: string;
    }
  | { readonly type: 'hint'; readonly number: number; readonly price: number; readonly text: string }
  | { readonly type: 'diagnosis'; readonly answers: readonly DiagnosisAnswer[] }
  | ({ readonly type: 'graded' } & GradeEntry)
  | { readonly type: 'handed-over' | 'reset' | 'given-up' | 'debriefed' }
  | { readonly type: 'solved'; readonly fix: string }
  | { readonly type: 'changed'; readonly changes: readonly Change[] }
);

export interface PlannedEntry {
  readonly incident: string;
  readonly seed: number;
  readonly provider: string;
  /** What the learner was told. */
  readonly title?: string;
  readonly ticket?: string;
  readonly rules?: readonly string[];
}

/** What a phase tells of the cluster. */
export interface PhaseFindings {
  readonly detail?: string;
  /** What clients saw in it. */
  readonly probes?: readonly ProbeRun[];
}

export type PhaseName = 'cluster' | 'shop' | 'healthy' | 'fault' | 'symptom';

export interface DiagnosisAnswer {
  readonly question: string;
  readonly given: string;
  readonly right: boolean;
  readonly points: number;
  readonly most: number;
}

export interface GradeEntry extends Score {
  readonly objectives: readonly ObjectiveResult[];
  readonly safeguards: readonly SafeguardResult[];
  /** Whether a copy of the cluster was graded. */
  readonly onCopy: boolean;
  readonly tookMs: number;
}

/** One field of one object that differs from how it was handed over. */
export interface Change {
  readonly object: string;
  readonly field: string;
  readonly before: string;
  readonly after: string;
}

/** An entry before it is stamped with the time. */
export type NewEntry = JournalEntry extends infer E
  ? E extends JournalEntry
    ? Omit<E, 'time'>
    : never
  : never;

export class Journal {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  append(now: Date, entry: NewEntry): void {
    this.#endLastLine();
    appendFileSync(this.#path, `${JSON.stringify({ time: now.toISOString(), ...entry })}\n`, { mode: 0o600 });
  }

  /** What is written behind half a line (the writer was killed) would be lost with it, and make it an earlier line. */
  #endLastLine(): void {
    if (!existsSync(this.#path)) return;
    const bytes = readFileSync(this.#path);
    const end = bytes.lastIndexOf('\n') + 1;
    if (end === bytes.length) return;
    if (isJson(bytes.toString('utf8', end))) appendFileSync(this.#path, '\n');
    else truncateSync(this.#path, end);
  }

  /**
   * All entries; a torn last line (the writer was killed) is left out.
   * @throws BreakfixError `lab` with the number of an earlier line that is not JSON
   */
  read(): JournalEntry[] {
    if (!existsSync(this.#path)) return [];
    const lines = readFileSync(this.#path, 'utf8').split('\n');
    const last = lines.length - 1;
    return lines.flatMap((line, index) => {
      if (line === '') return [];
      try {
        return [JSON.parse(line) as JournalEntry];
      } catch (cause) {
        // Half a last line: the entry was never acknowledged.
        if (index === last) return [];
        throw corrupt(this.#path, index + 1, cause);
      }
    });
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function corrupt(path: string, line: number, cause: unknown): BreakfixError {
  return new BreakfixError({
    code: 'JOURNAL_CORRUPT',
    kind: 'lab',
    message: `${path}:${line} is not JSON: somebody or something has written into the journal`,
    fix: `mend or delete that line; the other lines stay valid`,
    cause,
  });
}

/** The entries since the lab was last put back to its broken state; all of them where it never was. */
export function sinceReset(entries: readonly JournalEntry[]): readonly JournalEntry[] {
  return entries.slice(entries.findLastIndex(({ type }) => type === 'reset') + 1);
}
