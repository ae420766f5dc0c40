import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { ApiRequest, ApiResponse } from '../apiserver/types.ts';
import type { StreamSink } from '../node-api.ts';
import { acceptWebSocket, offeredProtocols, sendBounded } from './websocket.ts';

type StreamResponse = Extract<ApiResponse, { kind: 'complete' | 'stream' }>;

/** How logs are sent: as bytes, or as text in base64. No protocol at all is the first. */
const BINARY = 'binary.k8s.io';
const BASE64 = 'base64.binary.k8s.io';

interface Connection {
  readonly request: IncomingMessage;
  readonly socket: Socket;
  readonly head: Buffer;
}

/** Whether an answer is one that goes over a WebSocket where the client asks for it: logs, and watches. */
export function isStreamable(answer: StreamResponse, { path }: ApiRequest): boolean {
  return answer.kind === 'stream' || (answer.status === 200 && /\/pods\/[^/]+\/log$/.test(path));
}

/**
 * Sends an answer without an end as messages: every event of a watch, every piece of a log is one.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
export function serveOverWebSocket(answer: StreamResponse, { request, socket, head }: Connection): void {
  const offered = offeredProtocols(request);
  const protocol = offered.find((name) => name === BINARY || name === BASE64) ?? '';
  const isText = (answer.headers['content-type'] ?? '').startsWith('application/json');
  const encode = (bytes: Uint8Array): Uint8Array | string => {
    if (protocol === BASE64) return Buffer.from(bytes).toString('base64');
    return isText ? Buffer.from(bytes).toString('utf8') : bytes;
  };
  acceptWebSocket(request, socket, head, protocol, (client) => {
    if (answer.kind === 'stream') follow(client, answer, encode);
    else {
      if (answer.body.length > 0) sendBounded(client, encode(answer.body));
      client.close(1000);
    }
  });
}

function follow(
  client: WebSocket,
  answer: Extract<StreamResponse, { kind: 'stream' }>,
  encode: (bytes: Uint8Array) => Uint8Array | string,
): void {
  let isOver = false;
  const sink: StreamSink = {
    write: (bytes) => sendBounded(client, encode(bytes)),
    end: () => {
      isOver = true;
      client.close(1000);
    },
  };
  const stop = answer.open(sink);
  client.on('close', () => {
    if (!isOver) stop();
  });
}
