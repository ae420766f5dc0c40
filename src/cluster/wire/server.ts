import type { EventEmitter } from 'node:events';
import { createSecureServer } from 'node:http2';
import type { ServerHttp2Session } from 'node:http2';
import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { MAX_BODY_BYTES, isStranger, readBody, toApiRequest } from './request.ts';
import type { WireRequest } from './request.ts';
import { ask, refusal, respond, unauthorized, writeComplete } from './response.ts';
import type { WireResponse } from './response.ts';
import type { RequestHandler } from './types.ts';
import { serveUpgrade } from './upgrade.ts';

/** Of one HTTP/2 connection at a time, as kube-apiserver's `--http2-max-streams-per-connection` has it. */
const MOST_STREAMS = 1000;

export interface ListenOptions {
  readonly handler: RequestHandler;
  /** PEM of the server's certificate and key, and of the authorities that sign client certificates. */
  readonly certificate: string;
  readonly key: string;
  readonly ca: string | string[];
  readonly host?: string;
  /** 0 or absent: one that is free. */
  readonly port?: number;
}

/** A listening HTTPS server. */
export interface ApiListener {
  readonly port: number;
  /** How many TLS connections were accepted since the start. */
  readonly connections: number;
  /** Lets the process end although it listens. */
  unref(): void;
  /** Ends every connection, also those in the middle of something, and frees the port. */
  close(): Promise<void>;
}

/**
 * Serves the Kubernetes API: HTTP/2 and HTTP/1.1 over TLS, with WebSocket and SPDY upgrades for exec, attach and
 * port-forward. A client certificate is asked for; a client without one is served as somebody unknown, and the API
 * server decides.
 * Rejects where the port is taken.
 */
export async function startServer(options: ListenOptions): Promise<ApiListener> {
  const { handler } = options;
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  let connections = 0;
  const server = createSecureServer(
    {
      allowHTTP1: true,
      cert: options.certificate,
      key: options.key,
      ca: options.ca,
      requestCert: true,
      rejectUnauthorized: false,
      // In megabytes. With the default of 10 a few slow watchers make node refuse new streams of the session.
      maxSessionMemory: 256,
      settings: { maxConcurrentStreams: MOST_STREAMS },
    },
    (request, response) => void serve(handler, request, response),
  );
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (socket instanceof Socket) void serveUpgrade(handler, request, socket, head);
  });
  server.on('connection', (socket: Socket) => track(sockets, socket));
  server.on('session', (session) => track(sessions, session));
  server.on('secureConnection', (socket) => {
    connections++;
    track(sockets, socket);
  });
  // A client that talks nonsense or hangs up is no reason to stop; node has closed its connection already.
  server.on('sessionError', () => {});
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    unref: () => void server.unref(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.destroy();
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Keeps a connection for as long as it is open. */
function track<T extends EventEmitter>(all: Set<T>, one: T): void {
  all.add(one);
  one.once('close', () => all.delete(one));
  one.on('error', () => {});
}

/** Answers a request that asks for no upgrade. Never rejects. */
export async function serve(
  handler: RequestHandler,
  request: WireRequest,
  response: WireResponse,
): Promise<void> {
  response.on('error', () => {});
  const method = request.method ?? 'GET';
  let body;
  try {
    body = await readBody(request);
  } catch {
    return; // The client has gone; nobody is left to answer.
  }
  if (body === undefined) {
    const message = `Request entity too large: limit is ${MAX_BODY_BYTES}`;
    writeComplete(response, refusal(413, 'RequestEntityTooLarge', message), method);
    return;
  }
  const apiRequest = toApiRequest(request, body);
  const answer = isStranger(request) ? unauthorized() : await ask(handler, apiRequest);
  if (response.destroyed) return;
  respond(response, answer, apiRequest);
}
