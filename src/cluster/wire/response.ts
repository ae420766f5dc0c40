import { randomInt } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http';
import { messageOf } from '../../core/errors.ts';
import { StatusError } from '../api.ts';
import { type CompleteResponse, statusResponse } from '../apiserver/http/responses.ts';
import { MIN_WATCH_SECONDS } from '../apiserver/rest/watch.ts';
import { statusError } from '../apiserver/status.ts';
import type { ApiRequest, ApiResponse } from '../apiserver/types.ts';
import type { StreamSink } from '../node-api.ts';
import type { RequestHandler } from './types.ts';

/** What the responses of both HTTP versions have in common. */
export interface WireResponse {
  readonly destroyed: boolean;
  readonly writableEnded: boolean;
  readonly writableLength: number;
  writeHead(status: number, headers: OutgoingHttpHeaders): unknown;
  /** Of HTTP/1.1; HTTP/2 sends the header at once. */
  flushHeaders?(): void;
  write(bytes: Uint8Array): unknown;
  readonly end: (() => unknown) & ((bytes: Uint8Array) => unknown);
  destroy(): unknown;
  on(event: 'close' | 'finish' | 'error', listener: () => void): unknown;
}
type StreamResponse = Extract<ApiResponse, { kind: 'stream' }>;

/** A watcher that reads so slowly that this many bytes wait for it is dropped. */
const MAX_QUEUED_BYTES = 16 * 1024 * 1024;

/** A timer of Node that is to run longer ends at once. */
const LONGEST_WATCH_SECONDS = 24 * 24 * 3600;

/** The handler's answer; it never rejects by contract, and if it does the client sees a 500. */
export async function ask(handler: RequestHandler, request: ApiRequest): Promise<ApiResponse> {
  try {
    return await handler.handle(request);
  } catch (error) {
    return errorResponse(error);
  }
}

/** Writes an answer to a request that is not upgraded. */
export function respond(response: WireResponse, answer: ApiResponse, request: ApiRequest): void {
  if (answer.kind === 'complete') writeComplete(response, answer, request.method);
  else if (answer.kind === 'stream') writeStream(response, answer, request);
  else writeComplete(response, refusal(400, 'BadRequest', 'Upgrade request required'), request.method);
}

/** kube-apiserver's answer to credentials that it does not know. */
export const unauthorized = (): CompleteResponse => refusal(401, 'Unauthorized', 'Unauthorized');

/** An error of the transport itself, as the API server would put it. */
export function refusal(code: number, reason: string, message: string): CompleteResponse {
  return statusResponse(statusError(code, reason, message).status);
}

/** What a client gets to see of something that was thrown while its request was served. */
export function errorResponse(error: unknown): CompleteResponse {
  if (error instanceof StatusError) return statusResponse(error.status);
  return refusal(500, 'InternalError', `Internal error occurred: ${messageOf(error)}`);
}

export function writeComplete(response: WireResponse, answer: CompleteResponse, method: string): void {
  const empty = method === 'HEAD' || answer.status === 204 || answer.status === 304;
  const length = empty ? {} : { 'content-length': answer.body.byteLength };
  response.writeHead(answer.status, { ...answer.headers, ...length });
  if (empty) response.end();
  else response.end(answer.body);
}

/**
 * Writes a watch or a followed log until it, the client or its time ends. The header goes out with the first
 * bytes, or else right after the start, so that a refusal at the start is still an answer of its own.
 */
function writeStream(response: WireResponse, answer: StreamResponse, request: ApiRequest): void {
  const state = { started: false, ended: false };
  const start = (): void => {
    if (state.started) return;
    state.started = true;
    response.writeHead(answer.status, { ...answer.headers });
    response.flushHeaders?.();
  };
  const sink: StreamSink = {
    write: (bytes) => {
      if (response.writableEnded || response.destroyed) return;
      start();
      response.write(bytes);
      if (response.writableLength > MAX_QUEUED_BYTES) response.destroy();
    },
    end: () => {
      state.ended = true;
      start();
      response.end();
    },
  };
  let stop: () => void;
  try {
    stop = answer.open(sink);
  } catch (error) {
    if (state.started) response.destroy();
    else writeComplete(response, errorResponse(error), request.method);
    return;
  }
  start();
  const seconds = watchSeconds(request);
  // eslint-disable-next-line no-restricted-globals -- how long a watch lives is the transport's, in wall time
  const timer = seconds === undefined ? undefined : setTimeout(() => response.end(), seconds * 1000).unref();
  response.on('close', () => {
    clearTimeout(timer);
    if (!state.ended) stop();
  });
}

/** The life of a watch in seconds; undefined for what is no watch. */
function watchSeconds(request: ApiRequest): number | undefined {
  const query = new URLSearchParams(request.query);
  const watch = query.get('watch');
  const isWatch =
    watch === '' || watch === 'true' || watch === '1' || /^\/apis?\/.*\/watch\//.test(request.path);
  if (!isWatch) return undefined;
  const asked = Number(query.get('timeoutSeconds') ?? 0);
  if (asked > 0) return Math.min(asked, LONGEST_WATCH_SECONDS);
  return randomInt(MIN_WATCH_SECONDS, 2 * MIN_WATCH_SECONDS);
}
