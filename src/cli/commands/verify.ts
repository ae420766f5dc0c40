import type { Baseline } from '../../checks/baseline.ts';
import { BreakfixError } from '../../core/errors.ts';
import { breakCluster } from '../../engine/break.ts';
import { findScenario, type Incident, incidentOf, seedOf } from '../../engine/incident.ts';
import { sharedSpec } from '../../engine/start.ts';
import { type BrokenCluster, type CaseResult, verifyIncident } from '../../engine/verify.ts';
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
  const results: CaseResult[] = [];
  const begun = context.clock.now().getTime();
  const groups = provider.slow === true ? dealt(incidents) : incidents.map((incident) => [incident]);
  const verifyGroup = async (group: readonly Incident[]): Promise<void> => {
    results.push(...(await verifyOnOneCluster(context, provider, group, flags.only)));
  };
  if (provider.slow === true) await allOf(groups.map(verifyGroup));
  else for (const group of groups) await verifyGroup(group);
  const wrong = results.filter(({ ok }) => !ok);
  const took = shortTime(context.clock.now().getTime() - begun);
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

/** So many clusters of a slow provider are worked on at a time: most of the time each of them waits. */
const CLUSTERS = 2;

function dealt(incidents: readonly Incident[]): Incident[][] {
  const groups = Array.from({ length: CLUSTERS }, (_, first) =>
    incidents.filter((_incident, index) => index % CLUSTERS === first),
  );
  return groups.filter((group) => group.length > 0);
}

/** Waits for all of them also when one fails, so that each can clean up. */
async function allOf(works: readonly Promise<void>[]): Promise<void> {
  const outcomes = await Promise.allSettled(works);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

async function verifyOnOneCluster(
  context: CommandContext,
  provider: ClusterProvider,
  incidents: readonly Incident[],
  only: string | undefined,
): Promise<CaseResult[]> {
  const { output, signal, clock } = context;
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
  const results: CaseResult[] = [];
  try {
    await using cluster = await provider.create(ref, spec, { progress: () => {}, signal });
    for (const incident of incidents) {
      const source = await brokenClusters(cluster, incident, signal);
      const verified = await verifyIncident({
        incident,
        broken: source.next,
        signal,
        stopwatch: () => clock.now().getTime(),
        done: (result) => output.note(rowOf(result)),
        ...(only === undefined ? {} : { only }),
      });
      results.push(...verified);
    }
    return results;
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

interface BrokenSource {
  readonly next: () => Promise<BrokenCluster>;
}

/**
 * One broken cluster a case: copies of one that was broken once where the provider can copy, otherwise the same
 * cluster, emptied and broken again.
 */
async function brokenClusters(
  cluster: Cluster,
  incident: Incident,
  signal: AbortSignal,
): Promise<BrokenSource> {
  const quiet = async (_phase: string, work: () => Promise<unknown>): Promise<void> => {
    await work();
  };
  const breakIt = (): Promise<Baseline> => breakCluster(cluster, incident, quiet, signal);
  const { fork, empty } = cluster.can;
  if (fork === undefined) {
    return {
      next: async () => {
        await empty?.();
        return { cluster, baseline: await breakIt(), [Symbol.asyncDispose]: () => Promise.resolve() };
      },
    };
  }
  const baseline = await breakIt();
  await cluster.can.goLive?.();
  return {
    next: async () => {
      const copy = await fork();
      return {
        cluster: copy,
        baseline,
        [Symbol.asyncDispose]: () => Promise.resolve(copy[Symbol.asyncDispose]()),
      };
    },
  };
}
