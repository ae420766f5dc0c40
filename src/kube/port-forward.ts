import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { resources } from '../model/resources.ts';
import { openChannels, receive, sendOn } from './channels.ts';
import type { PortForward } from './client.ts';
import { objectPath, query } from './paths.ts';
import { askJson } from './transport.ts';
import type { HttpsTransport } from './https-transport.ts';

const DATA = 0;
const ERROR = 1;

/** See `KubeClient.portForward`. */
export async function portForward(
  transport: HttpsTransport,
  namespace: string,
  pod: string,
  port: number,
): Promise<PortForward> {
  await askJson(transport, objectPath(resources.pods, namespace, pod));
  const path = objectPath(resources.pods, namespace, pod, 'portforward') + query({ ports: port });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    const gone = new AbortController();
    socket.on('close', () => {
      sockets.delete(socket);
      gone.abort();
    });
    // As a port that leads nowhere: the connection is reset.
    openChannels(transport, path, ['v4.channel.k8s.io'], gone.signal).then(
      (channels) => join(socket, channels),
      () => socket.resetAndDestroy(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Carries bytes both ways until one side ends; each side waits for the other to keep up. */
function join(socket: Socket, channels: WebSocket): void {
  const started = new Set<number>();
  receive(channels, (channel, bytes) => {
    if (!started.has(channel)) {
      started.add(channel); // The first message of a channel repeats the port.
    } else if (channel === ERROR) {
      socket.resetAndDestroy();
    } else if (channel === DATA && !socket.write(bytes)) {
      channels.pause();
      socket.once('drain', () => channels.resume());
    }
  });
  channels.on('close', () => socket.end());
  socket.on('close', () => channels.close());
  socket.on('data', (bytes) => {
    socket.pause();
    sendOn(channels, DATA, bytes, () => socket.resume());
  });
}
