import { canonical } from '../../core/json.ts';
import { Random } from '../../core/random.ts';
import type { NewObject, Node, Pod } from '../../model/objects.ts';
import { resources } from '../../model/resources.ts';
import { type Api, StatusError, unlessRefused, type WatchEvent } from '../api.ts';
import type { FileTree } from '../runtime/container-types.ts';
import { MILLISECOND, MINUTE, SECOND, type Simulation } from '../simulation/simulation.ts';
import { MANIFESTS, manifestName } from './node-files.ts';
import type { KubeletDeps, StaticPod } from './types.ts';

const MIRROR = 'kubernetes.io/config.mirror';

/** What the API refuses is tried again with the next sync of the pod. */
const RETRY = MINUTE;

/** A mirror that has been made again is told of the state of its pod with the kubelet's next round of statuses. */
const STATUS_ROUND = 10 * SECOND;

/** Between a change and the look at the folder: who writes a file makes it first, and who writes many is not to keep all busy. */
const LOOK_AFTER = 200 * MILLISECOND;

/** A node has no room for so many pods. */
const MOST_FILES = 200;

interface Manifest {
  readonly pod: StaticPod;
  /** By which the kubelet and the runtime know the pod. */
  readonly hash: string;
  /** When its file was read first. */
  readonly seen: string;
}

/** A file of the folder as it was read last. */
interface ReadFile {
  readonly text: string;
  readonly manifest: Manifest | undefined;
}

/** What static pods need of their kubelet. */
export interface StaticPodsOptions {
  readonly deps: KubeletDeps;
  readonly files: FileTree;
  readonly random: Random;
  /** Owner of events. */
  readonly owner: string;
  readonly node: () => Node;
  /** Nothing is looked at meanwhile. */
  readonly isStopped: () => boolean;
  /** Gives a pod to its worker. */
  readonly follow: (pod: Pod) => void;
  /** Ends the pod of this uid. */
  readonly retire: (uid: string) => void;
}

/**
 * The pods that a kubelet runs because of manifests on its node. They live by these: who deletes the mirror by which the API
 * shows one has a new mirror made, and the containers go on; they end when the file goes or says something else.
 * https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/
 */
export class StaticPods {
  readonly #options: StaticPodsOptions;
  readonly #api: Api;
  readonly #simulation: Simulation;
  /** By the name of the file. */
  #files = new Map<string, ReadFile>();
  /** By the name of the mirror. */
  #manifests = new Map<string, Manifest>();
  /** Those that the API has shown before. */
  readonly #shown = new Set<Manifest>();
  #isDue = false;

  constructor(options: StaticPodsOptions) {
    this.#options = options;
    this.#api = options.deps.api;
    this.#simulation = options.deps.simulation;
  }

  /** Begins with the pods whose manifests are there, and follows the folder. */
  start(): void {
    const { deps, files } = this.#options;
    for (const pod of deps.staticPods ?? []) {
      const name = manifestName(pod);
      const manifest = this.#manifest(pod);
      this.#files.set(name, { text: files.readText(`${MANIFESTS}/${name}`), manifest });
      this.#manifests.set(this.#mirrorOf(pod), manifest);
      this.#mirror(manifest);
    }
    files.watch(() => this.#lookSoon());
  }

  /** The kubelet is back after a time in which it has seen nothing. */
  resume(): void {
    this.#lookSoon();
    for (const [key, manifest] of this.#manifests) {
      const [namespace = '', name = ''] = key.split('/');
      const mirror = this.#api.get(resources.pods, namespace, name);
      if (mirror === undefined) this.#mirror(manifest);
      else if (mirror.metadata.deletionTimestamp !== undefined) this.drop(mirror);
    }
  }

  /** Whether a pod lives, by its uid, whatever the API says. */
  has(uid: string): boolean {
    return [...this.#manifests.values()].some(({ hash }) => hash === uid);
  }

  /**
   * A mirror has changed.
   * @returns false where it is not that of a pod which a manifest wants
   */
  changed({ type, object }: WatchEvent<Pod>): boolean {
    const { namespace, name, deletionTimestamp } = object.metadata;
    const manifest = this.#manifests.get(`${namespace ?? ''}/${name}`);
    if (manifest === undefined) return false;
    if (type === 'DELETED') this.#mirror(manifest);
    if (uidOf(object) !== manifest.hash) return false;
    if (type === 'DELETED') return true;
    if (deletionTimestamp !== undefined) this.drop(object);
    else if (type === 'ADDED' && this.#shown.has(manifest)) this.#showAgain(object);
    else {
      this.#shown.add(manifest);
      this.#options.follow(asKubeletKnows(object));
    }
    return true;
  }

  /** Takes a mirror away: its pod goes on, or there is none. */
  drop({ metadata: { namespace, name, uid } }: Pod): void {
    const options = { gracePeriodSeconds: 0, preconditions: { uid } };
    unlessRefused(() => this.#api.delete(resources.pods, namespace, name, options));
  }

  #showAgain({ metadata: { namespace, name } }: Pod): void {
    const { random, owner, isStopped, follow } = this.#options;
    this.#simulation.after(random.between(0, STATUS_ROUND), owner, () => {
      const newest = isStopped() ? undefined : this.#api.get(resources.pods, namespace, name);
      if (newest !== undefined && this.has(uidOf(newest))) follow(asKubeletKnows(newest));
    });
  }

  #lookSoon(): void {
    if (this.#isDue || this.#options.deps.readManifest === undefined) return;
    this.#isDue = true;
    this.#simulation.after(LOOK_AFTER, this.#options.owner, () => {
      this.#isDue = false;
      if (!this.#options.isStopped()) this.#look();
    });
  }

  #look(): void {
    const before = new Set(this.#manifests.values());
    this.#files = this.#read();
    this.#manifests = new Map();
    for (const { manifest } of this.#files.values()) {
      if (manifest === undefined) continue;
      const key = this.#mirrorOf(manifest.pod);
      if (!this.#manifests.has(key)) this.#manifests.set(key, manifest);
    }
    const now = new Set(this.#manifests.values());
    for (const manifest of before) {
      if (now.has(manifest)) continue;
      this.#shown.delete(manifest);
      this.#options.retire(manifest.hash);
    }
    for (const manifest of now) if (!before.has(manifest)) this.#mirror(manifest);
  }

  #read(): Map<string, ReadFile> {
    const { files } = this.#options;
    const read = new Map<string, ReadFile>();
    const names = files.exists(MANIFESTS) ? files.list(MANIFESTS) : [];
    for (const name of names.slice(0, MOST_FILES)) {
      const path = `${MANIFESTS}/${name}`;
      if (name.startsWith('.') || !files.exists(path) || files.stat(path).type !== 'file') continue;
      const text = files.readText(path);
      const known = this.#files.get(name);
      read.set(name, known?.text === text ? known : this.#readFile(text));
    }
    return read;
  }

  #readFile(text: string): ReadFile {
    const pod = this.#options.deps.readManifest?.(text);
    return { text, manifest: pod && this.#manifest(pod) };
  }

  /** One that is wanted already stays the same, whichever file it is in. */
  #manifest(pod: StaticPod): Manifest {
    const hash = new Random(canonical(pod)).hex(32);
    const known = this.#manifests.get(this.#mirrorOf(pod));
    if (known?.hash === hash) return known;
    // Go writes nanoseconds.
    const nanoseconds = String(parseInt(hash.slice(0, 6), 16) % 1000).padStart(3, '0');
    return { pod, hash, seen: `${this.#simulation.microTimestamp().slice(0, -1)}${nanoseconds}Z` };
  }

  #mirrorOf({ namespace, name }: StaticPod): string {
    return `${namespace}/${name}-${this.#options.deps.node.name}`;
  }

  #mirror(manifest: Manifest): void {
    const { owner, node, isStopped } = this.#options;
    if (isStopped() || !this.has(manifest.hash)) return;
    try {
      this.#api.create(resources.pods, mirrorPod(manifest, node()));
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      if (error.code !== 409) this.#simulation.after(RETRY, owner, () => this.#mirror(manifest));
    }
  }
}

/**
 * A pod as its kubelet and the runtime know it: a static one has the hash of its manifest for a uid, whatever the API has given
 * its mirror, and no generation.
 */
export function asKubeletKnows(pod: Pod): Pod {
  if (!isMirror(pod)) return pod;
  const { generation: _generation, ...metadata } = pod.metadata;
  return { ...pod, metadata: { ...metadata, uid: uidOf(pod) } };
}

/** The uid by which a kubelet knows a pod. */
export function uidOf({ metadata }: Pod): string {
  return metadata.annotations?.[MIRROR] ?? metadata.uid;
}

/**
 * The mirror pod by which a static pod shows in the API: named after its node, owned by it.
 * https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/
 */
function mirrorPod({ pod, hash, seen }: Manifest, node: Node): NewObject<Pod> {
  const { name, uid } = node.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${pod.name}-${name}`,
      namespace: pod.namespace,
      labels: { ...pod.labels },
      annotations: {
        ...pod.annotations,
        'kubernetes.io/config.hash': hash,
        [MIRROR]: hash,
        'kubernetes.io/config.seen': seen,
        'kubernetes.io/config.source': 'file',
      },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid, controller: true }],
    },
    spec: {
      ...pod.spec,
      nodeName: name,
      tolerations: [{ effect: 'NoExecute', operator: 'Exists' }],
    },
  };
}

export function isMirror(pod: Pod): boolean {
  return pod.metadata.annotations?.[MIRROR] !== undefined;
}
