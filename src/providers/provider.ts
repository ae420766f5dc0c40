import type { Clock } from '../core/clock.ts';
import type { KubeClient } from '../kube/client.ts';

/**
 * Where clusters come from. Small on purpose; optional abilities are methods of `can`, needs of a scenario are
 * {@link Fact}s. docs/architecture.md, "Providers".
 */
export interface ClusterProvider {
  readonly name: string;
  /** What its clusters have. */
  readonly facts: ReadonlySet<Fact>;
  /** A cluster takes so long to make that several incidents share one where they can, emptied in between. */
  readonly slow?: {
    /** So many nodes of it this machine can have, as far as it can be told. */
    nodesThatFit(): number;
  };
  /** Whether it can be used here: otherwise what is missing, and the command that mends it. */
  availability(): Promise<Availability>;
  /** Every name it will own, and nothing made yet. Saved before anything is created. */
  plan(spec: ClusterSpec): ClusterRef;
  create(ref: ClusterRef, spec: ClusterSpec, io: CreateOptions): Promise<Cluster>;
  /** A lab outlives its creator. Revives a dead embedded lab on its old port. */
  open(ref: ClusterRef, signal?: AbortSignal): Promise<Cluster>;
  /** What is left of it, without mending anything. */
  state(ref: ClusterRef): Promise<ClusterState>;
  /** Idempotent, also after half a create; leaves nothing. */
  destroy(ref: ClusterRef): Promise<void>;
  /** One cluster can serve several labs, one after the other. */
  readonly reuse?: ReusePlan;
  /**
   * Makes a cluster of this process again from the log of another one (`can.inputs`), with time that is moved by
   * hand; it can be forked, and is gone when it is disposed.
   * @param log text; its first line is a {@link LogHead}
   */
  replay?(ref: ClusterRef, spec: ClusterSpec, log: string, options: ReplayOptions): Promise<Cluster>;
}

/** A provider whose clusters are shared by several incidents. */
export type SlowProvider = ClusterProvider & Required<Pick<ClusterProvider, 'slow'>>;

export const isSlow = (provider: ClusterProvider): provider is SlowProvider => provider.slow !== undefined;

/** A cluster that outlives its lab and waits for the next one. */
export interface ReusePlan {
  /**
   * Takes everything out that a lab has put into its cluster, as if it were new.
   * @throws where that cannot be done: it is to be destroyed then
   */
  release(ref: ClusterRef): Promise<void>;
  /**
   * What a new lab calls a cluster that was released; `create` then takes it over, or makes another one where it is
   * gone. Pure.
   * @returns undefined where it is not made of what the lab needs
   */
  adopt(released: ClusterRef, spec: ClusterSpec): ClusterRef | undefined;
}

export interface ReplayOptions extends CreateOptions {
  /** `start`: the cluster before the first input; `hand-over`: what set-up did, at the instant of the hand-over; `end`: all of the log. */
  readonly upTo: 'start' | 'hand-over' | 'end';
}

/** What everybody may read of a log. */
export interface LogHead {
  /** Version of breakfix that wrote it; another one may simulate differently. */
  readonly breakfix: string;
  /** As in {@link ClusterSpec}. */
  readonly seed: string;
  /** Virtual time of the start, microseconds since 1970. */
  readonly epoch: number;
}

export type Availability =
  { readonly available: true } | { readonly available: false; readonly reason: string; readonly fix: string };

/** `stopped`: what needs it next brings it back. `hung`: it is there and does not answer. */
export type ClusterState = 'running' | 'stopped' | 'hung' | 'gone';

export interface CreateOptions {
  readonly signal: AbortSignal;
}

/** What a scenario may need of a cluster. */
export type Fact = 'ownsCluster' | 'networkPolicy' | 'registry' | 'nodes';

export interface ClusterSpec {
  /** Name of the lab. */
  readonly lab: string;
  /** The lab's own folder; the provider may keep files in it. */
  readonly folder: string;
  readonly seed: string;
  readonly nodes: readonly { readonly role: 'control-plane' | 'worker' }[];
  /** Releases of the shop that every node has from the start, as `shop.test/shop:1.4.2`. */
  readonly images: readonly string[];
  readonly registries: readonly RegistryPlan[];
  /** How long the fault is to have been there at hand-over, in milliseconds; providers that cannot backdate ignore it. */
  readonly since: number;
}

/** A registry outside the cluster with releases of the shop: repository → tag → release. */
export interface RegistryPlan {
  /** Host and port as image references have it: `registry.shop.test:5000`. */
  readonly host: string;
  readonly repositories: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Basic credentials, without which it answers nobody. */
  readonly credentials?: { readonly username: string; readonly password: string };
  /** The host of another registry of the plan, whose images it has byte for byte. */
  readonly mirrorOf?: string;
}

/** Everything needed to find a cluster again: plain JSON, kept in the lab's folder. */
export interface ClusterRef {
  readonly provider: string;
  readonly lab: string;
  readonly folder: string;
  readonly [name: string]: unknown;
}

export interface Cluster extends AsyncDisposable {
  readonly ref: ClusterRef;
  /** Text of a kubeconfig of its administrator. */
  readonly kubeconfig: string;
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly facts: ReadonlySet<Fact>;
  readonly version: string;
  readonly can: {
    /** A copy of the cluster that is thrown away when it is disposed; the original does not notice. */
    readonly fork?: () => Promise<Cluster>;
    /**
     * The same for a cluster that lives in another process: has work done there, on a copy as it is now. What may be asked
     * and what comes of it is plain data, and the business of who does the work.
     */
    readonly onCopy?: (question: unknown, signal: AbortSignal) => Promise<unknown>;
    /** Takes everything out again that a scenario puts in, as quickly as it can: the next one breaks it anew. */
    readonly empty?: (signal: AbortSignal) => Promise<void>;
    /** Keeps in mind what the cluster's own objects are like now, broken or not. */
    readonly remember?: () => Promise<PutBack>;
    /** Sets the clock to the moment from which the fault will have been live for `since` at hand-over. */
    readonly backdate?: (since: number) => Promise<void>;
    /** From here on the clock is the wall's. */
    readonly goLive?: () => Promise<void>;
    /** A registry of the spec, by host. */
    readonly registry?: (host: string) => Promise<RegistryAccess>;
    /** What only a node can do, by its name. */
    readonly node?: (name: string) => NodeAccess;
    /** The log of all inputs up to now, for `submit`; its end says what time it is, so that a replay goes that far. */
    readonly inputs?: () => Promise<string>;
  };
}

/**
 * Puts the cluster's own objects back as they were when they were remembered, and takes out what was added to them.
 * @param keep namespaces that stay as they are; others that kind did not make go
 * @returns false where that cannot be done: then the cluster is to be emptied
 */
export type PutBack = (keep: readonly string[], signal: AbortSignal) => Promise<boolean>;

/** What may be asked of a registry of the lab, and done to it. */
export interface RegistryAccess {
  /** Where pods reach it. */
  readonly address: string;
  readonly port: number;
  /** `sha256:…` of what a tag of the plan leads to. */
  digest(repository: string, tag: string): Promise<string>;
  /** Puts what is under a tag of the plan under another one too, as a push does. */
  tag(repository: string, from: string, to: string): Promise<void>;
  /** Connections are refused from now on: until it is called with `false`, or for so long. */
  setOutage(outage: boolean | { readonly forMs: number }): Promise<void>;
}

export interface NodeAccess {
  /** Takes an image with all its names from the node's disk, if it is there; containers that run of it go on. */
  removeImage(reference: string): Promise<void>;
}
