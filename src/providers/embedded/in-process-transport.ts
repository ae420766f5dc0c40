import type { Host } from '../../cluster/host/host.ts';
import type { ApiRequest, ApiResponse } from '../../cluster/apiserver/types.ts';
import type { ExecInput, ExecOutput } from '../../cluster/node-api.ts';
import { endMessage, type ExitResult } from '../../cluster/wire/remote-command.ts';
import { errorResponse } from '../../cluster/wire/response.ts';
import type { Status } from '../../model/objects.ts';
import { type ExecOptions, type ExecResult, KubeError, type RawOptions } from '../../kube/client.ts';
import { exitCode, limitOf } from '../../kube/exec.ts';
import { HttpsTransport } from '../../kube/https-transport.ts';
import { type Answer, kubeError, type Transport, USER_AGENT } from '../../kube/transport.ts';

/** Who asks: as the client certificate of the lab's kubeconfig says. */
const ADMIN: NonNullable<ApiRequest['certificate']> = {
  commonName: 'kubernetes-admin',
  organizations: ['kubeadm:cluster-admins'],
};

/**
 * Requests to a cluster in this process, without TLS and HTTP between: the same API server, the same inputs in the
 * log. Grading asks hundreds of times a run.
 */
export class InProcessTransport implements Transport {
  readonly #host: Pick<Host, 'handle'>;
  readonly #https: HttpsTransport;

  /** @param kubeconfig of the same cluster, for what needs a socket anyway */
  constructor(host: Pick<Host, 'handle'>, kubeconfig: string) {
    this.#host = host;
    this.#https = new HttpsTransport(kubeconfig);
  }

  async request(path: string, options: RawOptions = {}): Promise<Answer> {
    const answer = await this.#ask(path, options);
    if (answer.kind === 'complete') return complete(answer);
    throw new Error(`${path} is answered by a ${answer.kind}`);
  }

  async *lines(path: string, signal: AbortSignal): AsyncGenerator<string> {
    const answer = await this.#ask(path);
    if (answer.kind === 'complete') throw kubeError(answer.status, complete(answer).body);
    if (answer.kind !== 'stream') throw new Error(`${path} is answered by a ${answer.kind}`);
    const chunks = new TransformStream<Uint8Array, Uint8Array>();
    const writer = chunks.writable.getWriter();
    const end = (): void => void writer.close().catch(() => {});
    const close = answer.open({ write: (bytes) => void writer.write(bytes).catch(() => {}), end });
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    const decoder = new TextDecoder();
    let rest = '';
    try {
      for await (const chunk of chunks.readable) {
        const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
        rest = parts.pop() ?? '';
        for (const line of parts) if (line !== '') yield line;
      }
    } finally {
      signal.removeEventListener('abort', end);
      close();
    }
  }

  async exec(path: string, options: ExecOptions): Promise<ExecResult> {
    const signal = limitOf(options);
    const answer = await this.#ask(path);
    if (answer.kind === 'complete') throw kubeError(answer.status, complete(answer).body);
    if (answer.kind !== 'exec') throw new Error(`${path} is answered by a ${answer.kind}`);
    signal.throwIfAborted();
    const output = new CommandOutput();
    const input = started(() => answer.start(output));
    const abort = (): void => {
      input.close();
      output.giveUp(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    try {
      if (options.stdin !== undefined) {
        input.stdin(Buffer.from(options.stdin));
        input.stdinEnd();
      }
      return output.result(await output.ended, options.command);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  portForward(...args: Parameters<Transport['portForward']>): ReturnType<Transport['portForward']> {
    return this.#https.portForward(...args);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#https[Symbol.asyncDispose]();
  }

  #ask(target: string, { method, accept, body, contentType }: RawOptions = {}): Promise<ApiResponse> {
    const mark = target.indexOf('?');
    return this.#host.handle({
      method: method ?? 'GET',
      path: mark < 0 ? target : target.slice(0, mark),
      query: mark < 0 ? '' : target.slice(mark + 1),
      headers: {
        accept: accept ?? 'application/json',
        'user-agent': USER_AGENT,
        ...(body === undefined ? {} : { 'content-type': contentType ?? 'application/json' }),
      },
      body: Buffer.from(body ?? ''),
      certificate: ADMIN,
    });
  }
}

/** What a command writes, until it ends. */
class CommandOutput implements ExecOutput {
  readonly #stdout: Uint8Array[] = [];
  readonly #stderr: Uint8Array[] = [];
  readonly #end = Promise.withResolvers<ExitResult>();

  get ended(): Promise<ExitResult> {
    return this.#end.promise;
  }

  stdout(bytes: Uint8Array): void {
    this.#stdout.push(bytes);
  }

  stderr(bytes: Uint8Array): void {
    this.#stderr.push(bytes);
  }

  exit(result: ExitResult): void {
    this.#end.resolve(result);
  }

  giveUp(reason: unknown): void {
    this.#end.reject(reason);
  }

  /** @throws KubeError where the command could not be started */
  result(end: ExitResult, command: readonly string[]): ExecResult {
    const code = exitCode(JSON.parse(endMessage(end, command, 'v5') ?? '{}') as Status);
    if (code instanceof KubeError) throw code;
    return { code, stdout: textOf(this.#stdout), stderr: textOf(this.#stderr) };
  }
}

/** @throws KubeError for what is refused at the start */
function started(start: () => ExecInput): ExecInput {
  try {
    return start();
  } catch (error) {
    const { status, body } = errorResponse(error);
    throw kubeError(status, textOf([body]));
  }
}

function complete(answer: Extract<ApiResponse, { kind: 'complete' }>): Answer {
  const { status, data } = answer;
  return {
    status,
    get body() {
      return textOf([answer.body]);
    },
    ...(data === undefined ? {} : { data }),
  };
}

function textOf(chunks: readonly Uint8Array[]): string {
  return Buffer.concat(chunks).toString('utf8');
}
