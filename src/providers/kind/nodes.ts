import { existsSync, readFileSync } from 'node:fs';
import type { Clock } from '../../core/clock.ts';
import { BreakfixError } from '../../core/errors.ts';
import type { KubeClient } from '../../kube/client.ts';
import { resources } from '../../model/resources.ts';

/** Milliseconds. */
const READY_WITHIN = 120_000;

/** A node takes some 15 inotify instances, and 1 GB of memory with a shop on it. */
const NODE = { inotifyInstances: 20, bytes: 1.5 * 2 ** 30 };

/** So many nodes this machine can have: of its inotify instances, and beside what its memory has now. https://kind.sigs.k8s.io/docs/user/known-issues/ */
export function nodesThatFit(): number {
  const file = '/proc/sys/fs/inotify/max_user_instances';
  const instances = existsSync(file) ? Number(readFileSync(file, 'utf8')) : Infinity;
  return Math.floor(Math.min(instances / NODE.inotifyInstances, process.availableMemory() / NODE.bytes));
}

/**
 * Waits for all nodes: kind waits for the control plane only. Where a machine has no more inotify instances, the
 * kubelets of the last nodes end again and again. https://kind.sigs.k8s.io/docs/user/known-issues/
 * @throws BreakfixError where they do not become ready
 */
export async function waitForNodes(
  kube: KubeClient,
  clock: Clock,
  count: number,
  signal: AbortSignal,
): Promise<void> {
  const end = clock.now().getTime() + READY_WITHIN;
  for (;;) {
    const ready = (await kube.list(resources.nodes)).filter(({ status }) =>
      status.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True'),
    );
    if (ready.length >= count) return;
    if (clock.now().getTime() >= end) {
      throw new BreakfixError({
        code: 'NODES_NOT_READY',
        kind: 'environment',
        message: `${ready.length} of the ${count} nodes of the new cluster are ready after ${READY_WITHIN / 1000} s`,
        fix: 'stop other kind clusters, or allow more inotify instances: sysctl fs.inotify.max_user_instances=512',
      });
    }
    await clock.wait(1000, signal);
  }
}
