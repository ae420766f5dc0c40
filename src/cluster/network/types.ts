import { ExpectedError } from '../../core/errors.ts';
import type { Pod } from '../../model/objects.ts';
import type { DnsMessage } from './dns-message.ts';

/**
 * The pod network as kubelets and programs see it. HTTP is exchanged as messages; bytes exist only on raw TCP
 * connections (`nc`, port-forward), and the network translates where one side speaks HTTP and the other bytes.
 */
export type NetErrorCode =
  | 'ECONNREFUSED'
  | 'ETIMEDOUT'
  | 'EHOSTUNREACH'
  | 'ENETUNREACH'
  | 'ECONNRESET'
  | 'EADDRINUSE'
  /** TLS to a server that has none. */
  | 'EPROTO';

export class NetError extends ExpectedError {
  readonly code: NetErrorCode;

  constructor(code: NetErrorCode, detail: string) {
    super(`${code} ${detail}`);
    this.name = 'NetError';
    this.code = code;
  }
}

export interface Address {
  readonly ip: string;
  readonly port: number;
}

export interface HttpRequest {
  readonly method: string;
  /** Path with query, as in the request line. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Sent over TLS. */
  readonly secure?: boolean;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** PEM of what the server showed; set by the network where the request came over TLS. */
  readonly certificate?: string;
}

/** A caller's way to give up; nothing is called back after it. */
export type Cancel = () => void;

export interface Peer extends Address {
  /** What the other side is: a pod (by uid), a node (by name) or a host outside the cluster. */
  readonly owner: StackOwner;
}

/** @param whenGone takes what is to be done if the client hangs up before it has its answer */
export type HttpListener = (
  request: HttpRequest,
  from: Peer,
  respond: (response: HttpResponse) => void,
  whenGone: (stop: () => void) => void,
) => void;

/** One side of a TCP connection that carries bytes. */
export interface Connection {
  readonly peer: Address;
  write(bytes: Uint8Array): void;
  /** Half-close: no more bytes from this side. */
  end(): void;
  /** Reset: the other side sees ECONNRESET. */
  destroy(): void;
}

export interface ConnectionHandler {
  open?(connection: Connection): void;
  data(bytes: Uint8Array): void;
  /** The other side has half-closed. */
  end(): void;
  /** Refused, timed out or reset; the last call. */
  error(error: NetError): void;
}

export type StreamListener = (connection: Connection, from: Peer) => ConnectionHandler;
export type DnsListener = (
  query: DnsMessage,
  from: Peer & { readonly protocol: 'UDP' | 'TCP' },
  respond: (answer: DnsMessage) => void,
) => void;

/** Takes one UDP datagram; each call of `respond` sends one back. */
export type DatagramListener = (bytes: Uint8Array, from: Peer, respond: (answer: Uint8Array) => void) => void;

/** What may wait on a port. A DNS listener takes both UDP and TCP. */
export type Listener =
  /** `certificate`: PEM of the chain that a server over TLS shows. */
  | { readonly kind: 'http'; readonly handle: HttpListener; readonly certificate?: string }
  | { readonly kind: 'stream'; readonly handle: StreamListener }
  | { readonly kind: 'dns'; readonly handle: DnsListener }
  | { readonly kind: 'datagram'; readonly handle: DatagramListener };

export interface Listening {
  readonly port: number;
  /**
   * Stops listening. What was accepted before is reset, as when a process ends; with `drain` it goes on to its
   * end, as after `server.close()` in a graceful shutdown.
   */
  close(options?: { readonly drain?: boolean }): void;
}

export type StackOwner =
  | { readonly kind: 'pod'; readonly uid: string; readonly namespace: string; readonly name: string }
  | { readonly kind: 'node'; readonly name: string }
  | { readonly kind: 'host'; readonly name: string };

/** The network namespace of a pod sandbox, of a node, or of a host outside the cluster. */
export interface NetworkStack {
  readonly ip: string;
  readonly owner: StackOwner;
  /**
   * @param options.ip `127.0.0.1` to be reachable from the same stack only; all addresses by default
   * @throws NetError EADDRINUSE
   */
  listen(port: number, listener: Listener, options?: { ip?: string; pid?: number }): Listening;
  /** What is listening, for `netstat`. */
  listening(): readonly { protocol: 'tcp' | 'udp'; ip: string; port: number; pid: number }[];
  /**
   * One HTTP exchange with an address (a pod's, a Service's, a node's, `127.0.0.1`). Without {@link Cancel} the
   * kernel's own connect time-out (127 s) ends an attempt whose packets are dropped.
   */
  http(to: Address, request: HttpRequest, done: (result: HttpResponse | NetError) => void): Cancel;
  /** A TCP connection that carries bytes. */
  connect(to: Address, handler: ConnectionHandler): Connection;
  /** One DNS exchange. There is no time-out: UDP that is dropped is never answered. */
  query(
    to: Address,
    protocol: 'UDP' | 'TCP',
    query: DnsMessage,
    done: (result: DnsMessage | NetError) => void,
  ): Cancel;
  /** One UDP datagram and the first that comes back. There is no time-out: what is dropped is never answered. */
  datagram(to: Address, bytes: Uint8Array, done: (answer: Uint8Array | NetError) => void): Cancel;
  /** One ICMP echo; `done` gets the round trip in microseconds, or undefined when nothing came back in a second. */
  ping(ip: string, done: (roundTrip: number | undefined) => void): Cancel;
}

/** What the kubelet and the composition root ask of the network. */
export interface Network {
  /** The stack of a node (host network); its address is the node's InternalIP. */
  node(name: string): NetworkStack;
  /** Makes the sandbox of a pod, with an address out of its node's pod CIDR. */
  attachPod(pod: Pod, node: string): NetworkStack;
  /** Takes it down: listeners close, connections reset, the address is free again. */
  detachPod(uid: string): void;
  /** A host outside the cluster (a registry, the lab's upstream DNS) under an address of the node network. */
  attachHost(name: string, ip: string): NetworkStack;
}
