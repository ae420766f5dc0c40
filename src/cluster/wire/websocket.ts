import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import type { EndDialect, RemoteCommand } from './remote-command.ts';
import { MAX_STREAM_QUEUE_BYTES, endMessage, resize } from './remote-command.ts';
import { ForwardedConnection } from './port-forward.ts';
import type { PortForwardResponse } from './port-forward.ts';

/**
 * Streams as numbered channels in WebSocket messages: the first byte (or, in the base64 protocols, digit) is the
 * channel. https://kubernetes.io/docs/reference/using-api/api-concepts/ and KEP-4006.
 */
export interface ChannelProtocol {
  readonly name: string;
  readonly base64: boolean;
  readonly dialect: EndDialect;
}

const channelProtocol = (name: string, dialect: EndDialect, base64 = false): ChannelProtocol => ({
  name,
  dialect,
  base64,
});

export const EXEC_PROTOCOLS: readonly ChannelProtocol[] = [
  channelProtocol('v5.channel.k8s.io', 'v5'),
  channelProtocol('v4.channel.k8s.io', 'v4'),
  channelProtocol('v4.base64.channel.k8s.io', 'v4', true),
  channelProtocol('channel.k8s.io', 'text'),
  channelProtocol('base64.channel.k8s.io', 'text', true),
];
export const PORT_FORWARD_PROTOCOLS: readonly ChannelProtocol[] = [
  channelProtocol('v4.channel.k8s.io', 'v4'),
  channelProtocol('v4.base64.channel.k8s.io', 'v4', true),
];
/** SPDY inside of WebSocket messages. */
export const TUNNEL_PROTOCOL = 'SPDY/3.1+portforward.k8s.io';

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const ERROR = 3;
const RESIZE = 4;
const CLOSE = 255;

const sockets = new WebSocketServer({
  noServer: true,
  perMessageDeflate: false,
  maxPayload: 16 * 1024 * 1024,
});
/** `ws` refuses a protocol name with a slash; it gets to see this one instead. */
const TUNNEL_ALIAS = 'spdy-portforward';
sockets.on('headers', (headers, request) => {
  if (request.headers['sec-websocket-protocol'] !== TUNNEL_ALIAS) return;
  headers.splice(0, headers.length, ...headers.map((line) => line.replace(TUNNEL_ALIAS, TUNNEL_PROTOCOL)));
});

/** The protocols that a client offers, in its order. */
export function offeredProtocols(request: IncomingMessage): string[] {
  const header = request.headers['sec-websocket-protocol'] ?? '';
  return header === '' ? [] : header.split(',').map((name) => name.trim());
}

/** Answers the handshake with one protocol. A broken handshake is answered with 400, and nothing is called. */
export function acceptWebSocket(
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
  protocol: string,
  accepted: (client: WebSocket) => void,
): void {
  if (protocol === '') delete request.headers['sec-websocket-protocol'];
  else request.headers['sec-websocket-protocol'] = protocol === TUNNEL_PROTOCOL ? TUNNEL_ALIAS : protocol;
  sockets.handleUpgrade(request, socket, head, (client) => {
    client.on('error', () => client.terminate());
    accepted(client);
  });
}

/** Sends bytes, or cuts off a client that does not read. */
export function sendBounded(client: WebSocket, message: Uint8Array | string): void {
  if (client.readyState !== client.OPEN) return;
  client.send(message);
  if (client.bufferedAmount > MAX_STREAM_QUEUE_BYTES) client.terminate();
}

/** A message of a client as bytes; text messages are those of the base64 protocols. */
export function bytesOf(data: Buffer | ArrayBuffer | Buffer[]): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}

/** Numbered channels over one WebSocket. */
class Channels {
  readonly #client: WebSocket;
  readonly #base64: boolean;

  constructor(
    client: WebSocket,
    { base64 }: ChannelProtocol,
    receive: (channel: number, bytes: Buffer) => void,
  ) {
    this.#client = client;
    this.#base64 = base64;
    client.on('message', (data) => {
      const message = bytesOf(data);
      if (message.length === 0) return;
      const rest = message.subarray(1);
      if (base64) receive(message.readUInt8(0) - 0x30, Buffer.from(rest.toString('latin1'), 'base64'));
      else receive(message.readUInt8(0), rest);
    });
  }

  send(channel: number, bytes: Uint8Array): void {
    sendBounded(
      this.#client,
      this.#base64
        ? `${channel}${Buffer.from(bytes).toString('base64')}`
        : Buffer.concat([Buffer.from([channel]), bytes]),
    );
  }
}

/** A command over channels: 0 stdin, 1 stdout, 2 stderr, 3 how it ended, 4 resize, 255 (v5) close one of them. */
export function channelCommand(client: WebSocket, protocol: ChannelProtocol, remote: RemoteCommand): void {
  const { input, output } = remote;
  const channels = new Channels(client, protocol, (channel, bytes) => {
    if (channel === STDIN) input.stdin(bytes);
    else if (channel === RESIZE) resize(input, bytes.toString());
    else if (channel === CLOSE && bytes[0] === STDIN) input.stdinEnd();
  });
  // As the API server does it, so that a client knows that the connection stands.
  channels.send(STDOUT, Buffer.alloc(0));
  output.connect({
    stdout: (bytes) => channels.send(STDOUT, bytes),
    stderr: (bytes) => channels.send(STDERR, bytes),
    finish: (result) => {
      const message = endMessage(result, remote.command, protocol.dialect);
      if (message !== undefined) channels.send(ERROR, Buffer.from(message));
      client.close(1000);
    },
  });
}

/** Port-forward over channels: two a port, data and error; each begins with the port in two bytes, low byte first. */
export function channelPortForward(
  client: WebSocket,
  protocol: ChannelProtocol,
  answer: PortForwardResponse,
  ports: readonly number[],
): void {
  const forwards: ForwardedConnection[] = [];
  const channels = new Channels(client, protocol, (channel, bytes) => {
    if (channel % 2 === 0) forwards[channel / 2]?.data(bytes);
  });
  let open = ports.length;
  for (const [index, port] of ports.entries()) {
    const data = index * 2;
    channels.send(data, Buffer.from([port & 0xff, port >> 8]));
    channels.send(data + 1, Buffer.from([port & 0xff, port >> 8]));
    let ended = false;
    // The channels cannot say that one side has ended: the pod's end is the connection's.
    const end = (): void => {
      if (ended) return;
      ended = true;
      open--;
      if (open === 0) client.close(1000);
    };
    forwards[index] = new ForwardedConnection(answer, port, {
      data: (bytes) => channels.send(data, bytes),
      end,
      fail: (message) => channels.send(data + 1, Buffer.from(message)),
      finished: end,
    });
  }
  client.on('close', (code) => {
    for (const forward of forwards) {
      if (code === 1000 || code === 1005) forward.end();
      else forward.destroy();
    }
  });
}
