import { BreakfixError } from '../core/errors.ts';
import type { Cluster } from '../providers/provider.ts';
import type { LabFolder, LabRecord, StoredLab } from './lab-store.ts';
import { lockLab } from './lock.ts';
import { breakAndHandOver, createBroken, type PhaseOptions, specFor, type StartedLab } from './start.ts';

/**
 * Puts a lab back to its broken state, under the same name, seed and folder, and keeps its journal. A cluster that
 * can be emptied is broken anew; any other is removed and made again, which also mends a lab whose cluster is gone.
 * A reset that fails leaves a lab that can be reset or stopped.
 */
export async function resetLab(
  { name, folder, record }: StoredLab,
  options: PhaseOptions,
): Promise<StartedLab> {
  using _lock = lockLab({ name, folder }, 'reset');
  folder.save({ ...record, state: 'failed' });
  folder.journal.append(options.clock.now(), { type: 'reset' });
  const cluster = (await emptied(record, options, folder)) ?? (await anew(record, options, folder));
  const running: LabRecord = { ...record, state: 'running' };
  folder.save(running);
  return { name, folder, record: running, cluster };
}

/** @returns undefined where the cluster is gone or cannot be emptied */
async function emptied(
  record: LabRecord,
  options: PhaseOptions,
  folder: LabFolder,
): Promise<Cluster | undefined> {
  const cluster = await connected(record, options);
  if (cluster === undefined) return undefined;
  try {
    if (await isEmptied(cluster, options)) {
      await breakAndHandOver(options, folder, cluster);
      return cluster;
    }
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
  await cluster[Symbol.asyncDispose]();
  return undefined;
}

/** A learner may do anything to a cluster: not every one becomes as new. */
async function isEmptied({ can }: Cluster, { signal }: PhaseOptions): Promise<boolean> {
  try {
    await can.empty?.(signal);
    return can.empty !== undefined;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

/** Only a cluster that runs is worth emptying: opening another one might bring it back for nothing. */
async function connected(
  { cluster }: LabRecord,
  { provider, signal }: PhaseOptions,
): Promise<Cluster | undefined> {
  if ((await provider.state(cluster)) !== 'running') return undefined;
  try {
    return await provider.open(cluster, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof BreakfixError && error.kind === 'environment') throw error;
    return undefined;
  }
}

async function anew(record: LabRecord, options: PhaseOptions, folder: LabFolder): Promise<Cluster> {
  const { provider, incident } = options;
  const spec = specFor(incident, record.name, folder.path);
  await provider.destroy(record.cluster);
  try {
    return await createBroken(options, folder, record.cluster, spec);
  } catch (error) {
    // What cannot be removed now stays listed, so that `stop` can try again; the first error is the one to tell.
    await provider.destroy(record.cluster).catch(() => {});
    throw error;
  }
}
