import { loadCatalogue } from '../../src/cli/catalogue.ts';
import type { Baseline } from '../../src/checks/baseline.ts';
import { type Check, fail, pass } from '../../src/checks/check.ts';
import { breakCluster, namespacesOf } from '../../src/engine/break.ts';
import { findScenario, type Incident, incidentOf } from '../../src/engine/incident.ts';
import { sharedSpec } from '../../src/engine/sharing.ts';
import { LOG_VERSION } from '../../src/cluster/host/input-log.ts';
import { wallClock } from '../../src/core/clock.ts';
import { LocalCluster } from '../../src/providers/embedded/local-cluster.ts';
import { createCredentials, type EmbeddedHeader } from '../../src/providers/embedded/spec.ts';
import type { Cluster } from '../../src/providers/provider.ts';
import { resources } from '../../src/model/resources.ts';
import { State } from './state.ts';

const { signal } = new AbortController();

/** A fault is not older when the lab is attacked, in milliseconds: copies are replays, and a short past is a quick one. */
const SINCE = 180_000;

/** When the lab's clock begins, in microseconds since 1970. */
const EPOCH = Date.UTC(2026, 8, 1, 9) * 1000;

/** A broken lab in this process, of which copies are attacked. */
export interface BrokenLab extends AsyncDisposable {
  readonly incident: Incident;
  /** What the grader compares with. */
  readonly baseline: Baseline;
  readonly healthy: State;
  readonly broken: State;
  /** What the pods of the healthy shop ran, by workload: `sha256:…`. */
  readonly healthyDigests: Readonly<Record<string, string>>;
  /** Does the work on a copy of it, and gives what came of it. */
  copied<T>(work: (cluster: Cluster) => Promise<T>): Promise<T>;
}

/** Breaks the shop as `start` does, without the hours of history, and without the proof that it shows. */
export async function brokenLab(id: string, seed: number): Promise<BrokenLab> {
  const incident = incidentOf(findScenario(await loadCatalogue(), id, 'id'), seed);
  const cluster = await emptyCluster(incident);
  const namespaces = namespacesOf(incident.plan);
  let healthy = new State(new Map());
  let healthyDigests: Record<string, string> = {};
  let isBroken = false;
  const baseline = await breakCluster(
    withoutHistory(cluster),
    withShortPast(incident, () => isBroken),
    async (phase, work) => {
      if (phase === 'fault') {
        healthy = await State.capture(cluster.kube, namespaces);
        healthyDigests = await digestsOf(cluster, incident.plan.namespace);
        isBroken = true;
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
    copied: async (work) => {
      await using copy = await fork();
      return await work(copy);
    },
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

/** Always the same one for a seed, to the microsecond, so that a sequence can be run again. */
function emptyCluster(incident: Incident): Promise<LocalCluster> {
  const spec = sharedSpec([incident], 'attack', '');
  const credentials = createCredentials(wallClock.now());
  const { seed, since, nodes, images, registries } = spec;
  const header: EmbeddedHeader = {
    format: 'breakfix-inputs',
    version: LOG_VERSION,
    breakfix: 'attack',
    seed,
    epoch: EPOCH,
    since,
    spec: {
      nodes: nodes.map(({ role }, index) => ({ name: `attack-${role}${index < 2 ? '' : index}`, role })),
      images,
      registries,
      ca: credentials.authority.certificate,
    },
  };
  const ref = { provider: 'embedded', lab: spec.lab, folder: spec.folder };
  return LocalCluster.start({ ref, header, credentials });
}

async function digestsOf({ kube }: Cluster, namespace: string): Promise<Record<string, string>> {
  const pods = await kube.list(resources.pods, { namespace });
  const containers = pods.flatMap(({ status }) => status.containerStatuses ?? []);
  return Object.fromEntries(
    containers.map(({ name, imageID }) => [name, imageID.slice(imageID.lastIndexOf('@') + 1)]),
  );
}

/** Symptoms are proven by `verify`: here each copy would play hundreds of lookups and payments again. */
function withShortPast(incident: Incident, isBroken: () => boolean): Incident {
  const { scenario } = incident;
  const since = Math.min(scenario.since, SINCE);
  const fault: Check = {
    expected: 'the fault is in',
    look: () => Promise.resolve(isBroken() ? pass('it is') : fail('not yet')),
  };
  return { ...incident, scenario: { ...scenario, since, symptoms: () => [fault] } };
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
