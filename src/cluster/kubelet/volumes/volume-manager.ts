import type { Container, Pod, Volume } from '../../../model/objects.ts';
import { claimOf, notMadeFor } from '../../../model/pod-claims.ts';
import type { PodClaim } from '../../../model/pod-claims.ts';
import { bytesOf } from '../../../model/quantity.ts';
import { resources } from '../../../model/resources.ts';
import type { Api, EventRecorder } from '../../api.ts';
import type { ContainerRuntime, FileTree, Mount } from '../../runtime/container-types.ts';
import { FileError, type Image } from '../../runtime/types.ts';
import { MILLISECOND, SECOND } from '../../simulation/simulation.ts';
import type { Micros, Simulation, Timer } from '../../simulation/simulation.ts';
import { ConfigError } from '../env.ts';
import { expand } from '../expansion.ts';
import type { PodFacts } from '../field-ref.ts';
import { reasons } from '../reasons.ts';
import { podMemoryLimit } from '../resource-sums.ts';
import type { TokenSource } from '../types.ts';
import { writeAtomically } from './atomic-writer.ts';
import { hostPathError, prepareHostPath } from './host-path.ts';
import { payloadOf, VolumeError } from './payload.ts';
import type { IssuedToken, Payload } from './payload.ts';

/** What volumes of every pod of a node share. */
export interface VolumeDeps {
  readonly simulation: Simulation;
  readonly api: Api;
  readonly events: EventRecorder;
  readonly runtime: ContainerRuntime;
  readonly tokens: TokenSource;
  /** The files of the node itself: hostPath and local volumes. */
  readonly nodeFiles: FileTree;
  readonly owner: string;
}

interface Mounted {
  readonly tree: FileTree;
  /** Where in the tree the volume begins. */
  readonly root: string;
  readonly source: string;
  readonly type: string;
  readonly readOnly: boolean;
  /** Made by writeAtomically: a subPath of it is a copy that never changes. */
  readonly atomic: boolean;
}

const FIRST_RETRY: Micros = 500 * MILLISECOND;
const LONGEST_RETRY: Micros = 122 * SECOND;
/** How long the kubelet needs to see and set up a volume when nothing is wrong. */
const SET_UP: Micros = 100 * MILLISECOND;

/** Bytes of a page of memory. */
const PAGE = 4096;

/** What the kernel gives the root of a tmpfs that is mounted without a mode. */
const TMPFS_MODE = 0o1777;

/**
 * The volumes of one pod: sets them up with retries, and keeps those out of API objects up to date.
 * https://kubernetes.io/docs/concepts/storage/volumes/
 */
export class PodVolumes {
  readonly #deps: VolumeDeps;
  readonly #facts: () => PodFacts;
  readonly #mounted = new Map<string, Mounted>();
  readonly #retries = new Map<string, { delay: Micros; timer: Timer }>();
  readonly #tokens = new Map<string, Map<string, IssuedToken>>();
  /** Of files that a subPath names, for containers. */
  readonly #copies: FileTree[] = [];
  #pod: Pod;
  #waiting: (() => void) | undefined;
  #folders = 0;

  constructor(deps: VolumeDeps, pod: Pod, facts: () => PodFacts) {
    this.#deps = deps;
    this.#pod = pod;
    this.#facts = facts;
  }

  /** Calls `done` once every volume is there. @returns how to give up (retries go on) */
  whenMounted(pod: Pod, done: () => void): () => void {
    this.#pod = pod;
    const missing = (pod.spec.volumes ?? []).filter((volume) => !this.#isThere(volume));
    if (missing.length === 0) {
      done();
      return () => {};
    }
    this.#waiting = done;
    for (const volume of missing) {
      if (!this.#retries.has(volume.name)) this.#retry(volume, SET_UP, FIRST_RETRY);
    }
    return () => (this.#waiting = undefined);
  }

  /** An image is pulled when a container that mounts it starts; all other volumes come before. */
  #isThere({ name, image }: Volume): boolean {
    return image !== undefined || this.#mounted.has(name);
  }

  /** Gives a volume of kind `image` its files. */
  provide(name: string, image: Image): void {
    const tree = this.#deps.runtime.imageTree(image);
    const kind = { source: 'overlay', type: 'overlay' };
    this.#mounted.set(name, { tree, root: '/', ...kind, readOnly: true, atomic: false });
  }

  /** Brings volumes out of ConfigMaps, Secrets, tokens and fields up to date; what cannot be read stays as it is. */
  refresh(pod: Pod): void {
    this.#pod = pod;
    for (const volume of pod.spec.volumes ?? []) {
      const mounted = this.#mounted.get(volume.name);
      if (mounted?.atomic !== true) continue;
      try {
        this.#write(volume, mounted.tree);
      } catch (error) {
        if (!(error instanceof VolumeError)) throw error;
        this.#reportFailure(volume, error);
      }
    }
  }

  /** Whether a ServiceAccount token has to be renewed. */
  renewalDue(): boolean {
    const { now } = this.#deps.simulation;
    for (const tokens of this.#tokens.values()) {
      for (const { renewAt } of tokens.values()) if (now >= renewAt) return true;
    }
    return false;
  }

  /** Bytes in each of those that are the pod's own, not the node's. */
  use(): { readonly name: string; readonly usedBytes: number }[] {
    const ofNode = new Set(
      (this.#pod.spec.volumes ?? []).filter(({ hostPath }) => hostPath !== undefined).map(({ name }) => name),
    );
    return [...this.#mounted]
      .filter(([name]) => !ofNode.has(name))
      .map(([name, { tree }]) => ({ name, usedBytes: tree.usedBytes }));
  }

  /** Stops retrying until it is asked for the volumes again. */
  pause(): void {
    for (const retry of this.#retries.values()) retry.timer.cancel();
    this.#retries.clear();
    this.#waiting = undefined;
  }

  /** Stops retrying and forgets what was mounted; trees of the node stay. */
  tearDown(): void {
    this.pause();
    for (const { tree } of this.#mounted.values()) if (tree !== this.#deps.nodeFiles) tree.discard();
    for (const copy of this.#copies.splice(0)) copy.discard();
    this.#mounted.clear();
  }

  /**
   * The mounts of a container.
   * @throws ConfigError for a volume or subPath that cannot be mounted
   */
  mountsOf(container: Container, environment: Readonly<Record<string, string>>): Mount[] {
    return (container.volumeMounts ?? []).map((mount, index): Mount => {
      const mounted = this.#mounted.get(mount.name);
      if (mounted === undefined) {
        throw new ConfigError(
          `cannot find volume "${mount.name}" to mount into container "${container.name}"`,
        );
      }
      const subPath =
        mount.subPathExpr === undefined ? mount.subPath : expandSubPath(mount.subPathExpr, environment);
      const place = { path: mount.mountPath, source: mounted.source, type: mounted.type };
      // Projected kinds of volumes are read-only whatever the mount says.
      const readOnly = mount.readOnly === true || mounted.readOnly || mounted.atomic;
      if (subPath === undefined || subPath === '') {
        const root = mounted.root === '/' ? {} : { subPath: mounted.root.slice(1) };
        return { ...place, tree: mounted.tree, ...root, readOnly };
      }
      const found = this.#subPath(mounted, subPath);
      if (found === undefined) {
        throw new ConfigError(
          `failed to prepare subPath for volumeMount "${mount.name}" of container "${container.name}"`,
        );
      }
      return { ...place, ...found, readOnly: readOnly || container.volumeMounts?.[index]?.readOnly === true };
    });
  }

  #subPath(mounted: Mounted, subPath: string): { tree: FileTree; subPath: string } | undefined {
    const path = `${mounted.root === '/' ? '' : mounted.root}/${subPath}`;
    const { tree } = mounted;
    try {
      if (!tree.exists(path)) makeLike(tree, mounted.root, subPath);
      if (!mounted.atomic) return { tree, subPath: path.slice(1) };
      // The kernel keeps the file that was there at mount time, whatever `..data` points to later.
      const copy = this.#deps.runtime.createTree();
      this.#copies.push(copy);
      copyInto(tree, path, copy, '/subpath');
      return { tree: copy, subPath: 'subpath' };
    } catch (error) {
      if (error instanceof FileError) return undefined;
      throw error;
    }
  }

  #retry(volume: Volume, after: Micros, delay: Micros): void {
    const { simulation, owner } = this.#deps;
    const timer = simulation.after(after, `${owner}/volume`, () => {
      this.#retries.delete(volume.name);
      try {
        this.#mounted.set(volume.name, this.#setUp(volume));
      } catch (error) {
        if (!(error instanceof VolumeError)) throw error;
        this.#reportFailure(volume, error);
        this.#retry(volume, delay, Math.min(2 * delay, LONGEST_RETRY));
        return;
      }
      const all = (this.#pod.spec.volumes ?? []).every((other) => this.#isThere(other));
      if (!all) return;
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting?.();
    });
    this.#retries.set(volume.name, { delay, timer });
  }

  #reportFailure(volume: Volume, error: VolumeError): void {
    const message = `MountVolume.SetUp failed for volume "${volume.name}" : ${error.message}`;
    this.#deps.events.event(this.#pod, 'Warning', reasons.failedMount, message);
  }

  #setUp(volume: Volume): Mounted {
    const { runtime } = this.#deps;
    const disk = { source: '/dev/vda1', type: 'ext4' };
    if (volume.emptyDir !== undefined) {
      const memory = volume.emptyDir.medium === 'Memory';
      const { sizeLimit } = volume.emptyDir;
      // Only a tmpfs has a size of its own; on disk the kubelet evicts later.
      const limited = memory && sizeLimit !== undefined ? { limit: bytesOf(sizeLimit) } : {};
      const tree = runtime.createTree(limited);
      this.#giveToGroup(tree, '/', memory ? TMPFS_MODE : 0o777);
      const kind = memory ? { source: 'tmpfs', type: 'tmpfs' } : disk;
      return { tree, root: '/', ...kind, readOnly: false, atomic: false };
    }
    if (volume.hostPath !== undefined) {
      return this.#onNode(volume.hostPath.path, volume.hostPath.type ?? '', false);
    }
    const claim = claimOf(this.#pod, volume);
    if (claim !== undefined) return this.#setUpClaim(claim);
    const tree = runtime.createTree();
    if (!this.#write(volume, tree)) throw new VolumeError(withoutPlugin(volume));
    const isOnDisk = volume.configMap !== undefined;
    this.#giveToGroup(tree, '/', isOnDisk ? 0o777 : TMPFS_MODE);
    const kind = isOnDisk ? disk : { source: 'tmpfs', type: 'tmpfs' };
    return { tree, root: '/', ...kind, readOnly: false, atomic: true };
  }

  #setUpClaim({ name, readOnly, isEphemeral }: PodClaim): Mounted {
    const { api } = this.#deps;
    const namespace = this.#pod.metadata.namespace;
    const found = api.get(resources.persistentVolumeClaims, namespace, name);
    if (found === undefined) throw new VolumeError(`persistentvolumeclaim "${name}" not found`);
    const other = isEphemeral ? notMadeFor(this.#pod, found) : undefined;
    if (other !== undefined) throw new VolumeError(other);
    const volumeName = found.spec.volumeName ?? '';
    const volume =
      volumeName === '' ? undefined : api.get(resources.persistentVolumes, undefined, volumeName);
    const path = volume?.spec.hostPath?.path ?? volume?.spec.local?.path;
    if (path === undefined) throw new VolumeError(`persistentvolume "${volumeName}" not found`);
    const type = volume?.spec.hostPath?.type ?? 'DirectoryOrCreate';
    return this.#onNode(path, type === '' ? 'DirectoryOrCreate' : type, readOnly);
  }

  #onNode(path: string, type: string, readOnly: boolean): Mounted {
    const { nodeFiles } = this.#deps;
    try {
      prepareHostPath(nodeFiles, path, type);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      throw new VolumeError(`open ${path}: no such file or directory`);
    }
    const problem = hostPathError(nodeFiles, path, type);
    if (problem !== undefined) throw new VolumeError(problem);
    return { tree: nodeFiles, root: path, source: '/dev/vda1', type: 'ext4', readOnly, atomic: false };
  }

  /** @returns false for a volume that is not made of files out of the API */
  #write(volume: Volume, tree: FileTree): boolean {
    const { simulation, api, tokens } = this.#deps;
    let issued = this.#tokens.get(volume.name);
    if (issued === undefined) {
      issued = new Map<string, IssuedToken>();
      this.#tokens.set(volume.name, issued);
    }
    const context = { api, pod: this.#pod, facts: this.#facts(), tokens, issued, now: simulation.now };
    const payload = payloadOf(volume, context);
    if (payload === undefined) return false;
    const folder = folderName(simulation, this.#folders++);
    writeAtomically(tree, payload, {
      folder,
      group: this.#pod.spec.securityContext.fsGroup,
      refuse: () => this.#refuseWithoutRoom(volume, payload, folder),
    });
    return true;
  }

  /** @throws VolumeError for a tmpfs that has no room for a file */
  #refuseWithoutRoom(volume: Volume, payload: Payload, folder: string): void {
    if (volume.configMap !== undefined) return;
    const full = fileWithoutRoom(payload, podMemoryLimit(this.#pod));
    if (full === undefined) return;
    const path = `${folderOnNode(this.#pod, volume)}/${folder}/${full}`;
    throw new VolumeError(`write ${path}: no space left on device`);
  }

  #giveToGroup(tree: FileTree, path: string, mode: number): void {
    const { fsGroup } = this.#pod.spec.securityContext;
    tree.chmod(path, fsGroup === undefined ? mode : mode | 0o2000);
    if (fsGroup !== undefined) tree.chown(path, 0, fsGroup);
  }
}

/** @throws ConfigError where a variable is missing or empty, or the path would lead out of the volume */
function expandSubPath(text: string, environment: Readonly<Record<string, string>>): string {
  const missing = new Set<string>();
  const path = expand(text, (name) => {
    const value = environment[name] ?? '';
    if (value === '') missing.add(name);
    return value;
  });
  if (missing.size > 0) throw new ConfigError(`missing value for ${[...missing].sort().join(', ')}`);
  if (path.startsWith('/')) throw new ConfigError(`error SubPath \`${path}\` must not be an absolute path`);
  if (path.split('/').includes('..')) {
    throw new ConfigError(`unable to provision SubPath \`${path}\`: must not contain '..'`);
  }
  return path;
}

function folderName(simulation: Simulation, count: number): string {
  const [date = '', time = ''] = simulation.timestamp().slice(0, 19).split('T');
  const unique = (simulation.now % 1_000_000_000) * 3 + count;
  return `..${date.replaceAll('-', '_')}_${time.replaceAll(':', '_')}.${unique}`;
}

/**
 * A tmpfs is as large as the memory limit of its pod, and each file takes whole pages.
 * @returns the first file for which there is none left
 */
function fileWithoutRoom(payload: Payload, limit = Infinity): string | undefined {
  let room = Math.ceil(limit / PAGE);
  for (const [path, { data }] of payload) {
    room -= Math.ceil(Buffer.byteLength(data) / PAGE);
    if (room < 0) return path;
  }
  return undefined;
}

function folderOnNode({ metadata }: Pod, { name, secret, projected }: Volume): string {
  const ofOthers = projected === undefined ? 'downward-api' : 'projected';
  const plugin = secret === undefined ? ofOthers : 'secret';
  return `/var/lib/kubelet/pods/${metadata.uid}/volumes/kubernetes.io~${plugin}/${name}`;
}

/** Makes the folders of a subPath, with the permissions and the group of the volume itself. */
function makeLike(tree: FileTree, root: string, subPath: string): void {
  const mode = tree.stat(root).mode & 0o2777;
  let path = root === '/' ? '' : root;
  for (const part of subPath.split('/')) {
    path += `/${part}`;
    if (tree.exists(path)) continue;
    tree.mkdir(path);
    tree.chmod(path, mode);
  }
}

function withoutPlugin({ csi }: Volume): string {
  if (csi === undefined) return 'no volume plugin matched';
  const why = `driver name ${csi.driver} not found in the list of registered CSI drivers`;
  return `kubernetes.io/csi: mounter.SetUpAt failed to get CSI client: ${why}`;
}

function copyInto(from: FileTree, path: string, to: FileTree, target: string): void {
  const stat = from.stat(path);
  if (stat.type !== 'directory') {
    to.write(target, from.read(path), { mode: stat.mode });
    to.chown(target, stat.uid, stat.gid);
    return;
  }
  to.mkdir(target, { mode: stat.mode });
  for (const name of from.list(path)) copyInto(from, `${path}/${name}`, to, `${target}/${name}`);
}
