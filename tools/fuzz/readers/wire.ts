import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { duplexPair, type Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { deflateSync, constants } from 'node:zlib';
import type { ApiRequest, ApiResponse } from '../../../src/cluster/apiserver/types.ts';
import { serve } from '../../../src/cluster/wire/server.ts';
import { SPDY_DICTIONARY } from '../../../src/cluster/wire/spdy-headers.ts';
import { serveUpgrade } from '../../../src/cluster/wire/upgrade.ts';
import { bytes } from '../inputs.ts';
import { reader } from '../reader.ts';

/** A cluster that has an answer of each kind; what is sent in a session comes back. */
function answer({ path, body, query }: ApiRequest): ApiResponse {
  if (path.endsWith('/exec')) {
    const options = { command: ['cat'], stdin: true, tty: query.includes('tty=true') };
    return {
      kind: 'exec',
      options,
      start: (output) => ({
        stdin: (data) => output.stdout(data),
        stdinEnd: () => output.exit({ code: 0 }),
        resize: (columns, rows) => output.stderr(Buffer.from(`${columns}x${rows}`)),
        close: () => {},
      }),
    };
  }
  if (path.endsWith('/portforward')) {
    return {
      kind: 'portforward',
      pod: { namespace: 'default', name: 'web' },
      connect: (_port, output) => ({
        data: (data) => output.data(data),
        end: () => output.end(),
        destroy: () => {},
      }),
    };
  }
  if (path.endsWith('/log')) {
    return {
      kind: 'stream',
      status: 200,
      headers: { 'content-type': 'text/plain' },
      open: (sink) => {
        sink.write(Buffer.from('a line\n'));
        sink.end();
        return () => {};
      },
    };
  }
  return { kind: 'complete', status: 200, headers: { 'content-type': 'application/json' }, body };
}

/** Turns of the event loop after which what was sent has been read. */
const TURNS = 12;

/** The server's side of connections that are no sockets: without TLS, and in memory. */
class WireServer {
  readonly #thrown: unknown[] = [];
  readonly #server: Server;

  constructor() {
    const handler = { handle: (request: ApiRequest) => Promise.resolve(answer(request)) };
    this.#server = createServer((request, response) => void serve(handler, request, response));
    this.#server.on('upgrade', (request, socket, head: Buffer) => {
      // A Duplex has all that it needs of a socket.
      // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment
      void serveUpgrade(handler, request, socket as Socket, head);
    });
    this.#server.on('clientError', (_error, socket) => socket.destroy());
    const note = (error: unknown): unknown => this.#thrown.push(error);
    process.on('uncaughtException', note);
    process.on('unhandledRejection', note);
  }

  /** Sends bytes, and reads what comes back. @throws what the server has thrown */
  async send(sent: Buffer): Promise<void> {
    const [client, server] = duplexPair();
    // A client without a certificate.
    const connection: Duplex = Object.assign(server, { authorized: false, getPeerCertificate: () => ({}) });
    client.on('data', () => {});
    client.on('error', () => {});
    server.on('error', () => {});
    this.#server.emit('connection', connection);
    const half = sent.length >> 1;
    client.write(sent.subarray(0, half));
    client.write(sent.subarray(half));
    for (let turn = 0; turn < TURNS; turn++) await nextTurn();
    client.end();
    client.destroy();
    server.destroy();
    await nextTurn();
    if (this.#thrown.length > 0) throw this.#thrown.splice(0)[0];
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What a connection begins with. */
const request = (line: string, headers: readonly string[] = [], body = ''): Buffer =>
  Buffer.from([`${line} HTTP/1.1`, 'Host: a', ...headers, '', body].join('\r\n'));

const words = [
  '\r\n',
  '\r\n\r\n',
  ':',
  ' ',
  'HTTP/1.1',
  'Content-Length: 5',
  'Transfer-Encoding: chunked',
  'Connection: Upgrade',
  'GET /',
  '\0',
  '\xff',
  'Expect: 100-continue',
].map((word) => Buffer.from(word, 'latin1'));

const open = (): ((sent: Buffer) => Promise<void>) => {
  const server = new WireServer();
  return (sent) => server.send(sent);
};

export const http = reader<Buffer>({
  name: 'http',
  reads: 'bytes of HTTP/1.1: request lines, headers, bodies, upgrades',
  inputs: bytes(
    [
      request('GET /api/v1/pods?limit=5', ['Accept: application/json', 'Authorization: Bearer a']),
      request('POST /api/v1/pods', ['Content-Type: application/json', 'Content-Length: 2'], '{}'),
      request('POST /api/v1/pods', ['Transfer-Encoding: chunked'], '2\r\n{}\r\n0\r\n\r\n'),
      request('GET /log?watch=1&timeoutSeconds=99999999999', ['Connection: close']),
      request('GET /exec', ['Connection: Upgrade', 'Upgrade: h2c']),
      request('HEAD /version'),
    ],
    words,
  ),
  usual: 100_000,
  tested: 60,
  open,
});

const websocket = (path: string, protocol: string): Buffer =>
  request(`GET ${path}`, [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...(protocol === '' ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
  ]);

/** A masked message of a client; the mask is nothing, so that it can be read. */
function message(opcode: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | content.length, 0, 0, 0, 0]), content]);
}

export const webSockets = reader<Buffer>({
  name: 'websockets',
  reads: 'WebSocket sessions: exec, port-forward, logs',
  inputs: bytes(
    [
      [
        websocket('/exec?stdin=true', 'v5.channel.k8s.io'),
        message(2, Buffer.from('\0hello')),
        message(2, Buffer.from([255, 0])),
      ],
      [
        websocket('/exec?tty=true', 'v4.channel.k8s.io'),
        message(2, Buffer.from('\x04{"Width":80,"Height":24}')),
        message(8, Buffer.from([3, 232])),
      ],
      [websocket('/exec', 'base64.channel.k8s.io'), message(1, Buffer.from('0aGVsbG8='))],
      [
        websocket('/portforward?ports=80,8080', 'v4.channel.k8s.io'),
        message(2, Buffer.from('\0hello')),
        message(2, Buffer.from('\x02x')),
      ],
      [
        websocket('/portforward', 'SPDY/3.1+portforward.k8s.io'),
        message(2, Buffer.from('8003000600000004000000ff', 'hex')),
      ],
      [websocket('/log', ''), message(9, Buffer.from('ping')), message(8, Buffer.alloc(0))],
    ].map((parts) => Buffer.concat(parts)),
    [
      ...words,
      [0x81, 0x80],
      [0x82, 0x85, 0, 0, 0, 0],
      [0x82, 0xfe, 0xff, 0xff],
      [0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0],
      [0x88, 0x80],
      [0xff],
      [0x00],
    ].map((word) => Buffer.from(word as Buffer)),
  ),
  usual: 100_000,
  tested: 60,
  open,
});

/** One after the other they are the header blocks of a connection. */
function blocks(...all: readonly Readonly<Record<string, string>>[]): Buffer[] {
  const uint32 = (value: number): Buffer => Buffer.from([value >> 24, value >> 16, value >> 8, value]);
  return all.map((headers, index) => {
    const texts = Object.entries(headers).flat();
    const plain = Buffer.concat([
      uint32(texts.length / 2),
      ...texts.flatMap((text) => [uint32(text.length), Buffer.from(text)]),
    ]);
    const packed = deflateSync(plain, {
      level: 0,
      finishFlush: constants.Z_SYNC_FLUSH,
      dictionary: SPDY_DICTIONARY,
    });
    return index === 0 ? packed : packed.subarray(6);
  });
}

function control(type: number, body: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from([0x80, 3, 0, type, 0, body.length >> 16, body.length >> 8, body.length]),
    body,
  ]);
}

const synStream = (id: number, block: Buffer): Buffer =>
  control(1, Buffer.concat([Buffer.from([0, 0, 0, id, 0, 0, 0, 0, 0, 0]), block]));
const data = (id: number, text: string, flags = 0): Buffer =>
  Buffer.concat([Buffer.from([0, 0, 0, id, flags, 0, 0, text.length]), Buffer.from(text)]);

const spdy = (path: string, protocol: string): Buffer =>
  request(`POST ${path}`, [
    'Connection: Upgrade',
    'Upgrade: SPDY/3.1',
    `X-Stream-Protocol-Version: ${protocol}`,
  ]);

export const spdySessions = reader<Buffer>({
  name: 'spdy',
  reads: 'SPDY/3.1 sessions: exec and port-forward',
  inputs: bytes(
    [
      [
        spdy('/exec?stdin=true&stdout=true', 'v4.channel.k8s.io'),
        ...blocks({ streamtype: 'error' }, { streamtype: 'stdin' }, { streamtype: 'stdout' }).map(
          (block, index) => synStream(2 * index + 1, block),
        ),
        data(3, 'hello'),
        data(3, '', 1),
      ],
      [
        spdy('/portforward', 'portforward.k8s.io'),
        ...blocks(
          { streamtype: 'error', port: '80', requestid: '0' },
          { streamtype: 'data', port: '80', requestid: '0' },
        ).map((block, index) => synStream(2 * index + 1, block)),
        data(3, 'GET / HTTP/1.0'),
        control(3, Buffer.from([0, 0, 0, 3, 0, 0, 0, 5])),
      ],
      [
        spdy('/exec', 'v4.channel.k8s.io'),
        control(6, Buffer.from([0, 0, 0, 1])),
        control(4, Buffer.alloc(12)),
        control(7, Buffer.alloc(8)),
        control(9, Buffer.alloc(8)),
      ],
    ].map((parts) => Buffer.concat(parts)),
    [
      ...words,
      [0x80, 3, 0, 1],
      [0x80, 3, 0, 8, 0, 0, 0, 2, 0, 0],
      [0x80, 2, 0, 1],
      [0, 0, 0, 3, 1, 0, 0, 0],
      [0xff, 0xff, 0xff],
      [0, 0, 0xff, 0xff],
      [0, 0, 0, 0],
    ].map((word) => Buffer.from(word as Buffer)),
  ),
  usual: 100_000,
  tested: 60,
  open,
});
