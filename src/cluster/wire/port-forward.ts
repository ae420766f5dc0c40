import { Random } from '../../core/random.ts';
import { StatusError } from '../api.ts';
import type { ApiResponse } from '../apiserver/types.ts';
import type { NetError } from '../network/types.ts';
import type { PodRef, PortForwardInput } from '../node-api.ts';

export type PortForwardResponse = Extract<ApiResponse, { kind: 'portforward' }>;

/** What a transport has for one forwarded connection. */
export interface ForwardStreams {
  data(bytes: Uint8Array): void;
  /** No more bytes from the pod. */
  end(): void;
  /** The connection has failed, in the container runtime's words. */
  fail(message: string): void;
  /** Nothing follows in either direction; the last call. */
  finished(): void;
}

/** One connection to a port of a pod, until both sides have ended it, one has given it up, or it failed. */
export class ForwardedConnection {
  readonly #streams: ForwardStreams;
  #input: PortForwardInput | undefined;
  #podEnded = false;
  #clientEnded = false;
  #finished = false;

  constructor(answer: PortForwardResponse, port: number, streams: ForwardStreams) {
    this.#streams = streams;
    let established = false;
    try {
      this.#input = answer.connect(port, {
        data: (bytes) => {
          established = true;
          if (!this.#finished) streams.data(bytes);
        },
        end: () => this.#podEnd(),
        error: (error) =>
          this.#fail(failure(answer.pod, port, netMessage(answer.pod, port, error, established))),
      });
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      this.#fail(failure(answer.pod, port, error.message));
    }
  }

  get finished(): boolean {
    return this.#finished;
  }

  /** Bytes of the client. */
  data(bytes: Uint8Array): void {
    if (!this.#finished && !this.#clientEnded) this.#input?.data(bytes);
  }

  /** No more bytes of the client. */
  end(): void {
    if (this.#finished || this.#clientEnded) return;
    this.#clientEnded = true;
    this.#input?.end();
    if (this.#podEnded) this.#finish();
  }

  /** The client has given the connection up. */
  destroy(): void {
    if (this.#finished) return;
    this.#input?.destroy();
    this.#finish();
  }

  #podEnd(): void {
    if (this.#finished || this.#podEnded) return;
    this.#podEnded = true;
    this.#streams.end();
    if (this.#clientEnded) this.#finish();
  }

  #fail(message: string): void {
    if (this.#finished) return;
    this.#streams.fail(message);
    this.#finish();
  }

  #finish(): void {
    this.#finished = true;
    this.#streams.finished();
  }
}

const SYSCALLS: Readonly<Record<NetError['code'], string>> = {
  ECONNREFUSED: 'connect: connection refused',
  ETIMEDOUT: 'connect: connection timed out',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ECONNRESET: 'read: connection reset by peer',
  EADDRINUSE: 'bind: address already in use',
  EPROTO: 'read: protocol error',
};

/** containerd's words; the runtime knows a pod by its sandbox and a network namespace, made up from the pod here. */
function failure(pod: PodRef, port: number, detail: string): string {
  return `error forwarding port ${port} to pod ${sandboxOf(pod)}, uid : ${detail}`;
}

function netMessage(pod: PodRef, port: number, error: NetError, established: boolean): string {
  const namespace = `/var/run/netns/cni-${new Random(`netns/${pod.namespace}/${pod.name}`).uuid()}`;
  const words = SYSCALLS[error.code];
  const detail = established
    ? `read tcp4 127.0.0.1:${40_000 + (port % 20_000)}->127.0.0.1:${port}: ${words}`
    : `failed to connect to localhost:${port} inside namespace "${sandboxOf(pod)}", ` +
      `IPv4: dial tcp4 127.0.0.1:${port}: ${words} IPv6 dial tcp6 [::1]:${port}: ${words} `;
  return `failed to execute portforward in network namespace "${namespace}": ${detail}`;
}

function sandboxOf(pod: PodRef): string {
  return new Random(`sandbox/${pod.namespace}/${pod.name}`).hex(64);
}
