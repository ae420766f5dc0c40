import type { Baseline } from '../../checks/baseline.ts';
import { BreakfixError } from '../../core/errors.ts';
import { breakCluster } from '../../engine/break.ts';
import { findScenario, type Incident, incidentOf, seedOf } from '../../engine/incident.ts';
import { sharedSpec } from '../../engine/start.ts';
import { type BrokenCluster, type CaseResult, type VerifyJob, verifyJobs } from '../../engine/verify.ts';
import type { Cluster, ClusterProvider } from '../../providers/provider.ts';
import type { Scenario } from '../../scenario/types.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { shortTime } from '../output.ts';
import { columns } from './list.ts';
import { mustBeAvailable } from './start.ts';

export interface VerifyFlags {
  readonly all?: boolean;
  readonly provider: string;
  readonly seeds: string;
  readonly only?: string;
}

/** `breakfix verify`: the author's proof that scenarios are sound. @returns the exit code */
export async function verify(
  context: CommandContext,
  ids: readonly string[],
  flags: VerifyFlags,
): Promise<number> {
  const { output } = context;
  const catalogue = await context.catalogue();
  const named = async (id: string): Promise<Scenario> =>
    isPath(id) ? context.scenarioFile(id) : findScenario(catalogue, id, 'id');
  const scenarios = flags.all === true ? catalogue : await Promise.all(ids.map(named));
  if (scenarios.length === 0) {
    throw new BreakfixError({
      code: 'NOTHING_TO_VERIFY',
      kind: 'user',
      message: 'no scenario was named',
      fix: 'name scenarios by id, or take all of them: breakfix verify --all',
    });
  }
  const provider = await context.provider(flags.provider, { local: true });
  await mustBeAvailable(provider);
  const incidents = seedsOf(flags.seeds).flatMap((seed, index) =>
    scenarios.map((scenario) => incidentOf(index === 0 ? scenario : young(scenario), seed)),
  );
  const { signal, clock } = context;
  const begun = clock.now().getTime();
  const jobs = incidents.map((incident): IncidentJobs => ({
    incident,
    jobs: verifyJobs({
      incident,
      signal,
      stopwatch: () => clock.now().getTime(),
      done: (result) => output.note(rowOf(result)),
      ...(flags.only === undefined ? {} : { only: flags.only }),
    }),
  }));
  const results = await (provider.slow === true
    ? verifyOnSharedClusters(context, provider, jobs)
    : verifyOneByOne(context, provider, jobs));
  const wrong = results.filter(({ ok }) => !ok);
  const took = shortTime(clock.now().getTime() - begun);
  const summary = `${results.length - wrong.length} of ${results.length} cases as expected, ${took}`;
  output.result({ results, ok: wrong.length === 0 }, summary);
  return wrong.length === 0 ? exitCodes.ok : exitCodes.failed;
}

const isPath = (id: string): boolean => /[\\/]|\.[cm]?[jt]s$/.test(id);

/** `3` means seeds 1, 2 and 3; `7,12` means these. @throws BreakfixError: no seeds would be a proof of nothing */
function seedsOf(text: string): number[] {
  if (text.includes(',')) return text.split(',').map(seedOf);
  return Array.from({ length: seedOf(text) }, (_, index) => index + 1);
}

/**
 * Faults of the first seed are as old as a learner finds them. Those of the others are new, as they are on a real
 * cluster, where nobody waits: both must be graded alike.
 */
const young = (scenario: Scenario): Scenario => ({ ...scenario, since: YOUNG });
const YOUNG = 60_000;

interface IncidentJobs {
  readonly incident: Incident;
  readonly jobs: readonly VerifyJob[];
}

/** A cluster of its own for every incident. */
async function verifyOneByOne(
  context: CommandContext,
  provider: ClusterProvider,
  all: readonly IncidentJobs[],
): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const { incident, jobs } of all) {
    await withCluster(context, provider, [incident], async (cluster) => {
      const broken = await brokenClusters(cluster, incident, context.signal);
      for (const job of jobs) results.push(...(await job(broken)));
    });
  }
  return results;
}

/** So many clusters of a slow provider are worked on at a time: most of the time each of them waits. */
const CLUSTERS = 3;

/** A few clusters, of which each has what any incident needs, and takes the next job as soon as it has done one. */
async function verifyOnSharedClusters(
  context: CommandContext,
  provider: ClusterProvider,
  all: readonly IncidentJobs[],
): Promise<CaseResult[]> {
  const incidents = all.map(({ incident }) => incident);
  const waiting = all.flatMap(({ incident, jobs }) => jobs.map((job) => ({ incident, job })));
  const done = new Map<VerifyJob, readonly CaseResult[]>();
  const order = waiting.map(({ job }) => job);
  const work = async (cluster: Cluster): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { incident, job } = next;
      done.set(job, await job(await brokenClusters(cluster, incident, context.signal)));
    }
  };
  const works = Array.from({ length: Math.min(CLUSTERS, waiting.length) }, async () => {
    try {
      await withCluster(context, provider, incidents, work);
    } catch (error) {
      // The others end what they have begun.
      waiting.length = 0;
      throw error;
    }
  });
  await allOf(works);
  return order.flatMap((job) => done.get(job) ?? []);
}

/** Waits for all of them also when one fails, so that each can clean up. */
async function allOf(works: readonly Promise<void>[]): Promise<void> {
  const outcomes = await Promise.allSettled(works);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

async function withCluster(
  context: CommandContext,
  provider: ClusterProvider,
  incidents: readonly Incident[],
  work: (cluster: Cluster) => Promise<void>,
): Promise<void> {
  const { signal, clock } = context;
  const { folder, name } = context.store.create(`verify-${incidents[0]?.scenario.incident ?? 'nothing'}`);
  const spec = sharedSpec(incidents, name, folder.path);
  const ref = provider.plan(spec);
  // Saved before anything is made: `stop` finds what a crash leaves.
  folder.save({
    format: 1,
    name,
    incident: incidents[0]?.scenario.incident ?? '',
    seed: incidents[0]?.seed ?? 0,
    provider: provider.name,
    createdAt: clock.now().toISOString(),
    state: 'starting',
    cluster: ref,
    proof: true,
  });
  try {
    await using cluster = await provider.create(ref, spec, { progress: () => {}, signal });
    await work(cluster);
  } finally {
    await provider.destroy(ref);
    folder.remove();
  }
}

function rowOf({ scenario, seed, case: name, ok, seen, tookMs }: CaseResult): string {
  const mark = ok ? '✓' : '✗';
  return columns([
    [mark, `${scenario}/${seed}`.padEnd(22), name.padEnd(24), shortTime(tookMs).padStart(7), seen],
  ]);
}

/**
 * One broken cluster a case: copies of one that was broken once where the provider can copy, otherwise the same
 * cluster, emptied and broken again.
 */
async function brokenClusters(
  cluster: Cluster,
  incident: Incident,
  signal: AbortSignal,
): Promise<() => Promise<BrokenCluster>> {
  const quiet = async (_phase: string, work: () => Promise<unknown>): Promise<void> => {
    await work();
  };
  const breakIt = (): Promise<Baseline> => breakCluster(cluster, incident, quiet, signal);
  const { fork, empty } = cluster.can;
  if (fork === undefined) {
    return async () => {
      await empty?.();
      return { cluster, baseline: await breakIt(), [Symbol.asyncDispose]: () => Promise.resolve() };
    };
  }
  const baseline = await breakIt();
  await cluster.can.goLive?.();
  return async () => {
    const copy = await fork();
    return {
      cluster: copy,
      baseline,
      [Symbol.asyncDispose]: () => Promise.resolve(copy[Symbol.asyncDispose]()),
    };
  };
}
