import type { ObjectiveResult, ProbeRun, SafeguardResult, Verdict } from '../score/score.ts';
import { type DiagnosisAnswer, type JournalEntry, type PlannedEntry, sinceReset } from './journal.ts';
import { type Outcome, ownWork, ownDiagnosis, standingOf } from './standing.ts';
import { changesOf, type TimedChange, type Times, timesOf } from './timeline.ts';

/** Of `report.json`; it grows when a field changes its meaning or goes, not when one is added. */
export const REPORT_VERSION = 1;

/** What the journal of a lab says, in one document: `report.json`, and what the other formats are made of. */
export interface LabReport {
  readonly schema: 'breakfix-report';
  readonly version: typeof REPORT_VERSION;
  readonly lab: string;
  readonly incident: string;
  readonly seed: number;
  readonly provider: string;
  /** What the learner was told. */
  readonly title?: string;
  readonly ticket?: string;
  readonly rules?: readonly string[];
  /** ISO 8601; absent where the lab was never handed over. */
  readonly handedOver?: string;
  readonly outcome: Outcome;
  readonly points: number;
  readonly most: number;
  /** Of the grade that counts; empty where none does. */
  readonly objectives: readonly ObjectiveResult[];
  readonly safeguards: readonly SafeguardResult[];
  readonly grades: readonly { time: string; verdict: Verdict; points: number; most: number }[];
  readonly hints: readonly { time: string; number: number; price: number; text: string }[];
  /** The first one: it counts. */
  readonly diagnosis?: {
    readonly time: string;
    readonly points: number;
    readonly most: number;
    readonly answers: readonly DiagnosisAnswer[];
  };
  /** Milliseconds from the hand-over. */
  readonly times: Times;
  readonly changes: readonly TimedChange[];
  /** What clients in the cluster saw, in order. */
  readonly traffic: readonly Traffic[];
  /** How often the lab was put back to its broken state; all but this is about the time since then. */
  readonly resets: number;
  readonly phases: readonly { phase: string; tookMs: number }[];
}

/** What clients saw of the shop while it was healthy, when the symptom was proven, or in an own grade. */
export interface Traffic {
  readonly time: string;
  readonly when: 'healthy' | 'broken' | 'graded';
  /** A client may be asked the same by several checks. */
  readonly probes: readonly ProbeRun[];
}

/** Sums up a journal. */
export function reportOf(lab: string, entries: readonly JournalEntry[]): LabReport {
  const attempt = sinceReset(entries);
  const planned = entries.find((entry) => entry.type === 'planned');
  const { outcome, points, most, grade } = standingOf(entries);
  const handedOver = attempt.find(({ type }) => type === 'handed-over')?.time;
  const diagnosis = diagnosisOf(entries);
  return {
    schema: 'breakfix-report',
    version: REPORT_VERSION,
    lab,
    incident: planned?.incident ?? 'unknown',
    seed: planned?.seed ?? 0,
    provider: planned?.provider ?? 'unknown',
    ...toldIn(planned),
    ...(handedOver === undefined ? {} : { handedOver }),
    outcome,
    points,
    most,
    objectives: grade?.objectives ?? [],
    safeguards: grade?.safeguards ?? [],
    grades: ownWork(entries)
      .filter((entry) => entry.type === 'graded')
      .map((one) => ({ time: one.time, verdict: one.verdict, points: one.points, most: one.most })),
    hints: attempt
      .filter((entry) => entry.type === 'hint')
      .map(({ time, number, price, text }) => ({ time, number, price, text })),
    ...(diagnosis === undefined ? {} : { diagnosis }),
    times: timesOf(entries),
    changes: changesOf(entries),
    traffic: trafficOf(ownWork(entries)),
    resets: entries.filter(({ type }) => type === 'reset').length,
    phases: attempt.filter((entry) => entry.type === 'phase').map(({ phase, tookMs }) => ({ phase, tookMs })),
  };
}

function toldIn(planned: Partial<PlannedEntry> | undefined): Pick<LabReport, 'title' | 'ticket' | 'rules'> {
  const { title, ticket, rules } = planned ?? {};
  return {
    ...(title === undefined ? {} : { title }),
    ...(ticket === undefined ? {} : { ticket }),
    ...(rules === undefined ? {} : { rules }),
  };
}

function trafficOf(own: readonly JournalEntry[]): Traffic[] {
  return own.flatMap((entry): Traffic[] => {
    const { time } = entry;
    if (entry.type === 'graded') {
      const probes = [...entry.objectives, ...entry.safeguards].flatMap((part) => part.probes ?? []);
      return probes.length === 0 ? [] : [{ time, when: 'graded', probes }];
    }
    if (entry.type !== 'phase' || entry.probes === undefined) return [];
    return [{ time, when: entry.phase === 'symptom' ? 'broken' : 'healthy', probes: entry.probes }];
  });
}

function diagnosisOf(entries: readonly JournalEntry[]): LabReport['diagnosis'] {
  const own = ownDiagnosis(entries);
  if (own === undefined) return undefined;
  const { time, answers } = own;
  const points = answers.reduce((sum, answer) => sum + answer.points, 0);
  const most = answers.reduce((sum, answer) => sum + answer.most, 0);
  return { time, points, most, answers };
}
