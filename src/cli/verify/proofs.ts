import { join } from 'node:path';
import { messageOf } from '../../core/errors.ts';
import { idleness } from '../../core/idleness.ts';
import type { ProcessCopies } from '../../core/process-copy.ts';
import { brokenAgain, type BrokenClusters, brokenOnce, copyOf } from '../../engine/broken.ts';
import { findScenario, type Incident, incidentOf } from '../../engine/incident.ts';
import { sharedSpec, sharingGroups } from '../../engine/sharing.ts';
import { type CaseResult, type VerifyJob, verifyJobs } from '../../engine/verify.ts';
import type { Cluster, ClusterProvider, SlowProvider } from '../../providers/provider.ts';
import type { Scenario } from '../../scenario/types.ts';
import type { CommandContext } from '../context.ts';
import { crew } from './crew.ts';
import { crowd } from './crowd.ts';

/** What is to be proven: one scenario with one seed. Plain data, so that another process can be told. */
export interface Proof {
  /** An id of the catalogue, or the path of a module. */
  readonly scenario: string;
  readonly seed: number;
  /**
   * Whether the fault is as old as a learner finds it, or new as on a real cluster, where nobody waits: both must be
   * graded alike.
   */
  readonly aged: boolean;
  /** Names of cases that are judged wholly: see the jobs' options. */
  readonly wholly: readonly string[];
  /** Only cases whose name has one of these in it; all where there are none. */
  readonly only: readonly string[];
}

/** Told of every case when the job that it is in is done. */
export type Row = (result: CaseResult) => void;

/** The age of a new fault, in milliseconds. */
const NEW = 60_000;
/** So many nodes of a slow provider begin at a time; most of the time each of them waits. */
const NODES = 6;

const isPath = (scenario: string): boolean => /[\\/]|\.[cm]?[jt]s$/.test(scenario);

/** @param wanted an id of the catalogue, or the path of a module @throws BreakfixError */
export async function scenarioOf(context: CommandContext, wanted: string): Promise<Scenario> {
  return isPath(wanted)
    ? context.scenarioFile(wanted)
    : findScenario(await context.catalogue(), wanted, 'id');
}

/** So many jobs compile most of what all others run; more of them cost more than they save. */
const WARMING = 3;

/**
 * Proves on clusters of this process, one after the other.
 * @param copies each job has a copy of the process with the broken cluster in it, once the process is warm; until then,
 *   and without them, it has a copy of the cluster. The last has the broken cluster itself: nobody needs it afterwards,
 *   and the process stays warm for the next proof
 */
export function localProver(
  context: CommandContext,
  provider: ClusterProvider,
  copies?: ProcessCopies,
): (proof: Proof, row: Row) => Promise<void> {
  const { signal, store } = context;
  let done = 0;
  return async (proof, row) => {
    const { incident, jobs } = await planOf(context, proof);
    // `--only` may leave nothing of it.
    if (jobs.length === 0) return;
    const lab = labName([incident]);
    // Nothing is kept of such a cluster: the folder is only named.
    const spec = sharedSpec([incident], lab, join(store.root, lab));
    await using cluster = await provider.create(provider.plan(spec), spec, { signal });
    const broken = await brokenOnce(cluster, incident, signal);
    const run = (job: VerifyJob): Promise<CaseResult[]> => {
      const inPlace = (): Promise<CaseResult[]> => job.run(() => Promise.resolve(broken));
      if (job === jobs.at(-1)) return inPlace();
      return copies === undefined || done < WARMING ? job.run(() => copyOf(broken)) : copies.run(inPlace);
    };
    for (const job of jobs) {
      (await run(job)).forEach(row);
      done++;
    }
  };
}

/** On clusters that take one job after the other; incidents that need different registries have clusters of their own. */
export async function proveOnSharedClusters(
  context: CommandContext,
  provider: SlowProvider,
  proofs: readonly Proof[],
  row: Row,
): Promise<void> {
  const plans = await Promise.all(proofs.map((proof) => planOf(context, proof)));
  for (const group of sharingGroups(plans.map(({ incident }) => incident))) {
    const fitting = plans.filter(({ incident }) => group.includes(incident));
    await proveTogether(context, provider, fitting, row);
  }
}

/** A few clusters, of which each has what any of the plans needs, and takes the next job as soon as it has done one. */
async function proveTogether(
  context: CommandContext,
  provider: SlowProvider,
  plans: readonly Plan[],
  row: Row,
): Promise<void> {
  const incidents = plans.map(({ incident }) => incident);
  const waiting = plans.flatMap(({ incident, jobs }) => jobs.map((job) => ({ incident, job })));
  const inTime = crowd(context);
  const work = async (cluster: Cluster): Promise<void> => {
    let last: { readonly incident: Incident; readonly broken: BrokenClusters } | undefined;
    const one = async (): Promise<void> => {
      // Taken when there is room for it: until then others may have, or one of them has failed.
      const next = waiting.shift();
      if (next === undefined) return;
      const { incident, job } = next;
      if (last?.incident !== incident)
        last = { incident, broken: brokenAgain(cluster, incident, context.signal) };
      (await job.run(last.broken)).forEach(row);
    };
    while (waiting.length > 0) await inTime(one);
  };
  const { nodes } = sharedSpec(incidents, 'any', 'any');
  const clustersOf = (count: number): number => Math.max(1, Math.floor(count / nodes.length));
  const notThere: unknown[] = [];
  const worker = async (): Promise<void> => {
    const mine: Cluster[] = [];
    try {
      await withCluster(context, provider, incidents, async (cluster) => {
        mine.push(cluster);
        await work(cluster);
      });
    } catch (error) {
      // What a cluster was to do that did not come up, the others do.
      if (mine.length === 0 && !context.signal.aborted) {
        context.output.note(`a cluster did not come up: ${messageOf(error)}`);
        notThere.push(error);
        return;
      }
      // They end what they have begun.
      waiting.length = 0;
      throw error;
    }
  };
  const most = clustersOf(provider.slow.nodesThatFit());
  await crew({
    moreToDo: () => waiting.length > 0,
    worker,
    first: Math.min(clustersOf(NODES), most, waiting.length),
    most,
    idle: idleness(),
    clock: context.clock,
    signal: context.signal,
  });
  if (waiting.length > 0) throw notThere[0];
}

interface Plan {
  readonly incident: Incident;
  readonly jobs: readonly VerifyJob[];
}

async function planOf(
  context: CommandContext,
  { scenario: wanted, seed, aged, only, wholly }: Proof,
): Promise<Plan> {
  const { signal, clock } = context;
  const scenario = await scenarioOf(context, wanted);
  const incident = incidentOf(aged ? scenario : { ...scenario, since: NEW }, seed);
  const stopwatch = (): number => clock.now().getTime();
  const jobs = verifyJobs({
    incident,
    signal,
    stopwatch,
    wholly,
    only,
  });
  return { incident, jobs };
}

/**
 * What is to be proven of scenarios with several seeds.
 * @param wholly each case is judged wholly with the first seed that has it
 */
export async function proofsOf(
  context: CommandContext,
  scenarios: readonly string[],
  seeds: readonly number[],
  { only, wholly }: { readonly only: readonly string[]; readonly wholly: boolean },
): Promise<Proof[]> {
  const known = new Map(scenarios.map((scenario) => [scenario, new Set<string>()]));
  const proofs: Proof[] = [];
  for (const [index, seed] of seeds.entries()) {
    for (const [scenario, cases] of known) {
      const proof: Proof = { scenario, seed, aged: index === 0, only, wholly: [] };
      proofs.push(wholly ? { ...proof, wholly: await newCases(context, proof, cases) } : proof);
    }
  }
  return proofs;
}

/** @param known names of cases that earlier proofs have; those of this one are added */
async function newCases(context: CommandContext, proof: Proof, known: Set<string>): Promise<string[]> {
  const { jobs } = await planOf(context, proof);
  const cases = jobs.flatMap((job) => job.cases).filter((name) => !known.has(name));
  for (const name of cases) known.add(name);
  return cases;
}

const labName = (incidents: readonly Incident[]): string =>
  `verify-${incidents[0]?.scenario.incident.toLowerCase() ?? 'nothing'}`;

async function withCluster(
  context: CommandContext,
  provider: ClusterProvider,
  incidents: readonly Incident[],
  work: (cluster: Cluster) => Promise<void>,
): Promise<void> {
  const { signal, clock } = context;
  const { folder, name } = context.store.create(labName(incidents));
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
    await using cluster = await provider.create(ref, spec, { signal });
    await work(cluster);
  } finally {
    await provider.destroy(ref);
    folder.remove();
  }
}
