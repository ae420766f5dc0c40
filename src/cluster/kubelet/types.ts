import type { Container, Pod } from '../../model/objects.ts';
import type { Api, EventRecorder } from '../api.ts';
import type { Network, NetworkStack } from '../network/types.ts';
import type { ContainerRuntime, ProcessNamespace, RuntimeContainer } from '../runtime/container-types.ts';
import type { Image } from '../runtime/types.ts';
import type { Micros, Simulation } from '../simulation/simulation.ts';
import type { ContainerLog } from './logs.ts';

/** What a node is made of. https://kubernetes.io/docs/concepts/architecture/nodes/ */
export interface NodeSpec {
  readonly name: string;
  readonly role: 'control-plane' | 'worker';
  /** Quantities: `2`, `8Gi`. */
  readonly cpu: string;
  readonly memory: string;
  readonly ip: string;
  readonly podCIDR: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Keeps ordinary pods off; what kubeadm puts on a control plane that has workers beside it. */
  readonly controlPlaneTaint?: boolean;
}

/** User and password for one registry, out of a pull secret. */
export interface RegistryCredential {
  /** The key of `auths`: `registry.shop.test:5000`, `https://index.docker.io/v1/`. */
  readonly registry: string;
  readonly username: string;
  readonly password: string;
}

/** Why a pull failed: containerd's words, and the gRPC code that prefixes them unless it is `Unknown`. */
export interface PullFailure {
  readonly error: string;
}
export interface PulledImage {
  readonly image: Image;
  /** `docker.io/library/busybox:1.37`. */
  readonly reference: string;
  /** The one that opened the registry; undefined where it was asked without any. */
  readonly login: RegistryCredential | undefined;
}

/** Where nodes pull from: every registry of the lab, and the words of those that do not exist. */
export interface ImageSource {
  /** @returns how to give up */
  pull(
    reference: string,
    credentials: readonly RegistryCredential[],
    done: (result: PulledImage | PullFailure) => void,
  ): () => void;
}

export interface StoredImage {
  /** The first full reference it is known under; what a container's status shows. */
  readonly name: string;
  /** `docker.io/library/busybox@sha256:…`. */
  readonly id: string;
  readonly image: Image;
}

/** The images on a node's disk. */
export interface ImageStore {
  /** @returns undefined where the node has none of that name (in any of its short forms) */
  find(reference: string): StoredImage | undefined;
  add(reference: string, image: Image): StoredImage;
  list(): readonly { readonly names: string[]; readonly sizeBytes: number }[];
}

/** Reads an image name as containerd does. @returns its full form, or what is wrong with it */
export type ReferenceParser = (name: string) => { readonly full: string } | { readonly error: string };

/** Issues ServiceAccount tokens bound to a pod (the TokenRequest API). */
export type TokenSource = (request: {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly audience: string | undefined;
  readonly expirationSeconds: number;
  readonly pod: { readonly name: string; readonly uid: string };
}) => string;

/** The node's own /etc/resolv.conf: what pods with dnsPolicy Default get. */
export interface ResolvConf {
  readonly nameservers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

/** What a kubelet is started with. */
export interface KubeletDeps {
  readonly simulation: Simulation;
  /** Under the identity `system:node:<name>`. */
  readonly api: Api;
  /** Component `kubelet`, host the node's name. */
  readonly events: EventRecorder;
  readonly node: NodeSpec;
  readonly network: Network;
  readonly runtime: ContainerRuntime;
  readonly images: ImageStore;
  readonly registries: ImageSource;
  readonly parseReference: ReferenceParser;
  readonly tokens: TokenSource;
  readonly clusterDns: { readonly ip: string; readonly domain: string };
  readonly resolvConf: ResolvConf;
  /** Texts of the node's own files, by path. */
  readonly systemFiles?: Readonly<Record<string, string>>;
  /** What the kubelet's `/configz` tells. */
  readonly configuration?: () => object;
  /** Labels of `kubernetes_build_info` in its metrics. */
  readonly build?: () => Readonly<Record<string, string>>;
  /** Pods out of the manifest folder at the start; they show in the API as mirror pods. */
  readonly staticPods?: readonly StaticPod[];
  /** Reads a file of that folder; undefined where there is no pod in it that a kubelet runs. Without it nobody looks there again. */
  readonly readManifest?: (text: string) => StaticPod | undefined;
}

/** A manifest in /etc/kubernetes/manifests. */
export interface StaticPod {
  readonly name: string;
  readonly namespace: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec: Pod['spec'];
}

export type ContainerKind = 'init' | 'app' | 'ephemeral';

/** How a container ended, as its status says it. */
export interface Termination {
  readonly exitCode: number;
  readonly reason: string;
  readonly message?: string;
}

/** One container as containerd lists it: one run of one container of a pod. */
export interface ContainerInstance {
  readonly id: string;
  /** The id as statuses have it: `containerd://…`. */
  readonly statusId: string;
  readonly kind: ContainerKind;
  /** The container as it was when it was made. */
  readonly spec: Container;
  /** How many runs came before. */
  readonly restartCount: number;
  readonly image: StoredImage;
  readonly user: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] };
  readonly log: ContainerLog;
  readonly runtime: RuntimeContainer;
  state: 'created' | 'running' | 'exited';
  startedAt: Micros | undefined;
  finishedAt: Micros | undefined;
  termination: Termination | undefined;
  /** What it runs with now; differs from `spec` after an in-place resize. */
  resources: Container['resources'];
}

/** The network namespace of a pod, held by its pause container. */
export interface Sandbox {
  readonly id: string;
  readonly stack: NetworkStack;
  /** Where all containers of the pod see each other's processes (`shareProcessNamespace`), or all of the node (`hostPID`). */
  readonly processes?: ProcessNamespace;
  readonly attempt: number;
}
