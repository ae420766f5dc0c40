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
}

/** A process with what only its relatives and /proc need to know. */
export interface TableEntry {
  readonly process: Process;
  readonly spec: ProcessSpec;
  /** The container that it is in; none for the process of a pod itself. */
  readonly container: Contained | undefined;
  readonly stdin: ProcessInput;
  readonly stdout: ProcessOutput;
  readonly stderr: ProcessOutput;
}
