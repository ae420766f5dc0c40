import { Baseline } from '../checks/baseline.ts';
import { BreakfixError, messageOf } from '../core/errors.ts';
import type { AnyObject } from '../model/objects.ts';
import type { Cluster, ClusterProvider } from '../providers/provider.ts';
import type { Scenario } from '../scenario/types.ts';
import { findScenario, type Incident, incidentOf } from './incident.ts';
import type { LabFolder, LabRecord, StoredLab } from './lab-store.ts';

/** A lab that was handed over, with its cluster connected; disposing it disconnects. */
export interface OpenLab extends AsyncDisposable {
  readonly name: string;
  readonly folder: LabFolder;
  readonly record: LabRecord;
  readonly incident: Incident;
  readonly cluster: Cluster;
  readonly baseline: Baseline;
}

/** The incident of a lab's record. */
export function incidentOfLab(record: LabRecord, catalogue: readonly Scenario[]): Incident {
  return incidentOf(findScenario(catalogue, record.incident), record.seed);
}

/** What the lab's cluster was like before it was broken. */
export function baselineOf(folder: LabFolder): Baseline {
  return new Baseline(folder.readJson('baseline.json') as Record<string, AnyObject>);
}

/**
 * Connects to a lab; an embedded one whose process has died comes back on its old port.
 * @throws BreakfixError `lab` where nothing of it answers any more
 */
export async function openLab(
  { name, folder, record }: StoredLab,
  provider: ClusterProvider,
  catalogue: readonly Scenario[],
  signal?: AbortSignal,
): Promise<OpenLab> {
  if (record.state !== 'running') throw notRunning(name, record.state);
  const incident = incidentOfLab(record, catalogue);
  const baseline = baselineOf(folder);
  const cluster = await connect(name, record, provider, signal);
  return {
    name,
    folder,
    record,
    incident,
    cluster,
    baseline,
    [Symbol.asyncDispose]: () => Promise.resolve(cluster[Symbol.asyncDispose]()),
  };
}

const STATES = {
  starting: 'was never handed over: its start was cut off, or goes on in another terminal',
  failed: 'is not whole: its last start or reset failed',
  ended: 'has ended',
  kept: 'has ended',
} as const;

function notRunning(name: string, state: keyof typeof STATES): BreakfixError {
  return new BreakfixError({
    code: 'LAB_NOT_RUNNING',
    kind: 'lab',
    message: `lab ${name} ${STATES[state]}`,
    fix: `breakfix reset ${name} builds it anew, breakfix stop ${name} removes what is left of it`,
  });
}

async function connect(
  name: string,
  record: LabRecord,
  provider: ClusterProvider,
  signal: AbortSignal | undefined,
): Promise<Cluster> {
  try {
    return await provider.open(record.cluster, signal);
  } catch (error) {
    if (error instanceof BreakfixError) throw error;
    throw new BreakfixError({
      code: 'LAB_UNREACHABLE',
      kind: 'lab',
      message: `the cluster of lab ${name} cannot be reached: ${messageOf(error)}`,
      fix: `breakfix reset ${name} starts it again, breakfix stop ${name} removes what is left`,
      cause: error,
    });
  }
}
