import type { Pod } from '../../model/objects.ts';
import { isOver } from '../../model/pod-phase.ts';
import { bytesOf, millicoresOf } from '../../model/quantity.ts';
import { resources } from '../../model/resources.ts';
import type { WatchEvent } from '../api.ts';
import type { NodeAnswer, NodeApi, PodRef } from '../node-api.ts';
import { SECOND } from '../simulation/simulation.ts';
import type { Micros, Timer } from '../simulation/simulation.ts';
import { admit } from './admission.ts';
import { BackOff } from '../back-off.ts';
import { ImageManager } from './image-manager.ts';
import type { NodeContext } from './node-context.ts';
import { nodeFiles } from './node-files.ts';
import { DISK_BYTES, NodeReporter } from './node-status.ts';
import { PodWorker } from './pod-worker.ts';
import { Prober } from './probes/prober.ts';
import { referencesOf } from './references.ts';
import { refusal } from './refusals.ts';
import { asKubeletKnows, isMirror, StaticPods, uidOf } from './static-pods.ts';
import { kubeletAnswer } from './server/server.ts';
import { containersOf } from './server/usage.ts';
import { attachToPod, execInPod, forwardToPod, readLogs, runningIn } from './streams.ts';
import type { KubeletDeps } from './types.ts';

/** A node's agent: runs the pods that are bound to the node. */
export interface Kubelet extends Omit<NodeApi, 'ask'> {
  readonly node: string;
  /** What a GET on its port is answered with; undefined while it is stopped. */
  answer(path: string): NodeAnswer | undefined;
  /** What /metrics/resource tells; without `usage` while the kubelet is stopped, which then does not answer. */
  resourceMetrics(): ResourceMetrics;
  /** Ends a pod that the node cannot keep: it stays in the API as Failed with this reason. */
  evict(pod: PodRef, reason: string, message: string): void;
  /**
   * Stops the kubelet (`systemctl stop kubelet`): no lease, no probes, no restarts; containers go on.
   * @param heard what the API server hears that asks it something; `refused` where nothing is said
   */
  stop(heard?: Unanswered): void;
  /** Starts it again after {@link stop}; what has happened meanwhile is caught up with. */
  start(): void;
}

/** Connections to a node are refused, or nobody has its address any more. */
export type Unanswered = 'refused' | 'unreachable';

/** Microseconds of CPU since `startedAt`, and bytes. */
export interface Used {
  readonly startedAt: Micros;
  readonly at: Micros;
  readonly cpu: number;
  readonly memory: number;
}

export interface ResourceMetrics {
  readonly node: string;
  /** InternalIP. */
  readonly ip: string;
  readonly usage?: {
    readonly total: Used;
    /** Of the running ones. */
    readonly containers: readonly (Used & {
      readonly namespace: string;
      readonly pod: string;
      readonly container: string;
    })[];
  };
}

/** What kubelet, containerd and the rest of a node's system use beside its containers: cores, bytes. */
const SYSTEM_CORES = 0.045;
const SYSTEM_MEMORY = 290 * 1024 * 1024;

/**
 * Starts the kubelet of a node: registers the node and runs whatever is bound to it.
 * https://kubernetes.io/docs/reference/command-line-tools-reference/kubelet/
 */
export function startKubelet(deps: KubeletDeps): Kubelet {
  return new NodeAgent(deps);
}

const DIAL_ERRORS: Readonly<Record<Unanswered, string>> = {
  refused: 'connection refused',
  unreachable: 'no route to host',
};

class NodeAgent implements Kubelet {
  readonly #deps: KubeletDeps;
  readonly #owner: string;
  readonly #reporter: NodeReporter;
  readonly #context: NodeContext;
  /** By uid, in the order in which pods were seen. */
  readonly #workers = new Map<string, PodWorker>();
  /** `configmaps/ns/name` → uids of the pods that mount it. */
  readonly #references = new Map<string, Set<string>>();
  readonly #news = new Set<string>();
  readonly #static: StaticPods;
  #relist: Timer | undefined;
  readonly #bootAt: Micros;
  #stopped: Unanswered | undefined;

  constructor(deps: KubeletDeps) {
    this.#deps = deps;
    this.#bootAt = deps.simulation.now;
    this.#owner = `kubelet/${deps.node.name}`;
    const { simulation, network, node } = deps;
    this.#reporter = new NodeReporter(deps, this.#owner);
    const workers = this.#workers;
    this.#context = {
      deps,
      images: new ImageManager(deps),
      restarts: new BackOff(),
      prober: new Prober(simulation, network.node(node.name), `${this.#owner}/probe`),
      nodeFiles: nodeFiles(deps, () => workers.values()),
      random: simulation.random.stream(this.#owner),
      owner: this.#owner,
      node: () => this.#reporter.node,
      otherPods: (uid) => othersThan(uid, workers),
      relist: (uid) => this.#expect(uid),
      freed: () => {
        for (const worker of workers.values()) worker.retryResize();
      },
      finished: (uid) => this.#forget(uid),
    };
    this.#reporter.start();
    this.#static = new StaticPods({
      deps,
      files: this.#context.nodeFiles,
      random: this.#context.random,
      owner: this.#owner,
      node: () => this.#reporter.node,
      isStopped: () => this.#stopped !== undefined,
      follow: (pod) => this.#follow(pod),
      retire: (uid) => this.#workers.get(uid)?.retire(),
    });
    this.#static.start();
    deps.api.watch(resources.pods, (event) => this.#onPod(event));
    deps.api.watch(resources.configMaps, (event) => this.#onConfig('configmaps', event));
    deps.api.watch(resources.secrets, (event) => this.#onConfig('secrets', event));
  }

  get node(): string {
    return this.#deps.node.name;
  }

  logs(...[pod, options, sink]: Parameters<NodeApi['logs']>): ReturnType<NodeApi['logs']> {
    return readLogs(this.#worker(pod), options, sink);
  }

  enter(pod: PodRef, container: string): void {
    runningIn(this.#worker(pod), container);
  }

  exec(...[pod, options, output]: Parameters<NodeApi['exec']>): ReturnType<NodeApi['exec']> {
    return execInPod(this.#worker(pod), options, output);
  }

  attach(...[pod, options, output]: Parameters<NodeApi['attach']>): ReturnType<NodeApi['attach']> {
    return attachToPod(this.#worker(pod), options, output);
  }

  portForward(
    ...[pod, port, output]: Parameters<NodeApi['portForward']>
  ): ReturnType<NodeApi['portForward']> {
    return forwardToPod(this.#worker(pod), port, output);
  }

  answer(path: string): NodeAnswer | undefined {
    if (this.#stopped !== undefined) return undefined;
    const { api, simulation, node, configuration = () => ({}), build = () => ({}) } = this.#deps;
    const served = {
      name: this.node,
      pods: () => api.list(resources.pods).filter(({ spec }) => spec.nodeName === this.node),
      workers: [...this.#workers.values()],
      total: () => this.#total(),
      memoryBytes: bytesOf(node.memory),
      cores: millicoresOf(node.cpu) / 1000,
      identity: () => this.#reporter.machine,
      build,
      diskBytes: DISK_BYTES,
      files: this.#context.nodeFiles,
      configuration,
      stamp: (at: Micros) => simulation.timestamp(at),
    };
    return kubeletAnswer(served, path);
  }

  #total(): Used {
    const at = this.#deps.simulation.now;
    const { cpu, memory } = this.#deps.runtime.usage();
    const system = Math.floor((at - this.#bootAt) * SYSTEM_CORES);
    return { startedAt: this.#bootAt, at, cpu: cpu + system, memory: memory + SYSTEM_MEMORY };
  }

  resourceMetrics(): ResourceMetrics {
    const { node } = this.#deps;
    const where = { node: node.name, ip: node.ip };
    if (this.#stopped !== undefined) return where;
    const total = this.#total();
    const { at } = total;
    const containers = [...this.#workers.values()].flatMap((worker) =>
      containersOf(worker).map(({ instance, cpu, memory }) => ({
        namespace: worker.pod.metadata.namespace ?? 'default',
        pod: worker.pod.metadata.name,
        container: instance.spec.name,
        startedAt: instance.startedAt ?? 0,
        at,
        cpu,
        memory,
      })),
    );
    return { ...where, usage: { total, containers } };
  }

  evict(pod: PodRef, reason: string, message: string): void {
    this.#worker(pod).evict(reason, message);
  }

  stop(heard: Unanswered = 'refused'): void {
    const before = this.#stopped;
    this.#stopped = heard;
    if (before !== undefined) return;
    this.#reporter.stop();
    this.#relist?.cancel();
    this.#relist = undefined;
    for (const worker of this.#workers.values()) worker.suspend();
  }

  start(): void {
    if (this.#stopped === undefined) return;
    this.#stopped = undefined;
    this.#reporter.start();
    const { api } = this.#deps;
    const pods = api
      .list(resources.pods)
      .filter(({ spec }) => spec.nodeName === this.node)
      .map(asKubeletKnows);
    this.#static.resume();
    for (const [uid, worker] of [...this.#workers]) {
      const pod = pods.find(({ metadata }) => metadata.uid === uid);
      const isEnding = pod === undefined || pod.metadata.deletionTimestamp !== undefined;
      worker.resume(isEnding && this.#static.has(uid) ? worker.pod : pod);
    }
    for (const pod of pods) if (!this.#workers.has(pod.metadata.uid)) this.#add(pod);
  }

  #worker({ namespace, name }: PodRef): PodWorker {
    if (this.#stopped !== undefined) {
      const address = `${this.#deps.node.ip}:10250`;
      const message = `error dialing backend: dial tcp ${address}: connect: ${DIAL_ERRORS[this.#stopped]}`;
      throw refusal(500, 'InternalError', message);
    }
    for (const worker of [...this.#workers.values()].reverse()) {
      const { metadata } = worker.pod;
      if (metadata.name === name && metadata.namespace === namespace) return worker;
    }
    throw refusal(404, 'NotFound', `pods "${name}" not found`);
  }

  #onPod(event: WatchEvent<Pod>): void {
    const { type, object } = event;
    if (this.#stopped !== undefined || object.spec.nodeName !== this.node) return;
    if (isMirror(object) && this.#static.changed(event)) return;
    if (type === 'DELETED') this.#workers.get(uidOf(object))?.gone();
    // What only says that it is a mirror has no business here.
    else if (isMirror(object) && !this.#workers.has(uidOf(object))) this.#static.drop(object);
    else this.#follow(asKubeletKnows(object));
  }

  #follow(pod: Pod): void {
    const worker = this.#workers.get(pod.metadata.uid);
    if (worker !== undefined) worker.update(pod);
    else this.#add(pod);
  }

  #add(pod: Pod): void {
    // A pod that was over before this kubelet saw it needs nothing but its deletion.
    if (isOver(pod.status)) return;
    const worker = new PodWorker(this.#context, pod);
    const others = this.#context.otherPods(pod.metadata.uid);
    const rejection = admit(pod, this.#reporter.node, others);
    this.#workers.set(pod.metadata.uid, worker);
    for (const reference of referencesOf(pod)) {
      const users = this.#references.get(reference) ?? new Set();
      this.#references.set(reference, users.add(pod.metadata.uid));
    }
    worker.begin(rejection);
  }

  #onConfig(kind: string, { type, object }: WatchEvent): void {
    if (type === 'ADDED') return;
    const { namespace = '', name } = object.metadata;
    for (const uid of this.#references.get(`${kind}/${namespace}/${name}`) ?? []) {
      this.#workers.get(uid)?.configChanged();
    }
  }

  /** The state of containers is looked at once a second; pods with news are synced then. */
  #expect(uid: string): void {
    if (this.#stopped !== undefined) return;
    this.#news.add(uid);
    if (this.#relist !== undefined) return;
    const { simulation } = this.#deps;
    const next = (Math.floor(simulation.now / SECOND) + 1) * SECOND;
    this.#relist = simulation.at(next, `${this.#owner}/relist`, () => {
      this.#relist = undefined;
      const news = [...this.#news];
      this.#news.clear();
      for (const pod of news) this.#workers.get(pod)?.trigger();
      this.#reporter.imagesChanged();
    });
  }

  #forget(uid: string): void {
    const worker = this.#workers.get(uid);
    if (worker === undefined) return;
    this.#workers.delete(uid);
    for (const reference of referencesOf(worker.pod)) {
      const users = this.#references.get(reference);
      users?.delete(uid);
      if (users?.size === 0) this.#references.delete(reference);
    }
  }
}

function othersThan(uid: string, workers: ReadonlyMap<string, PodWorker>): Pod[] {
  const others: Pod[] = [];
  for (const [other, worker] of workers) if (other !== uid && worker.active) others.push(worker.pod);
  return others;
}
