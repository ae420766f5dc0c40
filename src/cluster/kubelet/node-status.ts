import { copy, edit, equal } from '../../core/json.ts';
import type { Condition, Lease, NewObject, Node } from '../../model/objects.ts';
import { resources } from '../../model/resources.ts';
import { StatusError } from '../api.ts';
import { renewLease } from '../lease-renewal.ts';
import { MINUTE, SECOND } from '../simulation/simulation.ts';
import type { Micros, Timer } from '../simulation/simulation.ts';
import { reasons } from './reasons.ts';
import type { KubeletDeps, NodeSpec } from './types.ts';
import { KERNEL_RELEASE } from '../runtime/kernel.ts';

export const KUBELET_VERSION = 'v1.36.3';
export const OS_IMAGE = 'Debian GNU/Linux 13 (trixie)';

const LEASE_NAMESPACE = 'kube-node-lease';
const LEASE_SECONDS = 40;
const RENEW: Micros = 10 * SECOND;
const REPORT: Micros = 5 * MINUTE;

/**
 * Registers a node and keeps saying that it is alive: a lease every ten seconds, the status every five minutes
 * or when it changes. https://kubernetes.io/docs/reference/node/node-status/#heartbeats
 */
export class NodeReporter {
  readonly #deps: KubeletDeps;
  readonly #owner: string;
  /** The node as it registers itself. */
  readonly #initial: Node;
  #timers: Timer[] = [];
  #wasSchedulable = true;

  constructor(deps: KubeletDeps, owner: string) {
    this.#deps = deps;
    this.#initial = nodeObject(deps);
    this.#owner = owner;
  }

  /** What tells its machine from others. */
  get machine(): Readonly<Record<string, string>> {
    return this.#initial.status.nodeInfo;
  }

  /** The node as the API has it. */
  get node(): Node {
    const { api, node } = this.#deps;
    return api.get(resources.nodes, undefined, node.name) ?? this.#initial;
  }

  start(): void {
    const { api, node } = this.#deps;
    this.#tell(reasons.starting, 'Starting kubelet.');
    const known = api.get(resources.nodes, undefined, node.name);
    if (known === undefined) {
      const { status } = this.#initial;
      api.create(resources.nodes, { ...this.#initial, status: { ...status, ...this.#measured([]) } });
    }
    this.#registerDrivers();
    for (const reason of [
      reasons.nodeHasSufficientMemory,
      reasons.nodeHasNoDiskPressure,
      reasons.nodeHasSufficientPid,
    ]) {
      this.#tell(reason);
    }
    this.#tell(reasons.nodeAllocatableEnforced, 'Updated Node Allocatable limit across pods');
    this.report();
    this.#renew();
    const wasReady = known?.status.conditions?.some(
      ({ type, status }) => type === 'Ready' && status === 'True',
    );
    if (wasReady !== true) this.#tell(reasons.nodeReady);
    this.#wasSchedulable = known?.spec.unschedulable !== true;
    this.#repeat(RENEW, 'lease', () => {
      this.#renew();
      this.#tellIfSchedulable();
    });
    this.#repeat(REPORT, 'status', () => this.report());
  }

  stop(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
  }

  /** Writes conditions and images. */
  report(): void {
    const { api } = this.#deps;
    const stored = this.node;
    const measured = this.#measured(stored.status.conditions ?? []);
    try {
      api.updateStatus(
        resources.nodes,
        edit(stored, (draft) => {
          draft.status = { ...copy(this.#initial.status), ...draft.status, ...measured };
        }),
      );
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
    }
  }

  #measured(earlier: readonly Condition[]): Pick<Node['status'], 'conditions' | 'images'> {
    const { simulation, images } = this.#deps;
    const now = simulation.timestamp();
    const conditions = CONDITIONS.map((wanted): Condition => {
      const before = earlier.find(({ type }) => type === wanted.type);
      const since = before?.status === wanted.status ? before.lastTransitionTime : undefined;
      return { ...wanted, lastHeartbeatTime: now, lastTransitionTime: since ?? now };
    });
    // A node on which somebody has set other conditions keeps them.
    const others = earlier.filter(({ type }) => !CONDITIONS.some((own) => own.type === type));
    return {
      conditions: [...others, ...conditions],
      images: images.list().map(({ names, sizeBytes }) => ({ names: [...names], sizeBytes })),
    };
  }

  /** Keeps the list of images in the status current after a pull. */
  imagesChanged(): void {
    const listed = this.node.status.images ?? [];
    if (!equal(listed, this.#deps.images.list())) this.report();
  }

  #repeat(period: Micros, what: string, run: () => void): void {
    const { simulation } = this.#deps;
    const index = this.#timers.length;
    const next = (): void => {
      this.#timers[index] = simulation.after(period, `${this.#owner}/${what}`, () => {
        next();
        run();
      });
    };
    next();
  }

  #renew(): void {
    const { api, simulation, node } = this.#deps;
    const renewTime = simulation.microTimestamp();
    renewLease(api, {
      namespace: LEASE_NAMESPACE,
      name: node.name,
      renewed: { renewTime },
      make: () => this.#newLease(renewTime),
    });
  }

  /** The kubelet sees that its node was cordoned, or is not any more, when it next looks at its status: every 10 s. */
  #tellIfSchedulable(): void {
    const isSchedulable = this.node.spec.unschedulable !== true;
    if (isSchedulable === this.#wasSchedulable) return;
    this.#wasSchedulable = isSchedulable;
    this.#tell(isSchedulable ? reasons.nodeSchedulable : reasons.nodeNotSchedulable);
  }

  /** An event of the node; without words of its own it tells the node's status. */
  #tell(reason: string, message?: string): void {
    const { events, node } = this.#deps;
    const { name } = node;
    // The kubelet's own reference to its node carries no uid.
    const about = { apiVersion: 'v1', kind: 'Node', name };
    events.event(about, 'Normal', reason, message ?? `Node ${name} status is now: ${reason}`);
  }

  /** The node has no CSI driver; its kubelet says so. */
  #registerDrivers(): void {
    const { api, node } = this.#deps;
    const { uid } = this.node.metadata;
    if (api.get(resources.csiNodes, undefined, node.name) !== undefined) return;
    api.create(resources.csiNodes, {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'CSINode',
      metadata: {
        name: node.name,
        annotations: { 'storage.alpha.kubernetes.io/migrated-plugins': MIGRATED.join(',') },
        ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node.name, uid }],
      },
      spec: { drivers: [] },
    });
  }

  #newLease(renewTime: string): NewObject<Lease> {
    const { name, uid } = this.node.metadata;
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        name,
        namespace: LEASE_NAMESPACE,
        ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }],
      },
      spec: { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime },
    };
  }
}

const CONDITIONS: readonly Condition[] = [
  {
    type: 'MemoryPressure',
    status: 'False',
    reason: 'KubeletHasSufficientMemory',
    message: 'kubelet has sufficient memory available',
  },
  {
    type: 'DiskPressure',
    status: 'False',
    reason: 'KubeletHasNoDiskPressure',
    message: 'kubelet has no disk pressure',
  },
  {
    type: 'PIDPressure',
    status: 'False',
    reason: 'KubeletHasSufficientPID',
    message: 'kubelet has sufficient PID available',
  },
  { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
];

/** Volume plugins that are not part of the kubelet any more. */
const MIGRATED = [
  'kubernetes.io/aws-ebs',
  'kubernetes.io/azure-disk',
  'kubernetes.io/azure-file',
  'kubernetes.io/cinder',
  'kubernetes.io/gce-pd',
  'kubernetes.io/portworx-volume',
  'kubernetes.io/vsphere-volume',
];

/** What fits on the disk of a node. */
export const DISK_BYTES = 100 * 1024 ** 3;

/** The Node object as a kubelet of kind registers it. */
function nodeObject({ node, simulation }: Pick<KubeletDeps, 'node' | 'simulation'>): Node {
  const { name } = node;
  const capacity = {
    cpu: node.cpu,
    'ephemeral-storage': `${DISK_BYTES / 1024}Ki`,
    'hugepages-1Gi': '0',
    'hugepages-2Mi': '0',
    memory: node.memory,
    pods: '110',
  };
  // The identity of a machine stays the same as long as its name does.
  const ids = simulation.random.stream(`node/${name}`);
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      uid: '',
      resourceVersion: '',
      creationTimestamp: '',
      labels: labelsOf(node),
      annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' },
    },
    spec: { providerID: providerId(name) },
    status: {
      addresses: [
        { type: 'InternalIP', address: node.ip },
        { type: 'Hostname', address: name },
      ],
      capacity,
      allocatable: copy(capacity),
      conditions: [],
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      declaredFeatures: [
        'ExtendWebSocketsToKubelet',
        'InPlacePodLevelResourcesVerticalScaling',
        'InPlacePodVerticalScalingInitContainers',
        'RestartAllContainersOnContainerExits',
      ],
      features: { supplementalGroupsPolicy: true },
      images: [],
      nodeInfo: {
        architecture: 'amd64',
        bootID: ids.uuid(),
        containerRuntimeVersion: 'containerd://2.3.4',
        kernelVersion: KERNEL_RELEASE,
        kubeProxyVersion: '',
        kubeletVersion: KUBELET_VERSION,
        machineID: ids.hex(32),
        operatingSystem: 'linux',
        osImage: OS_IMAGE,
        systemUUID: ids.uuid(),
      },
      runtimeHandlers: ['', 'runc', 'test-handler'].map((handler) => ({
        features: { recursiveReadOnlyMounts: true, userNamespaces: true },
        name: handler,
      })),
    },
  };
}

function labelsOf(node: NodeSpec): Record<string, string> {
  return {
    'beta.kubernetes.io/arch': 'amd64',
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': 'amd64',
    'kubernetes.io/hostname': node.name,
    'kubernetes.io/os': 'linux',
    ...node.labels,
  };
}

/** As kind gives it: its cluster's name begins the node's. */
export function providerId(node: string): string {
  return `kind://docker/${node.replace(/-(control-plane|worker)\d*$/, '')}/${node}`;
}
