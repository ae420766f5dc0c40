import { Baseline } from '../checks/baseline.ts';
import { BreakfixError, messageOf } from '../core/errors.ts';
import type { Cluster, ClusterProvider, ReplayOptions } from '../providers/provider.ts';
import type { GradeEntry, JournalEntry } from '../report/journal.ts';
import { breakCluster, namespacesOf, type PhaseReport } from './break.ts';
import { gradeInPlace } from './grade.ts';
import type { Incident } from './incident.ts';
import { plannedEntry, specFor } from './start.ts';
import { hintsOf, logOf, type Submission } from './submission.ts';
import { changesBetween, type Snapshot, takeSnapshot } from './snapshot.ts';

export interface ReplayGradeOptions {
  readonly provider: ClusterProvider;
  readonly incident: Incident;
  /** Name of the file, for messages. */
  readonly name: string;
  /** A folder for the provider's files. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** A submission as it was marked. */
export interface MarkedSubmission {
  readonly grade: GradeEntry;
  /**
   * What the journal of the lab would say: the replay knows the hand-over, what differs at the end, and the grade; both are
   * dated to the instant at which it was handed in.
   */
  readonly journal: readonly JournalEntry[];
}

/**
 * Grades a submission by doing again what it says. Three clusters: one that this program breaks itself, which tells
 * how the lab was when it was whole and when it was handed over; one with the log's own set-up, which must be the
 * same; and one with all of the log, which is graded.
 * @throws BreakfixError where the log does not begin as this lab begins, or cannot be replayed
 */
export async function gradeSubmission(
  submission: Submission,
  options: ReplayGradeOptions,
): Promise<MarkedSubmission> {
  const { provider, incident, name, folder, signal } = options;
  const spec = specFor(incident, incident.scenario.incident.toLowerCase(), folder);
  const log = logOf(submission, name, spec.seed);
  const replay = async (upTo: ReplayOptions['upTo']): Promise<Cluster> => {
    if (provider.replay === undefined) throw cannotReplay(provider);
    try {
      return await provider.replay(provider.plan(spec), spec, log, { signal, upTo });
    } catch (cause) {
      signal.throwIfAborted();
      throw notReplayed(name, messageOf(cause), cause);
    }
  };
  const hints = hintsOf(submission, name, incident);
  const setUp = await provenSetUp(incident, replay, name, signal);
  await using cluster = await replay('end');
  const time = cluster.clock.now().toISOString();
  const changes = changesBetween(setUp.handedOver, await takeSnapshot(cluster.kube, incident.plan));
  const hintPrice = hints.reduce((sum, { price }) => sum + price, 0);
  const seen = await gradeInPlace(cluster, setUp.baseline, incident, { hintPrice, signal }, true);
  // After `giveup` or `solve` the state is not the learner's: it earns nothing.
  const grade: GradeEntry = submission.ended
    ? { ...seen, verdict: seen.verdict === 'pass' ? 'fail' : seen.verdict, points: 0 }
    : seen;
  const journal: JournalEntry[] = [
    ...setUp.journal,
    ...hints.map((hint) => ({ type: 'hint' as const, ...hint })),
    ...(submission.ended ? [{ time, type: 'given-up' as const }] : []),
    ...(changes.length === 0 ? [] : [{ time, type: 'changed' as const, changes }]),
    { time, type: 'graded', ...grade },
  ];
  return { grade, journal };
}

interface SetUp {
  readonly baseline: Baseline;
  readonly handedOver: Snapshot;
  /** Up to the hand-over. */
  readonly journal: readonly JournalEntry[];
}

/** A set-up of our own that is the same as that of the log. */
async function provenSetUp(
  incident: Incident,
  replay: (upTo: ReplayOptions['upTo']) => Promise<Cluster>,
  name: string,
  signal: AbortSignal,
): Promise<SetUp> {
  await using ours = await replay('start');
  const planned = { type: 'planned' as const, ...plannedEntry(incident, ours.ref.provider) };
  const journal: JournalEntry[] = [{ time: ours.clock.now().toISOString(), ...planned }];
  const noted: PhaseReport = async (phase, work) => {
    const start = ours.clock.now().getTime();
    const findings = await work();
    const now = ours.clock.now();
    const tookMs = now.getTime() - start;
    journal.push({ time: now.toISOString(), type: 'phase', phase, tookMs, ...findings });
  };
  const baseline = await breakCluster(ours, incident, noted, signal);
  const ourUids = await uidsOf(ours, incident);
  const ourState = await takeSnapshot(ours.kube, incident.plan);
  await using theirs = await replay('hand-over');
  const [difference] = changesBetween(ourState, await takeSnapshot(theirs.kube, incident.plan));
  if (difference !== undefined) {
    throw notReplayed(name, `at its hand-over ${difference.object} is not what this lab makes it`);
  }
  if (ourUids !== (await uidsOf(theirs, incident))) {
    throw notReplayed(name, 'at its hand-over there are other objects than this lab makes');
  }
  journal.push({ time: theirs.clock.now().toISOString(), type: 'handed-over' });
  return { baseline, handedOver: ourState, journal };
}

/** Of what keeps its identity from the healthy shop to the hand-over: all but pods. */
async function uidsOf(cluster: Cluster, { plan }: Incident): Promise<string> {
  const objects = (await Baseline.capture(cluster.kube, namespacesOf(plan))).toJSON();
  return Object.entries(objects)
    .filter(([key]) => !key.startsWith('pods/'))
    .map(([key, { metadata }]) => `${key} ${metadata.uid}`)
    .sort()
    .join('\n');
}

function notReplayed(name: string, why: string, cause?: unknown): BreakfixError {
  return new BreakfixError({
    code: 'SUBMISSION_NOT_REPLAYED',
    kind: 'lab',
    message: `${name} cannot be judged: ${why}`,
    fix: 'ask for the file again: breakfix submit FILE writes it; the lab itself can still be graded with breakfix grade',
    cause,
  });
}

function cannotReplay({ name }: ClusterProvider): BreakfixError {
  return new BreakfixError({
    code: 'PROVIDER_CANNOT_REPLAY',
    kind: 'user',
    message: `provider ${name} cannot replay a log`,
    fix: 'take --provider embedded',
  });
}
