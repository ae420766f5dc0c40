import type { NetError } from './network/types.ts';

/**
 * What the API server asks of the kubelets: the streaming subresources of pods. Every method throws StatusError
 * with the kubelet's words where it refuses (`container not found ("c")`, `… is waiting to start: …`).
 */
export interface NodeApi {
  /**
   * A GET on the port of the kubelet of a node.
   * @returns undefined where no kubelet answers there
   */
  ask(node: string, path: string): NodeAnswer | undefined;
  logs(pod: PodRef, options: LogOptions, sink: StreamSink): () => void;
  /** Whether a container runs, so that a command can be started or attached to. @throws StatusError 500 if not */
  enter(pod: PodRef, container: string): void;
  exec(pod: PodRef, options: ExecOptions, output: ExecOutput): ExecInput;
  attach(pod: PodRef, options: ExecOptions, output: ExecOutput): ExecInput;
  /** One connection to a port inside the pod. */
  portForward(pod: PodRef, port: number, output: PortForwardOutput): PortForwardInput;
}

/** What a kubelet answers to a GET on its own port. */
export interface NodeAnswer {
  readonly status: number;
  /** The media type. */
  readonly type: string;
  readonly body: string;
  /** Of a redirect. */
  readonly location?: string;
}

export interface PodRef {
  readonly namespace: string;
  readonly name: string;
}

/** https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.36/#read-log-pod-v1-core */
export interface LogOptions {
  readonly container?: string;
  readonly follow?: boolean;
  readonly previous?: boolean;
  readonly sinceSeconds?: number;
  readonly sinceTime?: string;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  readonly timestamps?: boolean;
}

/** Where bytes of an answer without an end go. */
export interface StreamSink {
  write(bytes: Uint8Array): void;
  end(): void;
}

export interface ExecOptions {
  readonly container?: string;
  readonly command: readonly string[];
  readonly stdin: boolean;
  readonly tty: boolean;
}

export interface ExecOutput {
  stdout(bytes: Uint8Array): void;
  stderr(bytes: Uint8Array): void;
  /** The process has ended: its exit code, or the runtime's words when it could not be started. */
  exit(result: { code: number } | { error: string }): void;
}

export interface ExecInput {
  stdin(bytes: Uint8Array): void;
  stdinEnd(): void;
  resize(columns: number, rows: number): void;
  /** The client has gone: the process keeps running as on a real node, with its output thrown away. */
  close(): void;
}

export interface PortForwardOutput {
  data(bytes: Uint8Array): void;
  end(): void;
  error(error: NetError): void;
}

export interface PortForwardInput {
  data(bytes: Uint8Array): void;
  end(): void;
  destroy(): void;
}
