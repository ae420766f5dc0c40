import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { OutsideChange } from '../../cluster/outside.ts';
import { inTask } from '../../cluster/simulation/microtasks.ts';
import {
  ClusterUnreachable,
  type ExecOptions,
  type ExecResult,
  type RawOptions,
  type RawResponse,
} from '../../kube/client.ts';
import { kubeOver } from '../../kube/connect.ts';
import { limitOf } from '../../kube/exec.ts';
import { HttpsTransport } from '../../kube/https-transport.ts';
import type { Transport } from '../../kube/transport.ts';
import type { Cluster, ClusterRef } from '../provider.ts';
import { controlPath, COPY, NoLabProcess } from './control.ts';
import {
  type CopyAnswer,
  type CopyGreeting,
  type CopyQuestion,
  type FromClient,
  receivedCopyError,
} from './copy-protocol.ts';
import { nodeAccess, registryAccess } from './registries.ts';
import {
  type Credentials,
  EMBEDDED_FACTS,
  EMBEDDED_VERSION,
  type EmbeddedHeader,
  kubeconfigFor,
} from './spec.ts';

/**
 * A copy of a lab as it is now, in the process of the lab; the lab does not notice. Gone when it is disposed.
 * @throws NoLabProcess where none answers
 */
export async function copyOfLab(
  ref: ClusterRef,
  header: EmbeddedHeader,
  credentials: Credentials,
): Promise<Cluster> {
  const connection = await CopyConnection.open(ref.folder);
  const kubeconfig = kubeconfigFor(ref.lab, credentials, connection.port);
  const kube = kubeOver(new CopyTransport(connection, kubeconfig));
  const change = async (what: OutsideChange): Promise<void> => {
    await connection.ask({ ask: 'change', change: what });
  };
  return {
    ref,
    kubeconfig,
    kube,
    facts: EMBEDDED_FACTS,
    version: EMBEDDED_VERSION,
    clock: {
      now: () => new Date(connection.now / 1000),
      wait: async (ms, signal) => {
        signal?.throwIfAborted();
        await connection.ask({ ask: 'wait', ms }, signal);
      },
    },
    can: {
      registry: (host) => Promise.resolve(registryAccess(header.spec, host, change)),
      node: (name) => nodeAccess(name, change),
    },
    [Symbol.asyncDispose]: async () => {
      await kube[Symbol.asyncDispose]();
      connection.close();
    },
  };
}

type Waiting = ReturnType<typeof Promise.withResolvers<unknown>>;

/** The connection that a copy lives as long as. */
class CopyConnection {
  readonly port: number;
  /** Virtual time of the copy as it was last told, microseconds since 1970. */
  now: number;
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;
  #heard = 0;
  #willSay = false;

  private constructor(socket: Socket, { port, now }: CopyGreeting) {
    this.#socket = socket;
    this.port = port;
    this.now = now;
  }

  static async open(folder: string): Promise<CopyConnection> {
    const socket = connect(controlPath(folder));
    const lines = createInterface({ input: socket });
    // It repeats the socket's.
    lines.on('error', () => {});
    const first = new Promise<string>((resolve, reject) => {
      lines.once('line', resolve);
      socket.once('error', () => reject(new NoLabProcess(folder)));
      socket.once('close', () => reject(new NoLabProcess(folder)));
    });
    socket.write(`${COPY}\n`);
    const greeting = JSON.parse(await first) as CopyGreeting | { readonly error: string };
    if ('error' in greeting) throw new Error(greeting.error);
    const connection = new CopyConnection(socket, greeting);
    lines.on('line', (line) => connection.#hear(JSON.parse(line) as CopyAnswer));
    socket.on('close', () => connection.#end());
    return connection;
  }

  /** @throws what the copy has thrown; ClusterUnreachable where the lab's process has ended */
  async ask(question: CopyQuestion, signal?: AbortSignal): Promise<unknown> {
    if (this.#socket.destroyed) throw gone();
    const id = ++this.#asked;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiting);
    this.#say({ id, ...question });
    this.#sayWhenWaiting();
    const cancel = (): void => {
      this.#say({ id, cancel: true });
      this.#settle(id)?.reject(signal?.reason);
    };
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await waiting.promise;
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #say(words: FromClient): void {
    this.#socket.write(`${JSON.stringify(words)}\n`);
  }

  /** Says so once everybody here has asked what he asks next: all that it takes are promises. */
  #sayWhenWaiting(): void {
    if (this.#willSay) return;
    this.#willSay = true;
    void inTask(() => {
      this.#willSay = false;
      if (!this.#socket.destroyed) this.#say({ waits: { asked: this.#asked, heard: this.#heard } });
    });
  }

  #hear({ id, now, result, error }: CopyAnswer): void {
    this.now = now;
    this.#heard++;
    this.#sayWhenWaiting();
    const waiting = this.#settle(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(receivedCopyError(error));
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #end(): void {
    for (const id of [...this.#waiting.keys()]) this.#settle(id)?.reject(gone());
  }
}

const gone = (): ClusterUnreachable =>
  new ClusterUnreachable('of the copy', new Error("the lab's process has ended"));

/** Requests over the connection; what goes on for long, over HTTPS like everybody's. */
class CopyTransport implements Transport {
  readonly #connection: CopyConnection;
  readonly #https: HttpsTransport;

  constructor(connection: CopyConnection, kubeconfig: string) {
    this.#connection = connection;
    this.#https = new HttpsTransport(kubeconfig);
  }

  async request(path: string, options: RawOptions = {}): Promise<RawResponse> {
    return (await this.#connection.ask({ ask: 'request', path, options })) as RawResponse;
  }

  async exec(path: string, options: ExecOptions): Promise<ExecResult> {
    const limit = limitOf(options);
    const { signal: _signal, ...rest } = options;
    return (await this.#connection.ask({ ask: 'exec', path, options: rest }, limit)) as ExecResult;
  }

  lines(path: string, signal: AbortSignal): AsyncGenerator<string> {
    return this.#https.lines(path, signal);
  }

  portForward(...args: Parameters<Transport['portForward']>): ReturnType<Transport['portForward']> {
    return this.#https.portForward(...args);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#https[Symbol.asyncDispose]();
  }
}
