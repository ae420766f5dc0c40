import type { Baseline } from '../checks/baseline.ts';
import { type Check, gradeCheck, type LabView, type Observation } from '../checks/check.ts';
import type { Cluster } from '../providers/provider.ts';
import type { GradeEntry } from '../report/journal.ts';
import { type ObjectiveResult, type PartResult, type SafeguardResult, score } from '../score/score.ts';
import { viewOf } from './break.ts';
import { onCopyOf } from './copied.ts';
import type { Incident } from './incident.ts';
import type { OpenLab } from './open-lab.ts';
import { ProbeLog } from './probe-log.ts';

export interface GradeOptions {
  /** What the hints that were taken cost. */
  readonly hintPrice: number;
  /** Says what is being looked at. */
  readonly progress?: (message: string) => void;
  readonly signal: AbortSignal;
  /** Leaves out what makes objects or load of its own: for looking again and again. */
  readonly quietly?: boolean;
  /** See {@link LabView.patience}. */
  readonly patience?: number;
  /**
   * Looks at the check of this id before all others, and stops when it has failed: what they would say changes the
   * verdict no more. They are missing in the result.
   */
  readonly until?: string;
}

/** A lab to grade. */
export type GradedLab = Pick<OpenLab, 'cluster' | 'baseline' | 'incident'>;

/** Asks for a grade of a copy of a lab where its cluster lives: `copy-work.ts`. */
export interface GradeOfCopy {
  readonly work: 'grade';
  readonly options: Omit<GradeOptions, 'progress' | 'signal'>;
}

interface Part {
  readonly id: string;
  readonly title: string;
  readonly check: Check;
}

/**
 * Grades a repair by looking at the cluster: on a copy where the provider can make one (the original and its clock
 * do not move), otherwise in place. What only reads runs at the same time; what makes objects or load runs last, one
 * after the other.
 */
export async function grade(lab: GradedLab, options: GradeOptions): Promise<GradeEntry> {
  const { progress: _progress, signal, ...others } = options;
  const question: GradeOfCopy = { work: 'grade', options: others };
  return onCopyOf(lab.cluster, question, signal, (cluster, onCopy) =>
    gradeInPlace(cluster, lab.baseline, lab.incident, options, onCopy),
  );
}

/** Grades the cluster itself; {@link grade} decides whether that is a copy. */
export async function gradeInPlace(
  cluster: Cluster,
  baseline: Baseline,
  incident: Incident,
  options: GradeOptions,
  onCopy: boolean,
): Promise<GradeEntry> {
  const { patience } = options;
  const view: LabView = {
    ...viewOf(cluster, baseline, incident, options.signal),
    ...(patience === undefined ? {} : { patience }),
  };
  const { scenario, values } = incident;
  const wanted = ({ check }: Part): boolean => options.quietly !== true || check.disturbs === undefined;
  const objectives = scenario.objectives(values).filter(wanted);
  const safeguards = scenario.safeguards(values).filter(wanted);
  const start = cluster.clock.now().getTime();
  const results = await lookAt(view, [...objectives, ...safeguards], onCopy, options);
  const objectiveResults = objectives.flatMap((objective): ObjectiveResult[] => {
    const result = results.get(objective);
    return result === undefined ? [] : [{ ...result, points: objective.points }];
  });
  const safeguardResults = safeguards.flatMap((safeguard): SafeguardResult[] => {
    const result = results.get(safeguard);
    return result === undefined ? [] : [{ ...result, price: safeguard.price }];
  });
  return {
    ...score(objectiveResults, safeguardResults, options.hintPrice),
    objectives: objectiveResults,
    safeguards: safeguardResults,
    onCopy,
    tookMs: cluster.clock.now().getTime() - start,
  };
}

/** @returns what was seen of every part; where that of `until` failed, of it alone */
async function lookAt(
  view: LabView,
  parts: readonly Part[],
  onCopy: boolean,
  { until, progress = () => {} }: GradeOptions,
): Promise<ReadonlyMap<Part, PartResult>> {
  const results = new Map<Part, PartResult>();
  const enough = new AbortController();
  const begun = view.clock.now();
  const stopped = (): boolean => enough.signal.aborted;
  const watching = { ...view, signal: AbortSignal.any([view.signal, enough.signal]) };
  const look = async (part: Part): Promise<void> => {
    if (stopped()) return;
    const start = view.clock.now().getTime();
    const probes = new ProbeLog(begun);
    let seen: Observation;
    try {
      seen = await gradeCheck({ ...watching, probed: probes.note }, part.check);
    } catch (error) {
      if (stopped() && !view.signal.aborted) return;
      throw error;
    }
    const tookMs = view.clock.now().getTime() - start;
    results.set(part, {
      id: part.id,
      title: part.title,
      status: seen.status,
      seen: seen.seen,
      expected: part.check.expected,
      tookMs,
      ...probes.found,
    });
    if (part.id === until && seen.status === 'fail') enough.abort();
  };
  const lookAtAll = async (some: readonly Part[]): Promise<void> => {
    await Promise.all(some.filter(({ check }) => check.disturbs === undefined).map(look));
    for (const part of some.filter(({ check }) => check.disturbs !== undefined)) {
      if (!onCopy && !stopped()) progress(`looking at ${part.title}: makes ${part.check.disturbs ?? ''}`);
      await look(part);
    }
  };
  await lookAtAll(parts.filter(({ id }) => id === until));
  await lookAtAll(parts.filter(({ id }) => id !== until));
  return results;
}
