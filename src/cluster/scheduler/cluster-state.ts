import { memoized } from '../../core/memo.ts';
import type { Node, Pod } from '../../model/objects.ts';
import { amountsOf, podRequests } from '../../model/pod-requests.ts';
import type { Amounts } from '../../model/pod-requests.ts';

/** Pods as they are stored never change, so each is summed up once. */
const sumsOf = memoized((spec: Pod['spec']): { readonly exact: Amounts; readonly nominal: Amounts } => ({
  exact: podRequests(spec),
  nominal: podRequests(spec, { nominal: true }),
}));

/** What a pod asks of its node; see podRequests. */
export function requestsOf(pod: Pod): Amounts {
  return sumsOf(pod.spec).exact;
}

/** The same with a nominal amount for containers that request nothing. */
export function nominalRequestsOf(pod: Pod): Amounts {
  return sumsOf(pod.spec).nominal;
}

/** A node with the pods that are on it or on their way to it. */
export class NodeInfo {
  readonly node: Node;
  /** Cpu in millicores, the rest in whole units. */
  readonly allocatable: Amounts;
  readonly #pods = new Map<string, Pod>();
  readonly #requested = new Map<string, number>();
  readonly #nominal = new Map<string, number>();

  constructor(node: Node, pods: Iterable<Pod> = []) {
    this.node = node;
    this.allocatable = amountsOf(node.status.allocatable);
    for (const pod of pods) this.add(pod);
  }

  get name(): string {
    return this.node.metadata.name;
  }

  get pods(): readonly Pod[] {
    return [...this.#pods.values()];
  }

  get podCount(): number {
    return this.#pods.size;
  }

  /** The sum of the pods' requests: cpu in millicores, the rest in whole units. */
  requested(resource: string): number {
    return this.#requested.get(resource) ?? 0;
  }

  /** The same with a nominal amount for containers that request nothing. */
  nominallyRequested(resource: string): number {
    return this.#nominal.get(resource) ?? 0;
  }

  add(pod: Pod): void {
    this.remove(pod);
    this.#pods.set(pod.metadata.uid, pod);
    this.#count(pod, 1);
  }

  remove(pod: Pod): void {
    const known = this.#pods.get(pod.metadata.uid);
    if (known === undefined) return;
    this.#pods.delete(pod.metadata.uid);
    this.#count(known, -1);
  }

  /** The same node with some pods more and some less, to try things out. */
  with(change: { add?: readonly Pod[]; remove?: readonly Pod[] }, node: Node = this.node): NodeInfo {
    const copy = new NodeInfo(node, this.#pods.values());
    for (const pod of change.remove ?? []) copy.remove(pod);
    for (const pod of change.add ?? []) copy.add(pod);
    return copy;
  }

  #count(pod: Pod, sign: 1 | -1): void {
    for (const [name, amount] of requestsOf(pod)) {
      this.#requested.set(name, this.requested(name) + sign * amount);
    }
    for (const [name, amount] of nominalRequestsOf(pod)) {
      this.#nominal.set(name, this.nominallyRequested(name) + sign * amount);
    }
  }
}

/** What the scheduler knows of the cluster: nodes and the pods on them, as told by its watches. */
export class ClusterState {
  readonly #nodes = new Map<string, NodeInfo>();
  #sorted: readonly NodeInfo[] | undefined;
  /** Pods whose node is not known (yet), by the name of that node. */
  readonly #stray = new Map<string, Map<string, Pod>>();

  /** In the order of their names. */
  get nodes(): readonly NodeInfo[] {
    this.#sorted ??= [...this.#nodes.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return this.#sorted;
  }

  node(name: string): NodeInfo | undefined {
    return this.#nodes.get(name);
  }

  setNode(node: Node): void {
    const { name } = node.metadata;
    const known = this.#nodes.get(name);
    this.#nodes.set(name, known?.with({}, node) ?? new NodeInfo(node, this.#stray.get(name)?.values()));
    this.#stray.delete(name);
    this.#sorted = undefined;
  }

  deleteNode(name: string): void {
    this.#sorted = undefined;
    const known = this.#nodes.get(name);
    this.#nodes.delete(name);
    for (const pod of known?.pods ?? []) this.#strayOn(name).set(pod.metadata.uid, pod);
  }

  /** A pod with a node: bound, or assumed to be so soon. */
  setPod(pod: Pod): void {
    const name = pod.spec.nodeName ?? '';
    const node = this.#nodes.get(name);
    if (node === undefined) this.#strayOn(name).set(pod.metadata.uid, pod);
    else node.add(pod);
  }

  deletePod(pod: Pod): void {
    const name = pod.spec.nodeName ?? '';
    this.#nodes.get(name)?.remove(pod);
    this.#stray.get(name)?.delete(pod.metadata.uid);
  }

  #strayOn(name: string): Map<string, Pod> {
    const pods = this.#stray.get(name) ?? new Map<string, Pod>();
    this.#stray.set(name, pods);
    return pods;
  }
}
