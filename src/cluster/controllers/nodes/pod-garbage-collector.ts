import { edit } from '../../../core/json.ts';
import type { Pod } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import { StatusError } from '../../api.ts';
import { SECOND } from '../../simulation/simulation.ts';
import type { Micros } from '../../simulation/simulation.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { isPodFinished } from '../pod-state.ts';
import { withCondition } from './pod-condition.ts';

const PERIOD = 20 * SECOND;
/** How long a node has to be away before its pods count as orphaned. */
const QUARANTINE = 40 * SECOND;
/** kube-controller-manager's --terminated-pod-gc-threshold. */
const FINISHED_LIMIT = 12_500;
const OWNER = 'controller/pod-garbage-collector';

/** Removes pods that no kubelet will ever remove. https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-garbage-collection */
export function createPodGarbageCollector({ api, simulation }: ControllerContext): Controller {
  const missing = new Map<string, Micros>();

  function collect(): void {
    const pods = api.list(resources.pods);
    const nodes = new Set(api.list(resources.nodes).map(({ metadata }) => metadata.name));
    collectFinished(pods);
    collectOrphaned(pods, nodes);
    for (const pod of pods) {
      const isUnscheduled = (pod.spec.nodeName ?? '') === '';
      if (isUnscheduled && pod.metadata.deletionTimestamp !== undefined) remove(pod);
      else if (isOutOfService(pod)) remove(pod);
    }
  }

  /** A pod that is being deleted on a node that was declared out of service. */
  function isOutOfService(pod: Pod): boolean {
    if (pod.metadata.deletionTimestamp === undefined) return false;
    const node = api.get(resources.nodes, undefined, pod.spec.nodeName ?? '');
    const isReady = node?.status.conditions?.some(
      ({ type, status }) => type === 'Ready' && status === 'True',
    );
    const taint = node?.spec.taints?.find(({ key }) => key === 'node.kubernetes.io/out-of-service');
    return isReady === false && taint !== undefined;
  }

  function collectFinished(pods: readonly Pod[]): void {
    const finished = pods.filter(isPodFinished);
    if (finished.length <= FINISHED_LIMIT) return;
    const oldest = [...finished].sort((a, b) =>
      a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp),
    );
    for (const pod of oldest.slice(0, finished.length - FINISHED_LIMIT)) remove(pod);
  }

  function collectOrphaned(pods: readonly Pod[], nodes: ReadonlySet<string>): void {
    const orphans = pods.filter(
      ({ spec }) => (spec.nodeName ?? '') !== '' && !nodes.has(spec.nodeName ?? ''),
    );
    const gone = new Set(orphans.map(({ spec }) => spec.nodeName ?? ''));
    for (const name of [...missing.keys()]) if (!gone.has(name)) missing.delete(name);
    for (const name of gone) if (!missing.has(name)) missing.set(name, simulation.now);
    for (const pod of orphans) {
      if (simulation.now - (missing.get(pod.spec.nodeName ?? '') ?? 0) < QUARANTINE) continue;
      markFailed(pod);
    }
  }

  function markFailed(pod: Pod): void {
    attempt(() => {
      const failed = edit(pod, (draft) => {
        if (!isPodFinished(draft)) draft.status.phase = 'Failed';
        withCondition(simulation.timestamp(), {
          type: 'DisruptionTarget',
          status: 'True',
          reason: 'DeletionByPodGC',
          message: 'PodGC: node no longer exists',
        })(draft);
      });
      api.updateStatus(resources.pods, failed);
      remove(pod);
    });
  }

  function remove(pod: Pod): void {
    const { namespace, name } = pod.metadata;
    attempt(() => {
      api.delete(resources.pods, namespace, name, { gracePeriodSeconds: 0 });
    });
  }

  function every(): void {
    simulation.after(PERIOD, OWNER, () => {
      collect();
      every();
    });
  }

  return { name: 'pod-garbage-collector-controller', start: every };
}

/** What fails now is tried again in the next round. */
function attempt(write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
  }
}
