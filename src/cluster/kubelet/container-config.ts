import type { Container, Pod, Quantity, ResourceRequirements } from '../../model/objects.ts';
import { bytesOf, millicoresOf } from '../../model/quantity.ts';
import type { Api } from '../api.ts';
import type { ContainerConfig, FileTree, Limits, Mount } from '../runtime/container-types.ts';
import { environmentOf } from './env.ts';
import { expand, mustFitMessage } from './expansion.ts';
import type { PodFacts } from './field-ref.ts';
import type { Sandbox, StoredImage } from './types.ts';
import { userOf } from './user.ts';
import type { PodVolumes } from './volumes/volume-manager.ts';

/** What every container of a pod shares. */
export interface PodSurroundings {
  readonly api: Api;
  readonly volumes: PodVolumes;
  readonly sandbox: Sandbox;
  readonly facts: PodFacts;
  readonly hostname: string;
  /** hosts, hostname and resolv.conf, and termination logs. */
  readonly podFiles: FileTree;
}

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** The priority of `system-node-critical`. */
const NODE_CRITICAL = 2_000_001_000;
const MANAGED_FILES = ['hosts', 'hostname', 'resolv.conf'] as const;

/**
 * Turns a container of a pod into what the runtime makes of it.
 * @throws ConfigError
 * @throws RuntimeError where that is too much
 */
export function containerConfig(
  pod: Pod,
  container: Container,
  image: StoredImage,
  around: PodSurroundings,
  run: Pick<ContainerConfig, 'id' | 'log' | 'processes'>,
): ContainerConfig {
  const { command, args, workingDir } = container;
  const { sysctls = [] } = pod.spec.securityContext;
  const user = userOf(pod, container, image.image);
  const own = environmentOf(around.api, pod, container, around.facts);
  const imageEnv = image.image.config.env ?? {};
  const env = { PATH: DEFAULT_PATH, HOSTNAME: around.hostname, ...imageEnv, ...own };
  let size = 0;
  const expanded = (words: readonly string[]): string[] =>
    words.map((word) => {
      const text = expand(word, (name) => own[name]);
      size += text.length;
      mustFitMessage(size);
      return text;
    });
  return {
    ...run,
    pod: {
      namespace: pod.metadata.namespace ?? 'default',
      name: pod.metadata.name,
      uid: pod.metadata.uid,
    },
    sandbox: around.sandbox.id,
    name: container.name,
    image: image.image,
    ...(command === undefined || command.length === 0 ? {} : { command: expanded(command) }),
    ...(args === undefined || args.length === 0 ? {} : { args: expanded(args) }),
    env,
    ...(workingDir === undefined || workingDir === '' ? {} : { workingDir }),
    user: { uid: user.uid, gid: user.gid, groups: user.groups },
    readOnlyRoot: container.securityContext?.readOnlyRootFilesystem === true,
    mounts: [
      ...around.volumes.mountsOf(container, own),
      ...managedMounts(pod, container, around.podFiles, run.id),
    ],
    limits: limitsOf(container.resources, 'limits'),
    requests: limitsOf(container.resources, 'requests'),
    oomScoreAdjust: oomScoreAdjust(pod, container, around.facts.allocatable['memory']),
    network: around.sandbox.stack,
    ...(around.sandbox.processes !== undefined && { processes: around.sandbox.processes }),
    hostname: around.hostname,
    ...(sysctls.length > 0 && {
      sysctls: Object.fromEntries(
        sysctls.map(({ name, value }) => [
          name.replaceAll('/', '.'),
          // The kernel shows several numbers with tabs between them, however they were written.
          value.trim().replaceAll(/\s+/g, '\t'),
        ]),
      ),
    }),
    tty: container.tty === true,
    stdin: container.stdin === true,
    ...(container.stdinOnce === true ? { stdinOnce: true } : {}),
  };
}

/**
 * Whom the kernel ends first when a node has no memory left: those that asked for nothing, and last those that are
 * guaranteed what they may take. https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/#node-out-of-memory-behavior
 */
export function oomScoreAdjust(
  pod: Pod,
  container: Pick<Container, 'resources'>,
  nodeMemory: Quantity | undefined,
): number {
  const isNodeCritical = (pod.spec.priority ?? 0) >= NODE_CRITICAL;
  if (isNodeCritical || pod.status.qosClass === 'Guaranteed') return -997;
  if (pod.status.qosClass === 'BestEffort') return 1000;
  const { memory = 0 } = limitsOf(container.resources, 'requests');
  const share = Math.floor((1000 * memory) / bytesOf(nodeMemory ?? '0'));
  return Math.min(Math.max(1000 - share, 3), 999);
}

/** Bytes and millicores of requests or limits. */
export function limitsOf(resources: ResourceRequirements, kind: 'limits' | 'requests'): Limits {
  const { cpu, memory } = resources[kind] ?? {};
  return {
    ...(memory === undefined ? {} : { memory: bytesOf(memory) }),
    ...(cpu === undefined ? {} : { cpu: millicoresOf(cpu) }),
  };
}

/** Where in the pod's files the termination message of a run is. */
export function terminationLogOf(id: string): string {
  return `/termination-log-${id}`;
}

/** /etc/hosts and the like, unless a volume is mounted there, and the termination log. */
function managedMounts(pod: Pod, container: Container, podFiles: FileTree, id: string): Mount[] {
  const taken = new Set((container.volumeMounts ?? []).map(({ mountPath }) => mountPath));
  const place = { tree: podFiles, source: '/dev/vda1', type: 'ext4', readOnly: false };
  const mounts: Mount[] = [];
  for (const name of MANAGED_FILES) {
    const path = `/etc/${name}`;
    if (!taken.has(path)) mounts.push({ ...place, path, subPath: name });
  }
  const log = container.terminationMessagePath;
  if (log !== '' && !taken.has(log)) {
    podFiles.write(terminationLogOf(id), '', { mode: 0o666 });
    mounts.push({ ...place, path: log, subPath: terminationLogOf(id).slice(1) });
  }
  return mounts;
}
