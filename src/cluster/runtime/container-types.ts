import type { ExecInput, ExecOutput } from '../node-api.ts';
import type { NetworkStack } from '../network/types.ts';
import type { FileSystem, Image, Signal } from './types.ts';

/** A tree of files that can be mounted into containers: a volume. Outlives the containers that mount it. */
export interface FileTree extends FileSystem {
  readonly kind: 'tree';
  /** Bytes of all files in it. */
  readonly usedBytes: number;
  /** Nobody mounts it any more: what it takes up of the node's disk is free again. */
  discard(): void;
  /** Calls `changed` whenever a file in it may have changed, come, gone or moved; one may be told. */
  watch(changed: () => void): void;
  /** Puts something there that is made anew whenever somebody looks; its folder must be there. */
  show(path: string, shown: Shown): void;
}

/** What is made when somebody looks: a file, a folder, or a link. Nobody can change it. */
export type Shown = {
  readonly mode?: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
} & (
  | { readonly text: () => string }
  | { readonly entries: () => ReadonlyMap<string, Shown> }
  | { readonly target: string }
);

export interface Mount {
  /** Where in the container. */
  readonly path: string;
  readonly tree: FileTree;
  /** A directory or file inside the tree instead of its root. */
  readonly subPath?: string;
  readonly readOnly: boolean;
  /** As `mount` and `df` show it: `tmpfs`, `/dev/vda1`. */
  readonly source: string;
  readonly type: string;
}

export interface Limits {
  /** Bytes; absent: no limit of its own. */
  readonly memory?: number;
  /** Millicores; absent: no quota. */
  readonly cpu?: number;
}

/** A program of a node's own system. */
export interface SystemProcess {
  readonly pid: number;
  readonly args: readonly string[];
  /** Bytes resident. */
  readonly memory: number;
}

/** Processes that see each other, whichever containers they are in. */
export interface ProcessNamespace {
  readonly kind: 'pids';
}

/** What the kubelet wants run; env, command and args are expanded already. */
export interface ContainerConfig {
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly pod: { readonly namespace: string; readonly name: string; readonly uid: string };
  /** Id of the pod's sandbox: 64 hexadecimal digits. */
  readonly sandbox: string;
  readonly name: string;
  readonly image: Image;
  /** Replaces the image's entrypoint. */
  readonly command?: readonly string[];
  /** Replaces the image's cmd. */
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir?: string;
  /** `groups`: supplementary groups (fsGroup and the like). */
  readonly user: { readonly uid: number; readonly gid: number; readonly groups?: readonly number[] };
  readonly readOnlyRoot: boolean;
  readonly mounts: readonly Mount[];
  readonly limits: Limits;
  readonly requests: Limits;
  /** How much sooner than others, or later, the kernel ends its processes: -1000 to 1000; by default 0. */
  readonly oomScoreAdjust?: number;
  readonly network: NetworkStack;
  /** Shared with other containers; one of its own where it is left out. */
  readonly processes?: ProcessNamespace;
  readonly hostname: string;
  /** Kernel settings of the pod beside the usual: `kernel.shm_rmid_forced` → `1`. */
  readonly sysctls?: Readonly<Record<string, string>>;
  readonly tty: boolean;
  readonly stdin: boolean;
  /** The end of the first attached client's input is the end of pid 1's. */
  readonly stdinOnce?: boolean;
  /** Output of pid 1, as it comes. */
  readonly log: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void;
}

export interface ContainerExit {
  /** 137 for SIGKILL, 143 for SIGTERM without a handler … */
  readonly code: number;
  readonly oomKilled: boolean;
}

/** A container as the runtime of a node (containerd and the kernel) keeps it. */
export interface RuntimeContainer {
  readonly config: ContainerConfig;
  /** For another container that is to see its processes. */
  readonly processes: ProcessNamespace;
  /**
   * Starts pid 1. @throws RuntimeError with runc's words (`… executable file not found in $PATH`), which the
   * kubelet shows as StartError, exit code 128.
   */
  start(onExit: (exit: ContainerExit) => void): void;
  /** Signals pid 1. SIGKILL ends every process of the container. */
  kill(signal: Signal): void;
  /** Runs a command in it (exec, exec probes, hooks). Reports through `output`; never throws. */
  exec(
    command: readonly string[],
    options: { readonly stdin: boolean; readonly tty: boolean },
    output: ExecOutput,
  ): ExecInput;
  /** What `kubectl attach` talks to: the standard streams of pid 1. */
  attach(output: ExecOutput): ExecInput;
  /** In-place resize. A memory limit below what is used now is refused (returns false). */
  resize(limits: Limits, requests?: Limits): boolean;
  /**
   * Microseconds of CPU since the start, resident bytes now, bytes written to the container's own layer, and how often it
   * ran out of memory.
   */
  usage(): {
    readonly cpu: number;
    readonly memory: number;
    readonly files: number;
    readonly oomEvents: number;
  };
  /** Releases everything; kills what still runs. */
  remove(): void;
}

/** containerd and runc of one node. */
export interface ContainerRuntime {
  create(config: ContainerConfig): RuntimeContainer;
  /** All that run on the node, for containers of pods with `hostPID`. */
  readonly nodeProcesses: ProcessNamespace;
  /**
   * An empty tree for an emptyDir, a claim, a projected volume.
   * @param options.limit bytes after which writes fail with ENOSPC (a tmpfs with a size)
   */
  createTree(options?: { readonly limit?: number }): FileTree;
  /** Of all containers of the node: microseconds of CPU since it started, resident bytes now. */
  usage(): { readonly cpu: number; readonly memory: number };
  /** For all containers of a pod; pid 1 is the pod's own. @param owner prefix of the names of simulation events */
  createProcessNamespace(owner: string): ProcessNamespace;
  /** The files of an image, for mounting read-only. */
  imageTree(image: Image): FileTree;
}

/** Words of containerd or runc. */
export class RuntimeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RuntimeError';
  }
}
