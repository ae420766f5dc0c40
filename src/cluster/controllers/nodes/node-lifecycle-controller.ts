import { edit, equal } from '../../../core/json.ts';
import type { Condition, Node, Taint } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import { StatusError } from '../../api.ts';
import { SECOND } from '../../simulation/simulation.ts';
import type { Micros } from '../../simulation/simulation.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { conditionOf, microsOf } from '../pod-state.ts';

/** kube-controller-manager's node-monitor-period, node-monitor-grace-period and node-startup-grace-period. */
const MONITOR_PERIOD = 5 * SECOND;
const GRACE = 50 * SECOND;
const STARTUP_GRACE = 60 * SECOND;
const OWNER = 'controller/node-lifecycle';
const LEASES = 'kube-node-lease';

const NOT_READY = 'node.kubernetes.io/not-ready';
const UNREACHABLE = 'node.kubernetes.io/unreachable';
const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable';
/** Which condition, when it has the status, taints the node against new pods. */
const CONDITION_TAINTS: readonly { type: string; status: Condition['status']; key: string }[] = [
  { type: 'Ready', status: 'False', key: NOT_READY },
  { type: 'Ready', status: 'Unknown', key: UNREACHABLE },
  { type: 'MemoryPressure', status: 'True', key: 'node.kubernetes.io/memory-pressure' },
  { type: 'DiskPressure', status: 'True', key: 'node.kubernetes.io/disk-pressure' },
  { type: 'PIDPressure', status: 'True', key: 'node.kubernetes.io/pid-pressure' },
  { type: 'NetworkUnavailable', status: 'True', key: 'node.kubernetes.io/network-unavailable' },
];
/** What a kubelet that has gone silent no longer vouches for. */
const KUBELET_CONDITIONS = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];

interface Health {
  readonly uid: string;
  /** When the kubelet was heard of last. */
  heardAt: Micros;
  renewed: string | undefined;
  ready: Condition | undefined;
}

/**
 * Notices nodes that are silent or unwell and taints them.
 * https://kubernetes.io/docs/concepts/architecture/nodes/#node-controller
 */
export function createNodeLifecycleController(context: ControllerContext): Controller {
  const { api, events, simulation, watches } = context;
  const health = new Map<string, Health>();

  function monitor(): void {
    const nodes = api.list(resources.nodes);
    for (const { metadata } of nodes) visit(metadata.name, check);
    // Not before it is known of all of them whether they are ready.
    for (const { metadata } of nodes) visit(metadata.name, taint);
    for (const [name, { uid }] of [...health]) {
      if (api.get(resources.nodes, undefined, name) !== undefined) continue;
      health.delete(name);
      report({ name, uid }, 'RemovingNode', `Node ${name} event: Removing Node ${name} from Controller`);
    }
  }

  function visit(name: string, look: (node: Node) => void): void {
    const node = api.get(resources.nodes, undefined, name);
    if (node === undefined) return;
    try {
      look(node);
    } catch (error) {
      // Somebody else has written the node; the next round sees it.
      if (!(error instanceof StatusError)) throw error;
    }
  }

  function check(node: Node): void {
    const { name } = node.metadata;
    const isNew = !health.has(name);
    if (isNew)
      report(node.metadata, 'RegisteredNode', `Node ${name} event: Registered Node ${name} in Controller`);
    const before = health.get(name)?.ready;
    const current = silence(node, listen(node));
    const ready = conditionOf(current.status.conditions, 'Ready');
    const wasReady = before?.status === 'True';
    if (ready?.status !== 'True' && wasReady) {
      report(node.metadata, 'NodeNotReady', `Node ${name} status is now: NodeNotReady`);
    }
    const known = health.get(name);
    if (known !== undefined) known.ready = ready;
    if (ready?.status !== 'True' && (isNew || wasReady)) markPodsNotReady(name);
  }

  /** Takes notice of a renewed lease or a changed status. */
  function listen(node: Node): Health {
    const { name, uid, creationTimestamp } = node.metadata;
    const lease = api.get(resources.leases, LEASES, name);
    const ready = conditionOf(node.status.conditions, 'Ready');
    const renewed = `${lease?.spec.renewTime ?? ''} ${ready?.lastHeartbeatTime ?? ''}`;
    let known = health.get(name);
    if (known === undefined) {
      const heardAt = ready === undefined ? microsOf(creationTimestamp) : simulation.now;
      known = { uid, heardAt, renewed, ready };
      health.set(name, known);
    } else if (known.renewed !== renewed) {
      known.renewed = renewed;
      known.heardAt = simulation.now;
    }
    return known;
  }

  /** After the grace period every condition of the kubelet is unknown. */
  function silence(node: Node, { heardAt }: Health): Node {
    const ready = conditionOf(node.status.conditions, 'Ready');
    const grace = ready === undefined ? STARTUP_GRACE : GRACE;
    if (simulation.now <= heardAt + grace) return node;
    const now = simulation.timestamp();
    const changed = edit(node, (draft) => {
      // A node that was made by hand has none at all.
      draft.status.conditions ??= [];
      for (const type of KUBELET_CONDITIONS) {
        const known = conditionOf(draft.status.conditions, type);
        if (known === undefined) {
          draft.status.conditions.push({
            type,
            status: 'Unknown',
            reason: 'NodeStatusNeverUpdated',
            message: 'Kubelet never posted node status.',
            lastHeartbeatTime: node.metadata.creationTimestamp,
            lastTransitionTime: now,
          });
        } else if (known.status !== 'Unknown') {
          known.status = 'Unknown';
          known.reason = 'NodeStatusUnknown';
          known.message = 'Kubelet stopped posting node status.';
          known.lastTransitionTime = now;
        }
      }
    });
    return equal(changed, node) ? node : api.updateStatus(resources.nodes, changed);
  }

  /** The kubelet cannot say so itself any more. */
  function markPodsNotReady(node: string): void {
    for (const pod of api.list(resources.pods)) {
      if (pod.spec.nodeName !== node) continue;
      const ready = conditionOf(pod.status.conditions, 'Ready');
      if (ready?.status !== 'True') continue;
      api.updateStatus(
        resources.pods,
        edit(pod, (draft) => {
          const condition = conditionOf(draft.status.conditions, 'Ready');
          if (condition === undefined) return;
          condition.status = 'False';
          condition.lastTransitionTime = simulation.timestamp();
        }),
      );
      events.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready');
    }
  }

  /** The taints that follow from conditions and from cordoning; those of others are left alone. */
  function taint(node: Node): void {
    const wanted = wantedTaints(node, api.list(resources.nodes).some(isReady));
    const own = new Set([UNSCHEDULABLE, ...CONDITION_TAINTS.map(({ key }) => key)]);
    const current = node.spec.taints ?? [];
    const kept = current.filter(
      ({ key, effect }) =>
        !own.has(key) || wanted.some((other) => other.key === key && other.effect === effect),
    );
    const missing = wanted.filter(
      ({ key, effect }) => !kept.some((other) => other.key === key && other.effect === effect),
    );
    if (kept.length === current.length && missing.length === 0) return;
    const timeAdded = simulation.timestamp();
    api.update(
      resources.nodes,
      edit(node, (draft) => {
        draft.spec.taints = [...kept, ...missing.map((one) => ({ ...one, timeAdded }))];
        if (draft.spec.taints.length === 0) delete draft.spec.taints;
      }),
    );
  }

  function report(
    { name, uid }: Pick<Node['metadata'], 'name' | 'uid'>,
    reason: string,
    message: string,
  ): void {
    events.event({ apiVersion: 'v1', kind: 'Node', name, uid }, 'Normal', reason, message);
  }

  function every(): void {
    simulation.after(MONITOR_PERIOD, OWNER, () => {
      monitor();
      every();
    });
  }

  return {
    name: 'node-lifecycle-controller',
    start: () => {
      every();
      // What the kubelet says itself, and cordoning, takes effect at once.
      watches.on(resources.nodes, ({ type, object, old }) => {
        if (type === 'DELETED' || !health.has(object.metadata.name)) return;
        const isSame =
          equal(old?.status.conditions, object.status.conditions) && equal(old?.spec, object.spec);
        if (isSame) return;
        simulation.after(SECOND / 1000, OWNER, () => {
          visit(object.metadata.name, taint);
        });
      });
    },
  };
}

function isReady({ status }: Node): boolean {
  return conditionOf(status.conditions, 'Ready')?.status === 'True';
}

/**
 * @param evicts whether pods leave a node that is not ready. Where no node is, it may as well be that the control plane
 *   does not hear them ("master disruption mode"): then nobody is evicted.
 */
function wantedTaints(node: Node, evicts: boolean): Taint[] {
  const taints: Taint[] = [];
  for (const { type, status, key } of CONDITION_TAINTS) {
    if (conditionOf(node.status.conditions, type)?.status !== status) continue;
    taints.push({ key, effect: 'NoSchedule' });
    if (type === 'Ready' && evicts) taints.push({ key, effect: 'NoExecute' });
  }
  if (node.spec.unschedulable === true) taints.push({ key: UNSCHEDULABLE, effect: 'NoSchedule' });
  return taints;
}
