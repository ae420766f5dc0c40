import type { Clock } from '../core/clock.ts';
import { canonical } from '../core/json.ts';
import { isClusterError } from '../kube/client.ts';
import { resources } from '../model/resources.ts';
import type { GradeEntry } from '../report/journal.ts';
import { noteChanges } from './changes.ts';
import { grade } from './grade.ts';
import type { OpenLab } from './open-lab.ts';
import { takeSnapshot } from './snapshot.ts';

export interface WatchOptions {
  /** The wall. */
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Something has changed and is being looked at. */
  readonly looking: () => void;
  readonly seen: (result: GradeEntry) => void;
}

/** How often it is asked whether anything changed, in milliseconds. */
const ASK_EVERY = 2000;

/**
 * Looks at a lab again at each change, until it would pass. Only at what can be looked at without making objects
 * or load, and never at a replay of the trigger: a real grade may still fail. The learner's changes go into the
 * journal, the looks do not.
 * @returns the look that would pass
 */
export async function watchLab(lab: OpenLab, options: WatchOptions): Promise<GradeEntry> {
  const { clock, signal } = options;
  let before = '';
  for (;;) {
    signal.throwIfAborted();
    const now = await fingerprint(lab);
    if (now !== before) {
      before = now;
      options.looking();
      await noteChanges(lab, clock.now());
      const result = await grade(lab, {
        hintPrice: 0,
        signal,
        quietly: true,
      });
      options.seen(result);
      if (result.verdict === 'pass') return result;
    }
    await clock.wait(ASK_EVERY, signal);
  }
}

/**
 * What people change, and which pods are ready; a cluster that does not answer, or where the learner took away who may
 * read, looks the same all the time: the look at it says what is wrong.
 */
async function fingerprint({ cluster: { kube }, incident: { plan } }: OpenLab): Promise<string> {
  try {
    const pods = await kube.list(resources.pods, { namespace: plan.namespace });
    const ready = pods.map(({ metadata, status }) => [
      metadata.name,
      status.conditions?.find(({ type }) => type === 'Ready')?.status,
    ]);
    return canonical([await takeSnapshot(kube, plan), ready]);
  } catch (error) {
    if (isClusterError(error)) return 'unreadable';
    throw error;
  }
}
