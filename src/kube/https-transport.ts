import type { Dispatcher } from 'undici';
import { type Access, readAccess } from './access.ts';
import {
  ClusterUnreachable,
  type ExecOptions,
  type ExecResult,
  type PortForward,
  type RawOptions,
  type RawResponse,
} from './client.ts';
import { exec } from './exec.ts';
import { portForward } from './port-forward.ts';
import { kubeError, type Transport, USER_AGENT } from './transport.ts';

/** Milliseconds without an answer, or without the next bytes of one, after which a request fails. */
const ANSWER_TIMEOUT = 60_000;
/** Milliseconds of silence after which a watch is opened anew; API servers send a bookmark about every minute. */
const WATCH_IDLE_TIMEOUT = 150_000;

/** Sends requests over one HTTP/2 connection; streams have connections of their own. */
export class HttpsTransport implements Transport {
  readonly #source: string;
  #opened: Promise<{ access: Access; dispatcher: Dispatcher }> | undefined;

  constructor(source: string) {
    this.#source = source;
  }

  async request(path: string, options: RawOptions = {}): Promise<RawResponse> {
    const { statusCode, body } = await this.#send(path, options, ANSWER_TIMEOUT);
    try {
      return { status: statusCode, body: await body.text() };
    } catch (error) {
      throw await this.#unreachable(error);
    }
  }

  /** A broken connection is an end too: whoever follows a stream has to go on from where it was anyway. */
  async *lines(path: string, signal: AbortSignal): AsyncGenerator<string> {
    const { statusCode, body } = await this.#send(path, { signal }, WATCH_IDLE_TIMEOUT);
    if (statusCode >= 400) throw kubeError(statusCode, await body.text());
    const decoder = new TextDecoder();
    let rest = '';
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
        rest = parts.pop() ?? '';
        for (const line of parts) if (line !== '') yield line;
      }
    } catch {
      return;
    } finally {
      body.destroy();
    }
  }

  exec(path: string, options: ExecOptions): Promise<ExecResult> {
    return exec(this, path, options);
  }

  portForward(namespace: string, pod: string, port: number): Promise<PortForward> {
    return portForward(this, namespace, pod, port);
  }

  /** For connections of another kind, such as WebSockets. */
  async access(): Promise<Access> {
    return (await this.#open()).access;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A kubeconfig that cannot be used was an error of the request that opened: it left nothing to end.
    const opened = await this.#opened?.catch(() => undefined);
    await opened?.dispatcher.destroy();
  }

  async #send(
    path: string,
    options: RawOptions & { signal?: AbortSignal },
    timeout: number,
  ): Promise<Dispatcher.ResponseData> {
    const { access, dispatcher } = await this.#open();
    const headers: Record<string, string> = {
      accept: options.accept ?? 'application/json',
      'user-agent': USER_AGENT,
      ...(await access.headers()),
      ...(options.body === undefined ? {} : { 'content-type': options.contentType ?? 'application/json' }),
    };
    const url = new URL(access.server + path);
    try {
      return await dispatcher.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: options.method ?? 'GET',
        headers,
        body: options.body ?? null,
        signal: options.signal ?? null,
        headersTimeout: ANSWER_TIMEOUT,
        bodyTimeout: timeout,
      });
    } catch (error) {
      options.signal?.throwIfAborted();
      throw await this.#unreachable(error);
    }
  }

  #open(): Promise<{ access: Access; dispatcher: Dispatcher }> {
    this.#opened ??= open(this.#source);
    return this.#opened;
  }

  async #unreachable(cause: unknown): Promise<ClusterUnreachable> {
    return new ClusterUnreachable((await this.access()).server, cause);
  }
}

async function open(source: string): Promise<{ access: Access; dispatcher: Dispatcher }> {
  const [access, { Agent }] = await Promise.all([readAccess(source), import('./agent.ts')]);
  return { access, dispatcher: new Agent({ allowH2: true, connect: { ...access.tls, keepAlive: true } }) };
}
