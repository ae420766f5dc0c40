import { X509Certificate } from 'node:crypto';
import type { HttpRequest, HttpResponse } from '../../cluster/network/types.ts';
import { NetError } from '../../cluster/network/types.ts';
import { FileError, LookupError, type Program, type ProgramContext } from '../../cluster/runtime/types.ts';
import { parseOptions, type Options } from '../busybox/options.ts';
import { UsageError } from '../busybox/errors.ts';

/** `@` is no option of curl: it stands for a long one that has no letter. */
const SPEC = 'gqsSfkLiIvo:w:X:d:H:A:m:c:t:r:u:OG@:';
const LONG = {
  globoff: 'g',
  disable: 'q',
  silent: 's',
  'show-error': 'S',
  fail: 'f',
  insecure: 'k',
  cacert: '@',
  location: 'L',
  include: 'i',
  head: 'I',
  verbose: 'v',
  output: 'o',
  'write-out': 'w',
  request: 'X',
  data: 'd',
  header: 'H',
  'user-agent': 'A',
  'max-time': 'm',
  'connect-timeout': 'c',
  interface: 't',
  retry: 'r',
  user: 'u',
  'remote-name': 'O',
  get: 'G',
};
const MOST_REDIRECTS = 50;
const VERSION = '8.14.1';

/** What ends a transfer: curl's exit code and its words. */
class CurlError extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.name = 'CurlError';
    this.code = code;
  }
}

/** `curl`, for HTTP. https://curl.se/docs/manpage.html */
export const curl: Program = async (context) => {
  let options: Options;
  try {
    options = parseOptions(context.args.slice(1), SPEC, LONG);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    context.stderr.write(`curl: ${error.message}\ncurl: try 'curl --help' for more information\n`);
    return 2;
  }
  if (options.operands.length === 0) {
    context.stderr.write('curl: (2) no URL specified\n');
    return 2;
  }
  let code = 0;
  for (const url of options.operands) {
    try {
      await transfer(context, options, url);
      code = 0;
    } catch (error) {
      if (!(error instanceof CurlError)) throw error;
      code = error.code;
      writeOut(context, options, undefined);
      if (!options.has('s') || options.has('S')) context.stderr.write(`curl: (${code}) ${error.message}\n`);
    }
  }
  return code;
};

async function transfer(context: ProgramContext, options: Options, text: string): Promise<void> {
  let url = urlOf(text);
  let response = await exchange(context, options, url);
  for (let hops = 0; options.has('L') && isRedirect(response); hops++) {
    if (hops === MOST_REDIRECTS) throw new CurlError(47, `Maximum (${MOST_REDIRECTS}) redirects followed`);
    url = new URL(response.headers['location'] ?? '', url);
    response = await exchange(context, options, url);
  }
  if (options.has('f') && response.status >= 400) {
    throw new CurlError(22, `The requested URL returned error: ${response.status}`);
  }
  save(context, options, url, response);
  writeOut(context, options, response);
}

function urlOf(text: string): URL {
  const full = /^\w+:\/\//.test(text) ? text : `http://${text}`;
  if (!URL.canParse(full)) throw new CurlError(3, 'URL rejected: Malformed input to a URL function');
  const url = new URL(full);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new CurlError(1, `Protocol "${url.protocol.slice(0, -1)}" not supported`);
  }
  return url;
}

async function exchange(context: ProgramContext, options: Options, url: URL): Promise<HttpResponse> {
  const isSecure = url.protocol === 'https:';
  const port = Number(url.port === '' ? (isSecure ? 443 : 80) : url.port);
  const startedAt = context.clock.now();
  const ip = await addressOf(context, url.hostname);
  const all = options.value('m');
  const connect = options.value('c');
  const limit = all ?? connect;
  try {
    const response = await context.net.http({ ip, port }, requestOf(options, url), {
      ...(limit !== undefined && { timeoutMs: Number(limit) * 1000 }),
    });
    if (isSecure && !options.has('k')) checkCertificate(context, options.value('@'), response);
    return response;
  } catch (error) {
    if (!(error instanceof NetError)) throw error;
    if (error.code === 'EPROTO') {
      throw new CurlError(35, 'TLS connect error: error:0A00010B:SSL routines::wrong version number');
    }
    const ms = Math.round(context.clock.now() - startedAt);
    if (error.code === 'ETIMEDOUT') {
      const words =
        connect !== undefined && all === undefined
          ? `Failed to connect to ${url.hostname} port ${port} after ${ms} ms: Timeout was reached`
          : `Connection timed out after ${ms} milliseconds`;
      throw new CurlError(28, words);
    }
    if (error.code === 'ECONNRESET') throw new CurlError(56, 'Recv failure: Connection reset by peer');
    throw new CurlError(
      7,
      `Failed to connect to ${url.hostname} port ${port} after ${ms} ms: Could not connect to server`,
    );
  }
}

/**
 * Nothing that pods show is signed by an authority that curl knows, but one that it is told.
 * @throws CurlError
 */
function checkCertificate(
  context: ProgramContext,
  file: string | undefined,
  { certificate = '' }: HttpResponse,
): void {
  if (file !== undefined && isIssuedBy(certificate, authorityIn(context, file))) return;
  throw new CurlError(60, 'SSL certificate OpenSSL verify result: self-signed certificate (18)');
}

function authorityIn(context: ProgramContext, file: string): X509Certificate {
  try {
    return new X509Certificate(context.files.readText(file));
  } catch {
    throw new CurlError(77, `error adding trust anchors from file: ${file}`);
  }
}

function isIssuedBy(certificate: string, authority: X509Certificate): boolean {
  const shown = new X509Certificate(certificate);
  return shown.checkIssued(authority) && shown.verify(authority.publicKey);
}

async function addressOf(context: ProgramContext, host: string): Promise<string> {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(host)) return host;
  if (host === 'localhost') return '127.0.0.1';
  try {
    const [ip] = await context.net.lookup(host);
    if (ip !== undefined) return ip;
  } catch (error) {
    if (!(error instanceof LookupError)) throw error;
  }
  throw new CurlError(6, `Could not resolve host: ${host}`);
}

function requestOf(options: Options, url: URL): HttpRequest {
  const data = options.values('d').join('&');
  const headers: Record<string, string> = {
    host: url.host,
    'user-agent': options.value('A') ?? `curl/${VERSION}`,
    accept: '*/*',
  };
  const hasBody = options.has('d') && !options.has('G');
  if (hasBody) {
    headers['content-type'] = 'application/x-www-form-urlencoded';
    headers['content-length'] = String(new TextEncoder().encode(data).length);
  }
  const user = options.value('u');
  if (user !== undefined) headers['authorization'] = `Basic ${Buffer.from(user).toString('base64')}`;
  for (const header of options.values('H')) {
    const colon = header.indexOf(':');
    if (colon > 0) headers[header.slice(0, colon).trim().toLowerCase()] = header.slice(colon + 1).trim();
  }
  const query =
    options.has('G') && data !== '' ? `${url.search === '' ? '?' : `${url.search}&`}${data}` : url.search;
  const usual = options.has('I') ? 'HEAD' : hasBody ? 'POST' : 'GET';
  return {
    method: options.value('X') ?? usual,
    path: url.pathname + query,
    headers,
    body: hasBody ? data : '',
    ...(url.protocol === 'https:' && { secure: true }),
  };
}

function save(context: ProgramContext, options: Options, url: URL, response: HttpResponse): void {
  const head = options.has('i') || options.has('I') ? headOf(response) : '';
  const body = head + (options.has('I') ? '' : response.body);
  const named = options.has('O') ? url.pathname.slice(url.pathname.lastIndexOf('/') + 1) : options.value('o');
  if (named === undefined || named === '-') {
    if (body !== '') context.stdout.write(body);
    return;
  }
  if (named === '/dev/null') return;
  try {
    context.files.write(
      named.startsWith('/') ? named : `${context.cwd === '/' ? '' : context.cwd}/${named}`,
      body,
    );
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new CurlError(23, 'client returned ERROR on write');
  }
}

function headOf({ status, headers }: HttpResponse): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status}\r\n${lines.join('')}\r\n`;
}

/** `-w`: the variables that scripts ask for. */
function writeOut(context: ProgramContext, options: Options, response: HttpResponse | undefined): void {
  const format = options.value('w');
  if (format === undefined) return;
  const values: Readonly<Record<string, string>> = {
    http_code: String(response?.status ?? 0).padStart(3, '0'),
    response_code: String(response?.status ?? 0).padStart(3, '0'),
    content_type: response?.headers['content-type'] ?? '',
    size_download: String(response === undefined ? 0 : new TextEncoder().encode(response.body).length),
  };
  const text = format
    .replace(/%\{(\w+)\}/g, (_all, name: string) => values[name] ?? '')
    .replaceAll('\\n', '\n')
    .replaceAll('\\t', '\t');
  context.stdout.write(text);
}

function isRedirect({ status, headers }: HttpResponse): boolean {
  return [301, 302, 303, 307, 308].includes(status) && headers['location'] !== undefined;
}
