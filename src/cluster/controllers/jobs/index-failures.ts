import type { Job, Pod } from '../../../model/objects.ts';
import { isPodFailed, matchFailurePolicy } from './failure-policy.ts';
import { indexOf } from './indexes.ts';

const FAILURES = 'batch.kubernetes.io/job-index-failure-count';
const IGNORED = 'batch.kubernetes.io/job-index-ignored-failure-count';

/** Whether an index may not be tried again after this pod of it. */
export function isIndexFailed(job: Job, pod: Pod): boolean {
  if (!isPodFailed(job, pod)) return false;
  const { action, counts } = matchFailurePolicy(job, pod);
  return action === 'FailIndex' || (counts && countOf(pod, FAILURES) >= (job.spec.backoffLimitPerIndex ?? 0));
}

/** How often the index of a pod has failed with it, counted or not. */
export function failuresWith(pod: Pod): number {
  return countOf(pod, FAILURES) + countOf(pod, IGNORED) + 1;
}

/** What a pod notes of the failures of its index before it. @param before the last pod of the index */
export function failureNotes(job: Job, before: Pod | undefined): Record<string, string> {
  if (before === undefined) return { [FAILURES]: '0' };
  const { counts } = matchFailurePolicy(job, before);
  const ignored = countOf(before, IGNORED) + (counts ? 0 : 1);
  return {
    [FAILURES]: String(countOf(before, FAILURES) + (counts ? 1 : 0)),
    ...(ignored > 0 && { [IGNORED]: String(ignored) }),
  };
}

/**
 * The last failed pod of each index that is to be tried again: it stays until there is another one, which takes over
 * its count.
 */
export function podsToReplace(
  job: Job,
  failed: readonly Pod[],
  isSettled: (index: number) => boolean,
): ReadonlyMap<number, Pod> {
  const last = new Map<number, Pod>();
  if (job.spec.backoffLimitPerIndex === undefined) return last;
  for (const pod of failed) {
    const index = indexOf(pod);
    if (index === undefined || isSettled(index)) continue;
    const known = last.get(index);
    if (known === undefined || failuresWith(known) <= failuresWith(pod)) last.set(index, pod);
  }
  return last;
}

function countOf({ metadata }: Pod, annotation: string): number {
  const count = Number(metadata.annotations?.[annotation] ?? 0);
  return Number.isInteger(count) && count > 0 ? count : 0;
}
