import { edit, equal } from '../../../core/json.ts';
import type { Condition, KubeObject, Pod, PodDisruptionBudget } from '../../../model/objects.ts';
import { scaledValue } from '../../../model/int-or-percent.ts';
import { resources } from '../../../model/resources.ts';
import { matchesSelector } from '../../../model/selector.ts';
import { MINUTE } from '../../simulation/simulation.ts';
import type { Micros } from '../../simulation/simulation.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { goSelector } from '../go-selector.ts';
import { controllerOf } from '../ownership.ts';
import { isPodReady } from '../../../model/pod-ready.ts';
import { isPodFinished, microsOf } from '../pod-state.ts';
import { WorkQueue, keyOf, splitKey } from '../work-queue.ts';

/** How long an eviction that was granted may take until the budget gets it back. */
const DELETION_TIMEOUT: Micros = 2 * MINUTE;

type Status = PodDisruptionBudget['status'];

/** How many pods there should be, how many of them healthy, and how many there are that nobody manages. */
type Expectation = Readonly<Record<'pods' | 'healthy' | 'unmanaged', number>>;

/** Counts how many pods of each budget may be evicted. https://kubernetes.io/docs/tasks/run-application/configure-pdb/ */
export function createDisruptionController(context: ControllerContext): Controller {
  const { api, events, simulation, watches } = context;
  const queue = new WorkQueue(simulation, 'disruption', sync);

  function sync(key: string): void {
    const { namespace, name } = splitKey(key);
    const budget = api.get(resources.podDisruptionBudgets, namespace, name);
    if (budget === undefined) return;
    const pods = api
      .list(resources.pods, { namespace })
      .filter((pod) => matchesSelector(budget.spec.selector, pod.metadata.labels) && !isPodFinished(pod));
    if (pods.length === 0) events.event(budget, 'Normal', 'NoPods', 'No matching pods found');
    const expected = expectation(budget, pods);
    if (typeof expected === 'string') {
      const text = `Failed to calculate the number of expected pods: ${expected}`;
      events.event(budget, 'Warning', 'CalculateExpectedPodCountFailed', text);
      writeFailure(budget, expected);
      return;
    }
    if (expected.unmanaged > 0) {
      const text =
        `Pods selected by this PodDisruptionBudget (selector: ${goSelector(budget.spec.selector)}) were found to be ` +
        'unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined ' +
        'behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.';
      events.event(budget, 'Warning', 'UnmanagedPods', text);
    }
    const disrupted = stillDisrupted(budget, pods);
    const healthy = pods.filter(
      (pod) =>
        pod.metadata.deletionTimestamp === undefined &&
        disrupted[pod.metadata.name] === undefined &&
        isPodReady(pod),
    ).length;
    const isShort = expected.pods <= 0;
    write(budget, {
      ...(Object.keys(disrupted).length === 0 ? {} : { disruptedPods: disrupted }),
      currentHealthy: healthy,
      desiredHealthy: expected.healthy,
      expectedPods: expected.pods,
      disruptionsAllowed: isShort ? 0 : Math.max(0, healthy - expected.healthy),
    });
    const waits = Object.values(disrupted).map(
      (since) => microsOf(since) + DELETION_TIMEOUT - simulation.now,
    );
    if (waits.length > 0) queue.after(key, Math.max(0, Math.min(...waits)));
  }

  /** How many pods there should be, and how many of them healthy; or why that is not known. */
  function expectation(budget: PodDisruptionBudget, pods: readonly Pod[]): Expectation | string {
    const { minAvailable, maxUnavailable } = budget.spec;
    if (maxUnavailable === undefined && typeof minAvailable !== 'string') {
      return { pods: pods.length, healthy: minAvailable ?? 0, unmanaged: 0 };
    }
    const count = scaleOfControllers(pods);
    if (typeof count === 'string') return count;
    const healthy =
      maxUnavailable === undefined
        ? scaledValue(minAvailable ?? 0, count, 'up')
        : Math.max(0, count - scaledValue(maxUnavailable, count, 'up'));
    // Pods on their own have no size to count from.
    const unmanaged = pods.filter((pod) => controllerOf(pod) === undefined).length;
    return { pods: count, healthy, unmanaged };
  }

  /** The sum of the sizes of the pods' controllers: percentages are of what should be there. */
  function scaleOfControllers(pods: readonly Pod[]): number | string {
    const scales = new Map<string, number>();
    for (const pod of pods) {
      const reference = controllerOf(pod);
      // Pods on their own are left out, as Kubernetes does.
      if (reference === undefined) continue;
      const scale = scaleOf(pod);
      if (scale === undefined) {
        return `found no controllers for pod "${pod.metadata.name}"`;
      }
      scales.set(scale.uid, scale.replicas);
    }
    return [...scales.values()].reduce((sum, replicas) => sum + replicas, 0);
  }

  /** The Deployment, ReplicaSet or StatefulSet that says how many such pods there are. */
  function scaleOf(pod: Pod): { readonly uid: string; readonly replicas: number } | undefined {
    const { namespace } = pod.metadata;
    const reference = controllerOf(pod);
    if (reference === undefined) return undefined;
    const sized = (object: (KubeObject & { spec: { replicas: number } }) | undefined) =>
      object === undefined ? undefined : { uid: object.metadata.uid, replicas: object.spec.replicas };
    if (reference.kind === 'StatefulSet') {
      return sized(api.get(resources.statefulSets, namespace, reference.name));
    }
    if (reference.kind !== 'ReplicaSet') return undefined;
    const set = api.get(resources.replicaSets, namespace, reference.name);
    const owner = set === undefined ? undefined : controllerOf(set);
    if (owner?.kind !== 'Deployment') return sized(set);
    return sized(api.get(resources.deployments, namespace, owner.name));
  }

  /** Evictions that were granted and whose pods are still there. */
  function stillDisrupted(budget: PodDisruptionBudget, pods: readonly Pod[]): Record<string, string> {
    const result: Record<string, string> = {};
    for (const [name, since] of Object.entries(budget.status.disruptedPods ?? {})) {
      const pod = pods.find(({ metadata }) => metadata.name === name);
      const isLate = microsOf(since) + DELETION_TIMEOUT < simulation.now;
      if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) continue;
      if (isLate) {
        const text = `Pod was expected by PDB ${keyOf(budget)} to be deleted but it wasn't`;
        events.event(pod, 'Warning', 'NotDeleted', text);
      } else result[name] = since;
    }
    return result;
  }

  function write(budget: PodDisruptionBudget, counts: Status): void {
    const isAllowed = counts.disruptionsAllowed > 0;
    writeStatus(
      budget,
      counts,
      condition(budget, isAllowed ? 'True' : 'False', isAllowed ? 'SufficientPods' : 'InsufficientPods', ''),
    );
  }

  /** Nothing may be evicted while the counts are not known. */
  function writeFailure(budget: PodDisruptionBudget, message: string): void {
    writeStatus(
      budget,
      { ...budget.status, disruptionsAllowed: 0 },
      condition(budget, 'False', 'SyncFailed', message),
    );
  }

  function condition(
    budget: PodDisruptionBudget,
    status: Condition['status'],
    reason: string,
    message: string,
  ): Condition {
    const known = budget.status.conditions?.find(({ type }) => type === 'DisruptionAllowed');
    const since = known?.status === status ? known.lastTransitionTime : undefined;
    const { generation } = budget.metadata;
    return {
      type: 'DisruptionAllowed',
      status,
      reason,
      message,
      lastTransitionTime: since ?? simulation.timestamp(),
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    };
  }

  function writeStatus(budget: PodDisruptionBudget, counts: Status, allowed: Condition): void {
    const { generation } = budget.metadata;
    const status: Status = {
      ...counts,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      conditions: [allowed],
    };
    if (equal(budget.status, status)) return;
    api.updateStatus(
      resources.podDisruptionBudgets,
      edit(budget, (draft) => {
        draft.status = status;
      }),
    );
  }

  function onPod(pod: Pod, old: Pod | undefined): void {
    const { namespace = '', name } = pod.metadata;
    const budgets = api.list(resources.podDisruptionBudgets, { namespace });
    const concerned = (one: Pod | undefined) =>
      budgets.filter(({ spec }) => one !== undefined && matchesSelector(spec.selector, one.metadata.labels));
    const now = concerned(pod);
    if (now.length > 1) {
      const text = `Pod ${JSON.stringify(namespace)}/${JSON.stringify(name)} matches multiple PodDisruptionBudgets.  Chose ${JSON.stringify(now[0]?.metadata.name)} arbitrarily.`;
      events.event(pod, 'Warning', 'MultiplePodDisruptionBudgets', text);
    }
    for (const budget of new Set([...now, ...concerned(old)])) queue.add(keyOf(budget));
  }

  return {
    name: 'disruption-controller',
    start: () => {
      watches.on(resources.podDisruptionBudgets, ({ object }) => {
        queue.add(keyOf(object));
      });
      watches.on(resources.pods, ({ object, old }) => {
        onPod(object, old);
      });
    },
  };
}
