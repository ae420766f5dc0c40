import { KERNEL_RELEASE } from './kernel.ts';
import type { Random } from '../../core/random.ts';
import type { Micros, Simulation } from '../simulation/simulation.ts';
import { MILLISECOND } from '../simulation/simulation.ts';
import { Container } from './container.ts';
import type { ContainerRuntime, SystemProcess } from './container-types.ts';
import { CpuGroup, NodeCpu } from './cpu.ts';
import { VolumeTree } from './file-tree.ts';
import { ImageLayers } from './image-layers.ts';
import { MemoryGroup } from './memory.ts';
import { NodeProcesses } from './node-processes.ts';
import { Disk } from './nodes.ts';
import { PidNamespace } from './pid-namespace.ts';
import type { ProcParts } from './proc-files.ts';
import type { CreateLookup } from './program-network.ts';

export interface ContainerRuntimeOptions {
  readonly simulation: Simulation;
  /** Name of the node. */
  readonly node: string;
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
  /** What `uname -r` says. */
  readonly kernel?: string;
  /** How programs look up names; `dns/resolver.ts` has it. */
  readonly createLookup: CreateLookup;
  /** What runs on the node beside its containers. */
  readonly system?: readonly SystemProcess[];
  /** Unpacked images, to be shared by the nodes of a cluster. */
  readonly layers?: ImageLayers;
}

/** Bytes that the files of all containers and volumes of a node may hold: they are in the memory of the host. */
const DISK = 256 * 1024 * 1024;

/** What the containers of a node have in common. */
export interface RuntimeNode {
  readonly simulation: Simulation;
  readonly layers: ImageLayers;
  readonly cpu: NodeCpu;
  readonly memory: MemoryGroup;
  readonly disk: Disk;
  readonly createLookup: CreateLookup;
  readonly execIds: Random;
  readonly processes: NodeProcesses;
  readonly kernel: Pick<ProcParts, 'now' | 'bootAt' | 'cores' | 'memory' | 'kernel'>;
  readonly nowMs: () => number;
}

/** containerd, runc and the kernel of one node. */
export function createContainerRuntime(options: ContainerRuntimeOptions): ContainerRuntime {
  const { simulation } = options;
  const now = (): Micros => simulation.now;
  const nowMs = (): number => Math.floor(simulation.now / MILLISECOND);
  const memory = new MemoryGroup();
  const node: RuntimeNode = {
    simulation,
    layers: options.layers ?? new ImageLayers(),
    cpu: new NodeCpu(simulation, options.cores),
    memory,
    disk: new Disk(DISK),
    createLookup: options.createLookup,
    processes: new NodeProcesses(options.system ?? [], simulation.now),
    execIds: simulation.random.stream(`runtime/${options.node}/exec`),
    kernel: {
      now,
      bootAt: simulation.now,
      cores: options.cores,
      memory: { total: options.memory, used: () => memory.used },
      kernel: options.kernel ?? KERNEL_RELEASE,
    },
    nowMs,
  };
  return {
    create: (config) => new Container(node, config),
    nodeProcesses: node.processes,
    createTree: ({ limit } = {}) => new VolumeTree(nowMs, { limit, disk: node.disk }),
    createProcessNamespace: (owner) =>
      PidNamespace.ofPod(simulation, { thread: new CpuGroup(node.cpu, owner).thread(), owner }),
    usage: () => ({ cpu: node.cpu.usage(), memory: memory.used }),
    imageTree: (image) => new VolumeTree(nowMs, { files: node.layers.rootOf(image, nowMs()) }),
  };
}
