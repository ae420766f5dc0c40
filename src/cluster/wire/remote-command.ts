import type { ExecInput, ExecOutput } from '../node-api.ts';

/** A client that reads so slowly that this many bytes wait for it is cut off. */
export const MAX_STREAM_QUEUE_BYTES = 64 * 1024 * 1024;

/** How a client wants to hear of the end: as a Status or, in the oldest protocols, as text. */
export type EndDialect = 'v5' | 'v4' | 'text';

/** The streams of a client, whatever carries them. */
export interface RemoteStreams {
  stdout(bytes: Uint8Array): void;
  stderr(bytes: Uint8Array): void;
  /** The process has ended; nothing follows. */
  finish(result: ExitResult): void;
}

export type ExitResult = Parameters<ExecOutput['exit']>[0];

/**
 * Output of a command that started before its client's streams were there: the refusal of a command must be a
 * plain HTTP answer, so it is started first and the connection upgraded after.
 */
export class RemoteOutput implements ExecOutput {
  readonly #giveUp: () => void;
  #unsent = 0;
  #streams: RemoteStreams | undefined;
  #waiting: ((streams: RemoteStreams) => void)[] = [];
  #ended = false;

  /** @param giveUp called where too much waits for a client that does not open its streams */
  constructor(giveUp: () => void) {
    this.#giveUp = giveUp;
  }

  /** Hands over what has come so far, and everything after it. */
  connect(streams: RemoteStreams): void {
    this.#streams = streams;
    for (const send of this.#waiting) send(streams);
    this.#waiting = [];
  }

  get ended(): boolean {
    return this.#ended;
  }

  stdout(bytes: Uint8Array): void {
    this.#send((streams) => streams.stdout(bytes), bytes.length);
  }

  stderr(bytes: Uint8Array): void {
    this.#send((streams) => streams.stderr(bytes), bytes.length);
  }

  exit(result: ExitResult): void {
    this.#send((streams) => streams.finish(result));
    this.#ended = true;
  }

  #send(send: (streams: RemoteStreams) => void, size = 0): void {
    if (this.#ended) return;
    if (this.#streams !== undefined) {
      send(this.#streams);
      return;
    }
    this.#unsent += size;
    if (this.#unsent > MAX_STREAM_QUEUE_BYTES) this.#giveUp();
    else this.#waiting.push(send);
  }
}

/** A command with the output that it writes to. */
export interface RemoteCommand {
  readonly command: readonly string[];
  readonly output: RemoteOutput;
  readonly input: ExecInput;
}

/**
 * What the error channel says at the end; undefined for nothing. In v5 the API server speaks, which wraps what
 * the kubelet said once more; in the older protocols the kubelet speaks itself.
 */
export function endMessage(
  result: ExitResult,
  command: readonly string[],
  dialect: EndDialect,
): string | undefined {
  if (dialect === 'text') return messageOf(result, command, false);
  const status = statusOf(result, command, dialect === 'v5');
  return JSON.stringify(dialect === 'v5' ? { metadata: {}, ...status } : status);
}

function statusOf(result: ExitResult, command: readonly string[], wrapped: boolean): object {
  const message = messageOf(result, command, wrapped);
  if ('error' in result) {
    const causes = wrapped ? { details: { causes: [{ message: messageOf(result, command, false) }] } } : {};
    return { status: 'Failure', message, reason: 'InternalError', ...causes, code: 500 };
  }
  if (result.code === 0) return { status: 'Success' };
  return {
    status: 'Failure',
    message,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(result.code) }] },
  };
}

function messageOf(result: ExitResult, command: readonly string[], wrapped: boolean): string | undefined {
  if ('error' in result) {
    const message = `Internal error occurred: error executing command in container: ${result.error}`;
    return wrapped ? `Internal error occurred: ${message}` : message;
  }
  if (result.code === 0) return undefined;
  const detail = wrapped
    ? `command terminated with exit code ${result.code}`
    : `error executing command [${command.join(' ')}], exit code ${result.code}`;
  return `command terminated with non-zero exit code: ${detail}`;
}

/** Go reads both into 16 bits. */
function isSize(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 0xffff;
}

/** Reads what a client sends on the resize channel, `{"Width":80,"Height":24}`; anything else is ignored. */
export function resize(input: ExecInput, text: string): void {
  try {
    const { Width, Height } = JSON.parse(text) as { Width?: unknown; Height?: unknown };
    if (isSize(Width) && isSize(Height)) input.resize(Width, Height);
  } catch {
    // Not JSON.
  }
}
