import type { HttpRequest, HttpResponse } from './types.ts';

/**
 * HTTP/1.0 and 1.1 as bytes, for connections of which only one side speaks in messages (`nc`, port-forward).
 * https://www.rfc-editor.org/rfc/rfc9112
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const HEAD_LIMIT = 16 * 1024;
const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) HTTP\/(\d\.\d)$/;
const BODY_LIMIT = 8 * 1024 * 1024;

/** Bytes that are no HTTP. */
export class HttpSyntaxError extends Error {
  /** What a server says before it closes the connection. */
  readonly answer: Uint8Array;

  constructor(status: 400 | 413 | 431 | 505) {
    super(`${status} ${reasonPhrase(status)}`);
    this.name = 'HttpSyntaxError';
    this.answer = encoder.encode(`HTTP/1.1 ${this.message}\r\nConnection: close\r\n\r\n`);
  }
}

export interface ParsedRequest {
  readonly request: HttpRequest;
  readonly keepAlive: boolean;
}

/** Finds requests in a stream of bytes, however the bytes are cut. */
export class RequestParser {
  readonly #buffer = new ByteQueue();
  #head: RequestHead | undefined;

  /**
   * Takes the next bytes and gives the requests that are complete now.
   * @throws HttpSyntaxError
   */
  push(bytes: Uint8Array): ParsedRequest[] {
    this.#buffer.add(bytes);
    const result: ParsedRequest[] = [];
    for (let next = this.#next(); next !== undefined; next = this.#next()) result.push(next);
    return result;
  }

  #next(): ParsedRequest | undefined {
    this.#head ??= this.#readHead();
    if (this.#head === undefined) return undefined;
    const { line, headers, body } = this.#head;
    const text = body.read(this.#buffer);
    if (text === undefined) return undefined;
    this.#head = undefined;
    const [, method = '', path = '', version] = line;
    const options = listOf(headers['connection']);
    const is11 = version === '1.1';
    return {
      request: { method, path, headers, body: text },
      keepAlive: is11 ? !options.includes('close') : options.includes('keep-alive'),
    };
  }

  #readHead(): RequestHead | undefined {
    const lines = this.#buffer.takeHead(REQUEST_LINE);
    if (lines === undefined) return undefined;
    const line = REQUEST_LINE.exec(lines[0] ?? '');
    if (line === null) throw new HttpSyntaxError(400);
    if (line[3] !== '1.0' && line[3] !== '1.1') throw new HttpSyntaxError(505);
    const headers = parseHeaders(lines.slice(1));
    if (line[3] === '1.1' && headers['host'] === undefined) throw new HttpSyntaxError(400);
    return { line, headers, body: bodyOf(headers) ?? new SizedBody(0) };
  }
}

/** Finds the one response to a request in a stream of bytes. */
export class ResponseParser {
  readonly #buffer = new ByteQueue();
  readonly #method: string;
  #head: ResponseHead | undefined;

  constructor(method: string) {
    this.#method = method;
  }

  push(bytes: Uint8Array): HttpResponse | 'more' | 'malformed' {
    return this.#read(() => {
      this.#buffer.add(bytes);
    });
  }

  /** The server has ended: the end of a body without a length, otherwise a cut-off answer. */
  end(): HttpResponse | 'malformed' {
    const result = this.#read(() => {});
    if (result !== 'more') return result;
    if (this.#head === undefined || this.#head.body !== undefined) return 'malformed';
    const { status, headers } = this.#head;
    return { status, headers, body: decoder.decode(this.#buffer.take(this.#buffer.length)) };
  }

  #read(prepare: () => void): HttpResponse | 'more' | 'malformed' {
    try {
      prepare();
      this.#head ??= this.#readHead();
      const body = this.#head?.body?.read(this.#buffer);
      if (this.#head === undefined || body === undefined) return 'more';
      return { status: this.#head.status, headers: this.#head.headers, body };
    } catch (error) {
      if (error instanceof HttpSyntaxError) return 'malformed';
      throw error;
    }
  }

  #readHead(): ResponseHead | undefined {
    for (;;) {
      const lines = this.#buffer.takeHead();
      if (lines === undefined) return undefined;
      const line = /^HTTP\/1\.[01] (\d{3})( .*)?$/.exec(lines[0] ?? '');
      if (line === null) throw new HttpSyntaxError(400);
      const status = Number(line[1]);
      // 100 Continue and the like come before the answer.
      if (status < 200) continue;
      const headers = parseHeaders(lines.slice(1));
      const bodiless = this.#method === 'HEAD' || status === 204 || status === 304;
      return { status, headers, body: bodiless ? new SizedBody(0) : bodyOf(headers) };
    }
  }
}

/** A request as bytes, as a client that closes afterwards sends it. */
export function requestBytes(request: HttpRequest): Uint8Array {
  const { method, path, headers, body } = request;
  const bytes = encoder.encode(body);
  const sized = bytes.length > 0 && headers['content-length'] === undefined;
  const lines = [
    `${method} ${path} HTTP/1.1`,
    ...headerLines(withoutChunking(headers)),
    ...(sized ? [`Content-Length: ${bytes.length}`] : []),
    ...(headers['connection'] === undefined ? ['Connection: close'] : []),
  ];
  return join(lines, bytes);
}

/** A response as bytes, for the request that it answers. The server tells its own version, whatever the client's is. */
export function responseBytes(
  response: HttpResponse,
  to: { readonly method: string; readonly keepAlive: boolean },
): Uint8Array {
  const { status, headers } = response;
  const bodiless = status === 204 || status === 304;
  const bytes = encoder.encode(bodiless ? '' : response.body);
  const lines = [
    `HTTP/1.1 ${status} ${reasonPhrase(status)}`,
    ...headerLines(withoutChunking(headers)),
    ...(bodiless || headers['content-length'] !== undefined ? [] : [`Content-Length: ${bytes.length}`]),
    ...(headers['connection'] === undefined ? [`Connection: ${to.keepAlive ? 'keep-alive' : 'close'}`] : []),
  ];
  return join(lines, to.method === 'HEAD' ? new Uint8Array() : bytes);
}

interface RequestHead {
  readonly line: RegExpExecArray;
  readonly headers: Record<string, string>;
  readonly body: BodyReader;
}

interface ResponseHead {
  readonly status: number;
  readonly headers: Record<string, string>;
  /** Undefined: the body goes on to the end of the connection. */
  readonly body: BodyReader | undefined;
}

// ---- inside ---------------------------------------------------------------------------------------------

/** Bytes that have come and were not read yet. */
class ByteQueue {
  #bytes = new Uint8Array();

  get length(): number {
    return this.#bytes.length;
  }

  add(bytes: Uint8Array): void {
    if (this.#bytes.length + bytes.length > BODY_LIMIT + HEAD_LIMIT) throw new HttpSyntaxError(413);
    const joined = new Uint8Array(this.#bytes.length + bytes.length);
    joined.set(this.#bytes);
    joined.set(bytes, this.#bytes.length);
    this.#bytes = joined;
  }

  take(count: number): Uint8Array {
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return taken;
  }

  /** The next line without its end, or undefined while it is not complete. */
  takeLine(): string | undefined {
    const end = this.#bytes.indexOf(10);
    if (end < 0) {
      if (this.#bytes.length > HEAD_LIMIT) throw new HttpSyntaxError(431);
      return undefined;
    }
    return decoder.decode(this.take(end + 1)).replace(/\r?\n$/, '');
  }

  /**
   * The lines up to an empty one, or undefined while that has not come. Empty lines before are skipped.
   * @param first what the first line has to be: one that is not is given at once, alone
   */
  takeHead(first?: RegExp): string[] | undefined {
    const before = this.#bytes;
    const lines: string[] = [];
    for (let line = this.takeLine(); line !== undefined; line = this.takeLine()) {
      if (line !== '') {
        lines.push(line);
        if (lines.length === 1 && first?.test(line) === false) return lines;
      } else if (lines.length > 0) {
        if (before.length - this.#bytes.length > HEAD_LIMIT) throw new HttpSyntaxError(431);
        return lines;
      }
    }
    this.#bytes = before;
    if (before.length > HEAD_LIMIT) throw new HttpSyntaxError(431);
    return undefined;
  }
}

/** Reads one body; undefined while it is not complete. */
interface BodyReader {
  read(buffer: ByteQueue): string | undefined;
}

class SizedBody implements BodyReader {
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  read(buffer: ByteQueue): string | undefined {
    return buffer.length < this.#size ? undefined : decoder.decode(buffer.take(this.#size));
  }
}

class ChunkedBody implements BodyReader {
  readonly #chunks: Uint8Array[] = [];
  #state: 'size' | 'trailer' | { data: number } = 'size';

  read(buffer: ByteQueue): string | undefined {
    for (;;) {
      if (typeof this.#state === 'object') {
        if (buffer.length < this.#state.data + 2) return undefined;
        this.#chunks.push(buffer.take(this.#state.data).slice());
        if (decoder.decode(buffer.take(2)) !== '\r\n') throw new HttpSyntaxError(400);
        this.#state = 'size';
        continue;
      }
      const line = buffer.takeLine();
      if (line === undefined) return undefined;
      if (this.#state === 'trailer') {
        if (line === '') return this.#text();
        continue;
      }
      const size = /^([0-9a-fA-F]{1,8})[ \t]*(;.*)?$/.exec(line);
      if (size === null) throw new HttpSyntaxError(400);
      const data = Number.parseInt(size[1] ?? '', 16);
      if (data > BODY_LIMIT) throw new HttpSyntaxError(413);
      this.#state = data === 0 ? 'trailer' : { data };
    }
  }

  #text(): string {
    const joined = new Uint8Array(this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    let offset = 0;
    for (const chunk of this.#chunks) {
      joined.set(chunk, offset);
      offset += chunk.length;
    }
    return decoder.decode(joined);
  }
}

/** How the body of a message with these headers is framed; undefined: up to the end of the connection. */
function bodyOf(headers: Readonly<Record<string, string>>): BodyReader | undefined {
  if (listOf(headers['transfer-encoding']).at(-1) === 'chunked') return new ChunkedBody();
  const length = headers['content-length'];
  if (length === undefined) return undefined;
  if (!/^\d{1,15}$/.test(length)) throw new HttpSyntaxError(400);
  if (Number(length) > BODY_LIMIT) throw new HttpSyntaxError(413);
  return new SizedBody(Number(length));
}

function parseHeaders(lines: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line);
    if (match === null) throw new HttpSyntaxError(400);
    const [, name = '', value = ''] = match;
    const key = name.toLowerCase();
    const earlier = headers[key];
    headers[key] = earlier === undefined ? value : `${earlier}, ${value}`;
  }
  return headers;
}

function listOf(value: string | undefined): string[] {
  return value === undefined ? [] : value.split(',').map((item) => item.trim().toLowerCase());
}

/** Bodies are written with their length, never in chunks. */
function withoutChunking(headers: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(headers).filter(([name]) => name !== 'transfer-encoding');
}

function headerLines(headers: readonly [string, string][]): string[] {
  return headers.map(([name, value]) => `${name.replace(/\b[a-z]/g, (c) => c.toUpperCase())}: ${value}`);
}

function join(lines: readonly string[], body: Uint8Array): Uint8Array {
  const head = encoder.encode(`${lines.join('\r\n')}\r\n\r\n`);
  const result = new Uint8Array(head.length + body.length);
  result.set(head);
  result.set(body, head.length);
  return result;
}

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  206: 'Partial Content',
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  304: 'Not Modified',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  410: 'Gone',
  411: 'Length Required',
  412: 'Precondition Failed',
  413: 'Payload Too Large',
  415: 'Unsupported Media Type',
  418: "I'm a Teapot",
  422: 'Unprocessable Entity',
  423: 'Locked',
  425: 'Too Early',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
  507: 'Insufficient Storage',
};

/** The words after a status code: `404` is `Not Found`. */
function reasonPhrase(status: number): string {
  return REASONS[status] ?? 'Unknown';
}
