import type { Baseline } from '../checks/baseline.ts';
import { type Check, gradeCheck, type LabView, type Observation } from '../checks/check.ts';
import type { Cluster } from '../providers/provider.ts';
import type { GradeEntry } from '../report/journal.ts';
import { type ObjectiveResult, type PartResult, type SafeguardResult, score } from '../score/score.ts';
import { viewOf } from './break.ts';
import type { Incident } from './incident.ts';

export interface GradeOptions {
  /** What the hints that were taken cost. */
  readonly hintPrice: number;
  /** Says what is being looked at. */
  readonly progress?: (message: string) => void;
  readonly signal: AbortSignal;
  /** Leaves out what makes objects or load of its own: for looking again and again. */
  readonly quietly?: boolean;
}

interface Part {
  readonly id: string;
  readonly title: string;
  readonly check: Check;
}

/**
 * Grades a repair by looking at the cluster: on a copy where the provider can make one (the original and its clock
 * do not move), otherwise in place: what only reads runs at the same time, what makes objects or load runs last,
 * one after the other.
 */
export async function grade(
  cluster: Cluster,
  baseline: Baseline,
  incident: Incident,
  options: GradeOptions,
): Promise<GradeEntry> {
  if (cluster.can.fork === undefined) return gradeInPlace(cluster, baseline, incident, options, false);
  await using copy = await cluster.can.fork();
  return await gradeInPlace(copy, baseline, incident, options, true);
}

/** Grades the cluster itself; {@link grade} decides whether that is a copy. */
export async function gradeInPlace(
  cluster: Cluster,
  baseline: Baseline,
  incident: Incident,
  options: GradeOptions,
  onCopy: boolean,
): Promise<GradeEntry> {
  const view = viewOf(cluster, baseline, incident, options.signal);
  const { scenario, values } = incident;
  const wanted = ({ check }: Part): boolean => options.quietly !== true || check.disturbs === undefined;
  const objectives = scenario.objectives(values).filter(wanted);
  const safeguards = scenario.safeguards(values).filter(wanted);
  const start = cluster.clock.now().getTime();
  const results = await lookAt(view, [...objectives, ...safeguards], onCopy, options.progress);
  const objectiveResults = objectives.map((objective): ObjectiveResult => ({
    ...resultOf(results, objective),
    points: objective.points,
  }));
  const safeguardResults = safeguards.map((safeguard): SafeguardResult => ({
    ...resultOf(results, safeguard),
    price: safeguard.price,
  }));
  return {
    ...score(objectiveResults, safeguardResults, options.hintPrice),
    objectives: objectiveResults,
    safeguards: safeguardResults,
    onCopy,
    tookMs: cluster.clock.now().getTime() - start,
  };
}

async function lookAt(
  view: LabView,
  parts: readonly Part[],
  oneByOne: boolean,
  progress: (message: string) => void = () => {},
): Promise<ReadonlyMap<Part, PartResult>> {
  const results = new Map<Part, PartResult>();
  const look = async (part: Part): Promise<void> => {
    const start = view.clock.now().getTime();
    const { status, seen }: Observation = await gradeCheck(view, part.check);
    const tookMs = view.clock.now().getTime() - start;
    results.set(part, {
      id: part.id,
      title: part.title,
      status,
      seen,
      expected: part.check.expected,
      tookMs,
    });
  };
  const quiet = parts.filter(({ check }) => check.disturbs === undefined);
  const disturbing = parts.filter(({ check }) => check.disturbs !== undefined);
  // On a copy time moves only while somebody waits: together the waits would add up.
  if (oneByOne) for (const part of quiet) await look(part);
  else await Promise.all(quiet.map(look));
  for (const part of disturbing) {
    if (!oneByOne) progress(`looking at ${part.title}: makes ${part.check.disturbs ?? ''}`);
    await look(part);
  }
  return results;
}

function resultOf(results: ReadonlyMap<Part, PartResult>, part: Part): PartResult {
  const result = results.get(part);
  if (result === undefined) throw new Error(`${part.id} was not looked at`);
  return result;
}
