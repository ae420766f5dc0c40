import type { Node } from './nodes.ts';
import type { ByteSink, ByteSource } from './pipe.ts';
import type { Process, ProcessIdentity } from './process.ts';
import type { ProcessInput, ProcessOutput } from './streams.ts';

/** What a process has of its container that others may see. */
export interface Contained {
  /** What `/proc/<pid>/root` leads to. */
  readonly root: () => Node;
}

/** The window of `-t`. */
export interface Terminal {
  columns: number;
  rows: number;
}

export interface ProcessSpec extends Omit<ProcessIdentity, 'pid'> {
  readonly parent: number;
  readonly stdin: ByteSource;
  readonly stdout: ByteSink;
  readonly stderr: ByteSink;
  readonly terminal: Terminal | undefined;
  /** Of the process that starts it; left out: the usual one. */
  readonly umask?: number;
}

/** A process as others see it, with the numbers that it has where they look from. */
export interface SeenProcess extends Pick<
  Process,
  'pid' | 'parent' | 'identity' | 'state' | 'startedAt' | 'memory'
> {
  readonly thread: { usage(): number };
}

/** What /proc tells of a process. */
export interface SeenEntry {
  readonly process: SeenProcess;
  /** The container that it is in; none for those of a pod itself and of the node. */
  readonly container: Contained | undefined;
  readonly stdout?: ProcessOutput;
  readonly stderr?: ProcessOutput;
}

/** A process with what only its relatives and /proc need to know. */
export interface TableEntry extends SeenEntry {
  readonly process: Process;
  readonly spec: ProcessSpec;
  readonly stdin: ProcessInput;
  readonly stdout: ProcessOutput;
  readonly stderr: ProcessOutput;
}
