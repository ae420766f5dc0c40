import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import { ClusterUnreachable } from './client.ts';
import { kubeError } from './transport.ts';
import type { HttpsTransport } from './https-transport.ts';

/**
 * Opens a WebSocket to a streaming subresource; its messages begin with the number of a channel.
 * @param signal ends the wait for it; a WebSocket that is open is the caller's to end
 * @throws KubeError where the API server refuses, with its Status; ClusterUnreachable where none answers; the
 * signal's reason
 */
export async function openChannels(
  transport: HttpsTransport,
  path: string,
  protocols: readonly string[],
  signal: AbortSignal,
): Promise<WebSocket> {
  const [{ server, tls, headers }, { WebSocket: Client }] = await Promise.all([
    transport.access(),
    import('ws'),
  ]);
  const socket = new Client(server.replace(/^http/, 'ws') + path, [...protocols], {
    ...tls,
    headers: await headers(),
    perMessageDeflate: false,
  });
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(signal.reason as Error);
      socket.terminate();
    };
    const heedNoMore = (): void => signal.removeEventListener('abort', abort);
    signal.addEventListener('abort', abort);
    socket.once('open', heedNoMore);
    socket.once('close', heedNoMore);
    if (signal.aborted) abort();
    // Listens on, so that an error of a connection that is open is not thrown at nobody; `close` follows it.
    socket.on('error', (error) => reject(new ClusterUnreachable(server, error)));
    socket.on('unexpected-response', (_request, response) => {
      readText(response).then((body) => {
        reject(kubeError(response.statusCode ?? 500, body));
        socket.terminate();
      }, reject);
    });
    // Paused, so that nothing is lost before the caller listens.
    socket.on('open', () => {
      socket.pause();
      resolve(socket);
    });
  });
}

/** Sends bytes on a channel and calls back when they are on their way. */
export function sendOn(socket: WebSocket, channel: number, bytes: Uint8Array, sent?: () => void): void {
  socket.send(Buffer.concat([Buffer.from([channel]), bytes]), () => sent?.());
}

/** Calls back for every message with its channel, and starts the flow. */
export function receive(socket: WebSocket, handler: (channel: number, bytes: Buffer) => void): void {
  socket.on('message', (data: Buffer) => {
    if (data.length > 0) handler(data.readUInt8(0), data.subarray(1));
  });
  socket.resume();
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
