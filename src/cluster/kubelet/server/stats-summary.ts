import type { Micros } from '../../simulation/simulation.ts';
import type { Used } from '../kubelet.ts';
import type { ServedNode } from './server.ts';
import { type ContainerUsage, type PodUsage, usageOf } from './usage.ts';

/** Files that a file system of this node can have. */
const INODES = 16_777_216;
/** What the disk counts in, in bytes. */
const BLOCK = 4096;
/** What the node's own system has on its disk, in bytes. */
const SYSTEM_FILES = 4 * 1024 ** 3;

/**
 * `/stats/summary`: what the node, its pods and their containers use. Rates are those since the start: a kubelet takes
 * them over the last ten seconds, for which it would have to look every ten seconds.
 * https://kubernetes.io/docs/reference/instrumentation/node-metrics/#summary-api-source
 */
export function statsSummary(node: ServedNode): object {
  const total = node.total();
  const { stamp } = node;
  const pods = usageOf(node.workers);
  const time = stamp(total.at);
  const disk = diskOf(node, pods, time);
  return {
    node: {
      nodeName: node.name,
      systemContainers: [],
      startTime: stamp(total.startedAt),
      cpu: cpuOf(total, time),
      memory: memoryOf(total.memory, time, node.memoryBytes),
      fs: disk(SYSTEM_FILES),
      runtime: { imageFs: disk(SYSTEM_FILES), containerFs: disk(SYSTEM_FILES) },
      swap: { time, swapAvailableBytes: 0, swapUsageBytes: 0 },
    },
    pods: pods.map((pod) => podOf(pod, { at: total.at, stamp, disk })),
  };
}

type Disk = (usedBytes: number, files?: number) => object;

/** When is looked, how times are written, and the disk then. */
interface Look extends Pick<ServedNode, 'stamp'> {
  readonly at: Micros;
  readonly disk: Disk;
}

/** A file system shares the node's disk with all others. */
function diskOf(node: ServedNode, pods: readonly PodUsage[], time: string): Disk {
  const written = pods.flatMap(({ containers }) => containers).reduce((sum, { files }) => sum + files, 0);
  const availableBytes = node.diskBytes - SYSTEM_FILES - inBlocks(written);
  return (usedBytes, files = 1) => ({
    time,
    availableBytes,
    capacityBytes: node.diskBytes,
    usedBytes: inBlocks(usedBytes),
    inodesFree: INODES - files,
    inodes: INODES,
    inodesUsed: files,
  });
}

const inBlocks = (bytes: number): number => Math.ceil(bytes / BLOCK) * BLOCK;

function podOf({ worker, containers, cpu, memory }: PodUsage, look: Look): object {
  const { at, stamp, disk } = look;
  const { name, namespace, uid } = worker.pod.metadata;
  const time = stamp(at);
  const startedAt = Date.parse(worker.pod.status.startTime ?? worker.pod.metadata.creationTimestamp) * 1000;
  const volumes = worker.volumeUse();
  const files = containers.reduce((sum, container) => sum + container.files + logBytes(container), 0);
  return {
    podRef: { name, namespace, uid },
    startTime: stamp(startedAt),
    containers: containers.map((container) => containerOf(container, look)),
    cpu: cpuOf({ startedAt, at, cpu }, time),
    memory: memoryOf(memory, time),
    ...(volumes.length > 0 && {
      volume: volumes.map((volume) => ({ ...disk(volume.usedBytes), name: volume.name })),
    }),
    'ephemeral-storage': disk(files),
    swap: { time, swapUsageBytes: 0 },
  };
}

function containerOf(container: ContainerUsage, { at, stamp, disk }: Look): object {
  const { instance, cpu, memory, files } = container;
  const startedAt = instance.startedAt ?? at;
  const time = stamp(at);
  return {
    name: instance.spec.name,
    startTime: stamp(startedAt),
    cpu: cpuOf({ startedAt, at, cpu }, time),
    memory: memoryOf(memory, time),
    rootfs: disk(files),
    logs: disk(logBytes(container)),
    swap: { time, swapUsageBytes: 0 },
  };
}

const logBytes = ({ instance }: ContainerUsage): number => Math.max(1, instance.log.asFile().length);

function cpuOf({ startedAt, at, cpu }: Pick<Used, 'startedAt' | 'at' | 'cpu'>, time: string): object {
  const lived = Math.max(1, at - startedAt);
  return { time, usageNanoCores: Math.floor((cpu * 1e9) / lived), usageCoreNanoSeconds: cpu * 1000 };
}

function memoryOf(bytes: number, time: string, capacity?: number): object {
  return {
    time,
    ...(capacity !== undefined && { availableBytes: capacity - bytes }),
    usageBytes: bytes,
    workingSetBytes: bytes,
    rssBytes: bytes,
    pageFaults: 0,
    majorPageFaults: 0,
  };
}
