import { edit, equal } from '../../../core/json.ts';
import type { Node, Pod, Taint } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import { tolerates } from '../../../model/taints.ts';
import { StatusError } from '../../api.ts';
import { MILLISECOND, SECOND } from '../../simulation/simulation.ts';
import type { Micros, Timer } from '../../simulation/simulation.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { WorkQueue, keyOf, splitKey } from '../work-queue.ts';
import { withCondition } from './pod-condition.ts';

const OWNER = 'controller/taint-eviction';

/**
 * Deletes pods that do not (or no longer) tolerate a NoExecute taint of their node.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/#taint-based-evictions
 */
export function createTaintEvictionController(context: ControllerContext): Controller {
  const { api, events, simulation, watches } = context;
  const queue = new WorkQueue(simulation, 'taint-eviction', sync);
  const pending = new Map<string, { readonly timer: Timer; readonly uid: string }>();

  function sync(key: string): void {
    const { namespace, name } = splitKey(key);
    const pod = api.get(resources.pods, namespace, name);
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) {
      drop(key);
      return;
    }
    const node = api.get(resources.nodes, undefined, pod.spec.nodeName ?? '');
    const taints = node?.spec.taints?.filter(({ effect }) => effect === 'NoExecute') ?? [];
    if (taints.length === 0) {
      cancel(key, pod);
      return;
    }
    const wait = tolerated(pod, taints);
    if (wait === 'forever') cancel(key, pod);
    else if (wait <= 0) {
      drop(key);
      evict(pod);
    } else if (!pending.has(key)) {
      const timer = simulation.after(wait, OWNER, () => {
        pending.delete(key);
        const current = api.get(resources.pods, namespace, name);
        if (current?.metadata.uid === pod.metadata.uid) evictOrRetry(key, current);
      });
      pending.set(key, { timer, uid: pod.metadata.uid });
    }
  }

  function evictOrRetry(key: string, pod: Pod): void {
    try {
      evict(pod);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      queue.retry(key);
    }
  }

  function evict(pod: Pod): void {
    const { namespace, name } = pod.metadata;
    if (pod.metadata.deletionTimestamp !== undefined) return;
    tell(pod, `Marking for deletion Pod ${namespace ?? ''}/${name}`);
    api.updateStatus(
      resources.pods,
      edit(
        pod,
        withCondition(simulation.timestamp(), {
          type: 'DisruptionTarget',
          status: 'True',
          reason: 'DeletionByTaintManager',
          message: 'Taint manager: deleting due to NoExecute taint',
        }),
      ),
    );
    api.delete(resources.pods, namespace, name);
  }

  function cancel(key: string, pod: Pod): void {
    if (!pending.has(key)) return;
    drop(key);
    tell(pod, `Cancelling deletion of Pod ${pod.metadata.namespace ?? ''}/${pod.metadata.name}`);
  }

  function drop(key: string): void {
    pending.get(key)?.timer.cancel();
    pending.delete(key);
  }

  function tell(pod: Pod, message: string): void {
    const { namespace, name, uid } = pod.metadata;
    events.event(
      { apiVersion: 'v1', kind: 'Pod', ...(namespace === undefined ? {} : { namespace }), name, uid },
      'Normal',
      'TaintManagerEviction',
      message,
    );
  }

  function onNode(node: Node, old: Node | undefined): void {
    if (old !== undefined && equal(old.spec.taints, node.spec.taints)) return;
    for (const pod of api.list(resources.pods)) {
      if (pod.spec.nodeName === node.metadata.name) queue.add(keyOf(pod));
    }
  }

  return {
    name: 'taint-eviction-controller',
    start: () => {
      watches.on(resources.nodes, ({ type, object, old }) => {
        if (type !== 'DELETED') onNode(object, old);
      });
      watches.on(resources.pods, ({ object, old }) => {
        const isNews =
          old?.spec.nodeName !== object.spec.nodeName ||
          !equal(old?.spec.tolerations, object.spec.tolerations) ||
          object.metadata.deletionTimestamp !== undefined;
        if (isNews && object.spec.nodeName !== undefined) queue.add(keyOf(object));
      });
    },
  };
}

/** How long a pod may stay: the shortest of its tolerations, from now on. */
function tolerated(pod: Pod, taints: readonly Taint[]): Micros | 'forever' {
  let shortest: Micros | 'forever' = 'forever';
  for (const taint of taints) {
    const fitting = (pod.spec.tolerations ?? []).filter((toleration) => tolerates(toleration, taint));
    if (fitting.length === 0) return 0;
    for (const { tolerationSeconds } of fitting) {
      if (tolerationSeconds === undefined) continue;
      const wait = Math.max(0, tolerationSeconds * SECOND);
      if (shortest === 'forever' || wait < shortest) shortest = wait;
    }
  }
  // Timers of zero would be cancelled by nothing: such pods go at once.
  return shortest === 'forever' || shortest > MILLISECOND ? shortest : 0;
}
