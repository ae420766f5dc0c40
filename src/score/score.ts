/** How one part of a grade came out, as the journal keeps it. */
export interface PartResult {
  readonly id: string;
  readonly title: string;
  readonly status: 'pass' | 'fail' | 'error';
  readonly expected: string;
  readonly seen: string;
  /** How long it was looked at, in milliseconds of the cluster's clock. */
  readonly tookMs: number;
  /** What clients in the cluster saw meanwhile; absent where no client was asked. */
  readonly probes?: readonly ProbeRun[];
}

/** Probes of one client with one question, one after the other, that all came out alike. */
export interface ProbeRun {
  readonly from: string;
  readonly asked: string;
  /** From the first to the end of the last, in milliseconds since the grade (or the phase) began. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly attempts: number;
  /** How many came out as the check asks for. */
  readonly succeeded: number;
  /** How often each outcome was seen: `200`, `ECONNREFUSED`, an address … */
  readonly outcomes: Readonly<Record<string, number>>;
}

export interface ObjectiveResult extends PartResult {
  readonly points: number;
}

export interface SafeguardResult extends PartResult {
  readonly price: 'veto' | number;
}

export type Verdict = 'pass' | 'fail' | 'error';

export interface Score {
  readonly verdict: Verdict;
  /** Of the repair, from 0 to `most`; hints are taken off only when the lab is passed. */
  readonly points: number;
  readonly most: number;
  /** What the hints cost. */
  readonly hintPrice: number;
}

/**
 * The rules of scoring, version 1. `error` where anything could not be judged; a pass needs every objective and
 * every veto; a fail keeps the points of the objectives that hold, unless a veto is broken: then nothing counts.
 */
export function score(
  objectives: readonly ObjectiveResult[],
  safeguards: readonly SafeguardResult[],
  hintPrice: number,
): Score {
  const most = sum(objectives.map(({ points }) => points));
  if ([...objectives, ...safeguards].some(({ status }) => status === 'error')) {
    return { verdict: 'error', points: 0, most, hintPrice: 0 };
  }
  const broken = safeguards.filter(({ status }) => status === 'fail');
  const vetoed = broken.some(({ price }) => price === 'veto');
  const reached = objectives.filter(({ status }) => status === 'pass');
  const deducted = sum(broken.map(({ price }) => (price === 'veto' ? 0 : price)));
  const passed = !vetoed && reached.length === objectives.length;
  const charged = passed ? hintPrice : 0;
  const earned = vetoed ? 0 : sum(reached.map(({ points }) => points)) - deducted - charged;
  return { verdict: passed ? 'pass' : 'fail', points: Math.max(0, earned), most, hintPrice: charged };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
