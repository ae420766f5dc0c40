import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadCatalogue } from '../../src/cli/catalogue.ts';
import type { Baseline } from '../../src/checks/baseline.ts';
import { breakCluster, namespacesOf } from '../../src/engine/break.ts';
import { findScenario, type Incident, incidentOf } from '../../src/engine/incident.ts';
import { sharedSpec } from '../../src/engine/start.ts';
import { embeddedProvider } from '../../src/providers/embedded/provider.ts';
import type { Cluster } from '../../src/providers/provider.ts';
import { resources } from '../../src/model/resources.ts';
import { State } from './state.ts';

const { signal } = new AbortController();

/** A fault is so old when the lab is attacked, in milliseconds: copies are replays, and a short past is a quick one. */
const SINCE = 120_000;

/** A broken lab in this process, of which copies are attacked. */
export interface BrokenLab extends AsyncDisposable {
  readonly incident: Incident;
  /** What the grader compares with. */
  readonly baseline: Baseline;
  readonly healthy: State;
  readonly broken: State;
  /** What the pods of the healthy shop ran, by workload: `sha256:…`. */
  readonly healthyDigests: Readonly<Record<string, string>>;
  readonly fork: () => Promise<Cluster>;
}

/** Breaks the shop as `start` does, without the hours of history. */
export async function brokenLab(id: string, seed: number): Promise<BrokenLab> {
  const incident = withShortPast(incidentOf(findScenario(await loadCatalogue(), id, 'id'), seed));
  const root = mkdtempSync(join(tmpdir(), 'breakfix-attack-'));
  const folder = join(root, 'lab');
  mkdirSync(folder);
  const provider = embeddedProvider({ version: 'attack', labCommand: [], mode: 'local' });
  const spec = sharedSpec([incident], 'attack', folder);
  const cluster = await provider.create(provider.plan(spec), spec, { progress: () => {}, signal });
  const namespaces = namespacesOf(incident.plan);
  let healthy = new State(new Map());
  let healthyDigests: Record<string, string> = {};
  const baseline = await breakCluster(
    withoutHistory(cluster),
    incident,
    async (phase, work) => {
      if (phase === 'fault') {
        healthy = await State.capture(cluster.kube, namespaces);
        healthyDigests = await digestsOf(cluster, incident.plan.namespace);
      }
      await work();
    },
    signal,
  );
  const broken = await State.capture(cluster.kube, namespaces);
  const { fork } = cluster.can;
  if (fork === undefined) throw new Error('this cluster cannot be copied');
  return {
    incident,
    baseline,
    healthy,
    broken,
    healthyDigests,
    fork,
    [Symbol.asyncDispose]: async () => {
      await cluster[Symbol.asyncDispose]();
      rmSync(root, { recursive: true });
    },
  };
}

async function digestsOf({ kube }: Cluster, namespace: string): Promise<Record<string, string>> {
  const pods = await kube.list(resources.pods, { namespace });
  const containers = pods.flatMap(({ status }) => status.containerStatuses ?? []);
  return Object.fromEntries(
    containers.map(({ name, imageID }) => [name, imageID.slice(imageID.lastIndexOf('@') + 1)]),
  );
}

function withShortPast(incident: Incident): Incident {
  const { scenario } = incident;
  return { ...incident, scenario: { ...scenario, since: Math.min(scenario.since, SINCE) } };
}

/** The healthy shop does not live through minutes before the fault. */
function withoutHistory(cluster: Cluster): Cluster {
  const { ref, kubeconfig, kube, clock, facts, version } = cluster;
  const can = { ...cluster.can, backdate: () => Promise.resolve() };
  return {
    ref,
    kubeconfig,
    kube,
    clock,
    facts,
    version,
    can,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
