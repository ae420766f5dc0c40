import { writeFileSync } from 'node:fs';
import type { Baseline } from '../checks/baseline.ts';
import { messageOf } from '../core/errors.ts';
import type { Clock } from '../core/clock.ts';
import type { PhaseFindings, PhaseName, PlannedEntry } from '../report/journal.ts';
import type { Cluster, ClusterProvider, ClusterRef, ClusterSpec } from '../providers/provider.ts';
import { rulesOf } from '../scenario/rules.ts';
import { breakCluster, type PhaseReport } from './break.ts';
import type { Incident } from './incident.ts';
import type { LabFolder, LabRecord, LabStore } from './lab-store.ts';
import { lockLab } from './lock.ts';
import { type Snapshot, takeSnapshot } from './snapshot.ts';
import { removeLab } from './stop.ts';

export interface StartOptions extends PhaseOptions {
  readonly store: LabStore;
  /** On no cluster that another lab had: one that is kept is removed. */
  readonly fresh?: boolean;
  /** The module of a scenario that is not in the catalogue: later commands load it again. */
  readonly scenarioFile?: string;
}

export interface PhaseOptions {
  readonly provider: ClusterProvider;
  readonly incident: Incident;
  /** The wall. */
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** A phase has begun, or has ended after so many milliseconds. */
  readonly progress: (phase: PhaseName, state: 'begun' | PhaseEnd) => void;
}

export interface PhaseEnd extends PhaseFindings {
  readonly tookMs: number;
}

export interface StartedLab {
  readonly name: string;
  readonly folder: LabFolder;
  readonly record: LabRecord;
  readonly cluster: Cluster;
}

/**
 * Plan → cluster → shop → healthy → fault → symptom → hand-over. Every name is saved before anything is made; a
 * phase that fails leaves its last observation in the journal and nothing else behind.
 */
export async function startLab(options: StartOptions): Promise<StartedLab> {
  const { store, provider, incident, clock } = options;
  if (options.fresh === true) await removeKept(options);
  const { name, folder } = store.create(incident.scenario.incident);
  const spec = specFor(incident, name, folder.path);
  const cluster = adopted(options, folder, spec) ?? provider.plan(spec);
  const record: LabRecord = {
    format: 1,
    name,
    incident: incident.scenario.incident,
    seed: incident.seed,
    provider: provider.name,
    createdAt: clock.now().toISOString(),
    state: 'starting',
    cluster,
    ...(options.scenarioFile === undefined ? {} : { scenarioFile: options.scenarioFile }),
  };
  using _lock = lockLab({ name, folder }, 'started');
  folder.save(record);
  folder.journal.append(clock.now(), { type: 'planned', ...plannedEntry(incident, provider.name) });
  try {
    const broken = await createBroken(options, folder, cluster, spec);
    const running: LabRecord = { ...record, state: 'running' };
    folder.save(running);
    return { name, folder, record: running, cluster: broken };
  } catch (error) {
    await cleanUp(provider, folder, record);
    throw error;
  }
}

async function removeKept({ store, provider }: StartOptions): Promise<void> {
  const kept = store.kept();
  if (kept?.record.provider === provider.name) await removeLab(kept, provider);
}

/** The kept cluster, where there is one that serves; its record is in the lab's folder then. */
function adopted(
  { store, provider }: StartOptions,
  folder: LabFolder,
  spec: ClusterSpec,
): ClusterRef | undefined {
  const kept = store.kept();
  if (kept?.record.provider !== provider.name) return undefined;
  const ref = provider.reuse?.adopt(kept.record.cluster, spec);
  return ref !== undefined && store.takeKept(folder) ? ref : undefined;
}

/** What cannot be removed now stays listed, so that `stop` can try again; the first error is the one to tell. */
async function cleanUp(provider: ClusterProvider, folder: LabFolder, record: LabRecord): Promise<void> {
  try {
    await provider.destroy(record.cluster);
    folder.remove();
  } catch {
    folder.save({ ...record, state: 'failed' });
  }
}

const WORKER = { role: 'worker' } as const;

/** What a provider is asked for. */
export function specFor({ scenario, seed, plan }: Incident, lab: string, folder: string): ClusterSpec {
  return {
    lab,
    folder,
    seed: `${scenario.incident}/${seed}`,
    nodes: [{ role: 'control-plane' }, ...Array.from({ length: plan.workers ?? 1 }, () => WORKER)],
    images: plan.images,
    registries: plan.registries ?? [],
    since: scenario.since,
  };
}

/** Makes a cluster, breaks it and hands it over; where that fails nothing holds on to the cluster. */
export async function createBroken(
  options: PhaseOptions,
  folder: LabFolder,
  ref: ClusterRef,
  spec: ClusterSpec,
): Promise<Cluster> {
  let cluster: Cluster | undefined;
  try {
    await journaled(options, folder)('cluster', async () => {
      const { provider, signal } = options;
      cluster = await provider.create(ref, spec, { signal });
      return { detail: `${spec.nodes.length} nodes, ${cluster.version}` };
    });
    if (cluster === undefined) throw new Error('the provider gave no cluster');
    await breakAndHandOver(options, folder, cluster);
    return cluster;
  } catch (error) {
    await cluster?.[Symbol.asyncDispose]();
    throw error;
  }
}

/** Breaks an empty cluster and hands it over. */
export async function breakAndHandOver(
  options: PhaseOptions,
  folder: LabFolder,
  cluster: Cluster,
): Promise<void> {
  const { incident, clock, signal } = options;
  const baseline = await breakCluster(cluster, incident, journaled(options, folder), signal);
  await handOver(cluster, folder, incident, baseline);
  folder.journal.append(clock.now(), { type: 'handed-over' });
}

/** Keeps what grading and the debrief compare with, and lets the clock be the wall's. */
async function handOver(
  cluster: Cluster,
  folder: LabFolder,
  { plan }: Incident,
  baseline: Baseline,
): Promise<void> {
  const snapshot: Snapshot = await takeSnapshot(cluster.kube, plan);
  await cluster.can.goLive?.();
  folder.writeJson('baseline.json', baseline);
  folder.writeJson('handed-over.json', snapshot);
  writeFileSync(folder.file('kubeconfig'), cluster.kubeconfig, { mode: 0o600 });
}

/** What the journal says of a lab before anything is made. */
export function plannedEntry({ scenario, seed, values }: Incident, provider: string): PlannedEntry {
  const { incident, title } = scenario;
  return {
    incident,
    seed,
    provider,
    title,
    ticket: scenario.ticket(values),
    rules: rulesOf(scenario, values),
  };
}

/** Runs phases with a journal entry each. */
function journaled(options: PhaseOptions, folder: LabFolder): PhaseReport {
  const { clock, progress, signal } = options;
  return async (phase, work) => {
    signal.throwIfAborted();
    progress(phase, 'begun');
    const start = clock.now().getTime();
    try {
      const findings = await work();
      const end: PhaseEnd = { tookMs: clock.now().getTime() - start, ...findings };
      folder.journal.append(clock.now(), { type: 'phase', phase, ...end });
      progress(phase, end);
    } catch (error) {
      folder.journal.append(clock.now(), { type: 'phase-failed', phase, message: messageOf(error) });
      throw error;
    }
  };
}
