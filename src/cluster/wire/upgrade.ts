import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { CompleteResponse } from '../apiserver/http/responses.ts';
import type { ApiRequest, ApiResponse } from '../apiserver/types.ts';
import type { ExecInput } from '../node-api.ts';
import type { PortForwardResponse } from './port-forward.ts';
import { MAX_STREAM_QUEUE_BYTES, RemoteOutput } from './remote-command.ts';
import type { RemoteCommand } from './remote-command.ts';
import { isStranger, toApiRequest } from './request.ts';
import { ask, errorResponse, refusal, respond, unauthorized } from './response.ts';
import { spdyCommand, spdyPortForward } from './spdy-session.ts';
import type { ByteChannel, ByteReceiver } from './spdy-session.ts';
import type { RequestHandler } from './types.ts';
import { isStreamable, serveOverWebSocket } from './websocket-stream.ts';
import {
  EXEC_PROTOCOLS,
  PORT_FORWARD_PROTOCOLS,
  TUNNEL_PROTOCOL,
  acceptWebSocket,
  bytesOf,
  channelCommand,
  channelPortForward,
  offeredProtocols,
  sendBounded,
} from './websocket.ts';

type ExecResponse = Extract<ApiResponse, { kind: 'exec' }>;

/** What a client wants to upgrade to, with the socket that it wants it on. */
interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Socket;
  /** What the client has sent after the request. */
  readonly head: Buffer;
  readonly query: URLSearchParams;
  readonly to: 'websocket' | 'spdy';
}

const SPDY_EXEC_PROTOCOL = 'v4.channel.k8s.io';
const SPDY_PORT_FORWARD_PROTOCOL = 'portforward.k8s.io';

/** Serves a request that asks for an upgrade. What the API server refuses is answered as plain HTTP. */
export async function serveUpgrade(
  handler: RequestHandler,
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
): Promise<void> {
  const apiRequest = toApiRequest(request, Buffer.alloc(0));
  const answer = isStranger(request) ? unauthorized() : await ask(handler, apiRequest);
  if (socket.destroyed) return;
  const token = request.headers.upgrade?.toLowerCase();
  const to = token === 'websocket' ? 'websocket' : token === 'spdy/3.1' ? 'spdy' : undefined;
  const refusal = to === undefined ? answer : upgrade(answer, apiRequest, { request, socket, head, to });
  if (refusal === undefined) return;
  const response = plainResponse(request, socket);
  if (response === undefined) socket.destroy();
  else respond(response, refusal, apiRequest);
}

/** Upgrades, or returns what to answer instead. */
function upgrade(
  answer: ApiResponse,
  apiRequest: ApiRequest,
  wanted: Omit<Upgrade, 'query'>,
): ApiResponse | undefined {
  const upgrade = { ...wanted, query: new URLSearchParams(apiRequest.query) };
  try {
    if (answer.kind === 'complete' || answer.kind === 'stream') {
      if (wanted.to !== 'websocket' || !isStreamable(answer, apiRequest)) return answer;
      serveOverWebSocket(answer, wanted);
      return undefined;
    }
    return answer.kind === 'exec' ? upgradeExec(answer, upgrade) : upgradePortForward(answer, upgrade);
  } catch (error) {
    return errorResponse(error);
  }
}

function upgradeExec(answer: ExecResponse, upgrade: Upgrade): CompleteResponse | undefined {
  if (upgrade.to === 'spdy') {
    if (!offersStream(upgrade.request, SPDY_EXEC_PROTOCOL)) {
      return noCommonProtocol(streamProtocols(upgrade.request), [SPDY_EXEC_PROTOCOL]);
    }
    const remote = start(answer, upgrade.socket);
    acceptSpdy(upgrade, SPDY_EXEC_PROTOCOL, (channel) =>
      spdyCommand(remote, expectedStreams(answer, upgrade.query), channel),
    );
    return undefined;
  }
  const offered = offeredProtocols(upgrade.request);
  const protocol = firstOffered(offered, EXEC_PROTOCOLS);
  if (protocol === undefined) return noCommonProtocol(offered, names(EXEC_PROTOCOLS));
  const remote = start(answer, upgrade.socket);
  acceptWebSocket(upgrade.request, upgrade.socket, upgrade.head, protocol.name, (client) =>
    channelCommand(client, protocol, remote),
  );
  return undefined;
}

/** Starts the command before the upgrade, so that its refusal can still be a plain answer. */
function start(answer: ExecResponse, socket: Socket): RemoteCommand {
  const output = new RemoteOutput(() => socket.destroy());
  const input: ExecInput = answer.start(output);
  socket.once('close', () => {
    if (!output.ended) input.close();
  });
  return { command: answer.options.command, output, input };
}

function expectedStreams({ options }: ExecResponse, query: URLSearchParams): ReadonlySet<string> {
  const asked = (name: string): boolean => ['1', 'true'].includes(query.get(name) ?? '');
  const streams = ['stdin', 'stdout', 'stderr'].filter(
    (name) => asked(name) && !(name === 'stderr' && options.tty),
  );
  return new Set(['error', ...streams, ...(options.tty ? ['resize'] : [])]);
}

function upgradePortForward(answer: PortForwardResponse, upgrade: Upgrade): CompleteResponse | undefined {
  const { request, socket, head } = upgrade;
  if (upgrade.to === 'spdy') {
    if (!offersStream(request, SPDY_PORT_FORWARD_PROTOCOL)) {
      return noCommonProtocol(streamProtocols(request), [SPDY_PORT_FORWARD_PROTOCOL]);
    }
    acceptSpdy(upgrade, SPDY_PORT_FORWARD_PROTOCOL, (channel) => spdyPortForward(answer, channel));
    return undefined;
  }
  const offered = offeredProtocols(request);
  if (offered.includes(TUNNEL_PROTOCOL)) {
    acceptWebSocket(request, socket, head, TUNNEL_PROTOCOL, (client) => {
      const receiver = spdyPortForward(answer, {
        send: (bytes) => sendBounded(client, bytes),
        close: () => client.close(1000),
      });
      client.on('message', (data) => feed(receiver, bytesOf(data), () => client.terminate()));
      client.on('close', () => receiver.close?.());
    });
    return undefined;
  }
  const protocol = firstOffered(offered, PORT_FORWARD_PROTOCOLS);
  if (protocol === undefined) return noCommonProtocol(offered, names(PORT_FORWARD_PROTOCOLS));
  const ports = upgrade.query.getAll('ports').flatMap((text) => text.split(',').map(Number));
  const wrong = ports.find((port) => !Number.isInteger(port) || port < 1 || port > 65_535);
  if (wrong !== undefined || ports.length === 0) {
    return refusal(400, 'BadRequest', ports.length === 0 ? '"port" is required' : `invalid port: ${wrong}`);
  }
  acceptWebSocket(request, socket, head, protocol.name, (client) =>
    channelPortForward(client, protocol, answer, ports),
  );
  return undefined;
}

function acceptSpdy(
  { socket, head }: Upgrade,
  protocol: string,
  open: (channel: ByteChannel) => ByteReceiver,
): void {
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n' +
      `X-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
  );
  const receiver = open({
    send: (bytes) => {
      if (!socket.writable) return;
      socket.write(bytes);
      if (socket.writableLength > MAX_STREAM_QUEUE_BYTES) socket.destroy();
    },
    close: () => socket.end(),
  });
  socket.on('data', (chunk: Buffer) => feed(receiver, chunk, () => socket.destroy()));
  socket.on('close', () => receiver.close?.());
  socket.on('end', () => socket.end());
  if (head.length > 0) feed(receiver, head, () => socket.destroy());
}

/** Gives a connection up whose client does not speak SPDY. */
function feed(receiver: ByteReceiver, chunk: Buffer, giveUp: () => void): void {
  try {
    receiver.receive(chunk);
  } catch {
    giveUp();
  }
}

function firstOffered<T extends { readonly name: string }>(
  offered: readonly string[],
  known: readonly T[],
): T | undefined {
  return offered
    .map((name) => known.find((protocol) => protocol.name === name))
    .find((found) => found !== undefined);
}

const names = (protocols: readonly { readonly name: string }[]): string[] =>
  protocols.map(({ name }) => name);

function streamProtocols(request: IncomingMessage): string[] {
  const header = request.headers['x-stream-protocol-version'] ?? '';
  return String(header)
    .split(',')
    .map((name) => name.trim());
}

function offersStream(request: IncomingMessage, protocol: string): boolean {
  return streamProtocols(request).includes(protocol);
}

function noCommonProtocol(client: readonly string[], server: readonly string[]): CompleteResponse {
  const message = `unable to negotiate protocol: client supports [${client.join(' ')}], server accepts [${server.join(' ')}]`;
  return refusal(403, 'Forbidden', `unable to upgrade: ${message}`);
}

/**
 * An HTTP answer on a socket that node has already taken away from its HTTP parser; undefined where the answer to an
 * earlier request is still on its way: nobody may ask for an upgrade before it is there.
 */
function plainResponse(request: IncomingMessage, socket: Socket): ServerResponse | undefined {
  // Imported as a module, node:http loads the whole of Node's fetch, which nothing here needs.
  const response = new (process.getBuiltinModule('node:http').ServerResponse)(request);
  response.shouldKeepAlive = false;
  try {
    response.assignSocket(socket);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_HTTP_SOCKET_ASSIGNED') throw error;
    return undefined;
  }
  response.on('finish', () => {
    response.detachSocket(socket);
    socket.end();
  });
  return response;
}
