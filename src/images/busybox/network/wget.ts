import type { HttpRequest, HttpResponse } from '../../../cluster/network/types.ts';
import { NetError } from '../../../cluster/network/types.ts';
import type { Applet, Command } from '../command.ts';
import { baseName } from '../command.ts';
import { errorWords, Failure, UsageError } from '../errors.ts';
import type { Options } from '../options.ts';
import { encode } from '../streams.ts';
import { addressOf, networkWords } from './addresses.ts';

const LONG = {
  continue: 'c',
  quiet: 'q',
  server_response: 'S',
  'server-response': 'S',
  'output-document': 'O',
  'output-file': 'o',
  'directory-prefix': 'P',
  timeout: 'T',
  tries: 't',
  'user-agent': 'U',
  header: 'H',
  'post-data': 'D',
  'post-file': 'F',
  spider: 's',
  'no-check-certificate': 'k',
  'no-verbose': 'n',
  proxy: 'Y',
};
const MAX_REDIRECTS = 5;
const DEFAULT_TIMEOUT = 900;

interface Target {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly isSecure: boolean;
  readonly authorization: string | undefined;
}

/** `wget`, whose certificates nobody checks: busybox cannot. */
export const wget: Applet = async (command) => {
  const options = command.options('cqSO:o:P:T:t:U:H:D:F:snkY:', LONG);
  if (options.operands.length === 0) throw new UsageError();
  for (const url of options.operands) await new Download(command, options, url).run();
  return 0;
};

class Download {
  readonly #command: Command;
  readonly #options: Options;
  readonly #url: string;
  #connectedTo: string | undefined;
  #hasNoted = false;

  constructor(command: Command, options: Options, url: string) {
    this.#command = command;
    this.#options = options;
    this.#url = url;
  }

  async run(): Promise<void> {
    let target = parseUrl(this.#url);
    for (let redirects = 0; ; redirects++) {
      const response = await this.#request(target);
      const location = response.headers['location'];
      if (response.status >= 300 && response.status < 400 && location !== undefined) {
        if (redirects >= MAX_REDIRECTS) throw new Failure('too many redirections');
        const base = `${target.isSecure ? 'https' : 'http'}://${target.host}:${target.port}${target.path}`;
        target = parseUrl(new URL(location, base).href);
        continue;
      }
      const isGood = response.status >= 200 && response.status < 300;
      if (!isGood) throw new Failure(`server returned error: ${statusLine(response)}`);
      this.#save(target, response);
      return;
    }
  }

  #say(text: string): void {
    if (!this.#options.has('q')) this.#command.context.stderr.write(text);
  }

  async #request(target: Target): Promise<HttpResponse> {
    const { host, port } = target;
    const usual = target.isSecure ? 443 : 80;
    const shown = `${host}${port === usual ? '' : `:${port}`}`;
    const ip = await addressOf(this.#command, host, shown);
    // A redirection to the same host goes on with its address.
    if (shown !== this.#connectedTo) this.#say(`Connecting to ${shown} (${ip}:${port})\n`);
    this.#connectedTo = shown;
    const seconds = Number(this.#options.value('T') ?? DEFAULT_TIMEOUT);
    let response: HttpResponse;
    try {
      response = await this.#command.context.net.http({ ip, port }, await this.#message(target), {
        timeoutMs: seconds * 1000,
      });
    } catch (error) {
      throw this.#failure(error, ip);
    }
    if (target.isSecure) this.#noteCertificates();
    if (this.#options.has('S')) this.#showHead(response);
    await this.#command.work(response.body.length);
    return response;
  }

  /** Said once the other side has answered, since nothing is to be checked before that. */
  #noteCertificates(): void {
    if (this.#hasNoted || this.#options.has('k')) return;
    this.#command.context.stderr.write('wget: note: TLS certificate validation not implemented\n');
    this.#hasNoted = true;
  }

  /** Of an error the status is all that is read. */
  #showHead(response: HttpResponse): void {
    const { stderr } = this.#command.context;
    stderr.write(`  ${statusLine(response)}\n`);
    if (response.status >= 400) return;
    for (const [name, value] of Object.entries(response.headers)) {
      stderr.write(`  ${titled(name)}: ${value}\n`);
    }
    stderr.write('  \n');
  }

  #failure(error: unknown, ip: string): Failure {
    if (error instanceof NetError && error.code === 'ETIMEDOUT' && this.#options.has('T')) {
      return new Failure('download timed out');
    }
    if (error instanceof NetError && error.code === 'ECONNRESET') {
      return new Failure('error getting response: Connection reset by peer');
    }
    return new Failure(`can't connect to remote host (${ip}): ${networkWords(error)}`);
  }

  async #message(target: Target): Promise<HttpRequest> {
    const headers: Record<string, string> = {
      host: target.port === (target.isSecure ? 443 : 80) ? target.host : `${target.host}:${target.port}`,
      'user-agent': this.#options.value('U') ?? 'Wget',
      connection: 'close',
    };
    if (target.authorization !== undefined) headers['authorization'] = `Basic ${target.authorization}`;
    const file = this.#options.value('F');
    const body = file === undefined ? this.#options.value('D') : await this.#command.readText(file);
    if (body !== undefined) {
      headers['content-type'] = 'application/x-www-form-urlencoded';
      headers['content-length'] = String(encode(body).length);
    }
    for (const header of this.#options.values('H')) {
      const index = header.indexOf(':');
      if (index > 0) headers[header.slice(0, index).toLowerCase()] = header.slice(index + 1).trim();
    }
    const method = this.#options.has('s') ? 'HEAD' : body === undefined ? 'GET' : 'POST';
    return {
      method,
      path: target.path,
      headers,
      body: body ?? '',
      ...(target.isSecure && { secure: true }),
    };
  }

  #save(target: Target, response: HttpResponse): void {
    if (this.#options.has('s')) {
      this.#say('remote file exists\n');
      return;
    }
    const output = this.#options.value('O');
    const body = encode(response.body);
    if (output === '-') {
      this.#say('writing to stdout\n');
      this.#command.print(body);
      this.#progress('-', body.length);
      this.#say('written to stdout\n');
      return;
    }
    const folder = this.#options.value('P');
    const own = baseName(target.path.replace(/[?#].*/s, ''));
    const name = output ?? `${folder === undefined ? '' : `${folder}/`}${own === '' ? 'index.html' : own}`;
    const { files } = this.#command.context;
    const path = this.#command.path(name);
    if (output === undefined && files.exists(path)) throw new Failure(`can't open '${name}': File exists`);
    try {
      files.write(path, '', { mode: 0o644 });
      this.#say(`saving to '${name}'\n`);
      files.write(path, body, { append: true });
    } catch (error) {
      throw new Failure(`can't open '${name}': ${errorWords(error)}`);
    }
    this.#progress(baseName(name), body.length);
    this.#say(`'${name}' saved\n`);
  }

  #progress(name: string, size: number): void {
    const amount =
      size < 100_000 ? String(size).padStart(6) : `${String(Math.floor(size / 1024)).padStart(5)}k`;
    this.#say(`${name.slice(0, 20).padEnd(20)} 100% |${'*'.repeat(32)}|${amount}  0:00:00 ETA\n`);
  }
}

function parseUrl(text: string): Target {
  const scheme = /^([a-z]+):\/\//.exec(text)?.[1];
  if (scheme !== undefined && !/^https?$/.test(scheme)) throw new Failure(`not an http or ftp url: ${text}`);
  const match = /^(?:https?:\/\/)?(?:([^@/]*)@)?(\[[^\]]*\]|[^:/?#]*)(?::(\d+))?([/?][^#]*)?/.exec(text);
  const host = match?.[2] ?? '';
  if (host === '') throw new Failure(`bad address '${host}'`);
  const path = match?.[4] ?? '/';
  return {
    host,
    port: Number(match?.[3] ?? (scheme === 'https' ? 443 : 80)),
    isSecure: scheme === 'https',
    path: path.startsWith('/') ? path : `/${path}`,
    authorization: match?.[1] === undefined ? undefined : btoa(match[1]),
  };
}

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  301: 'Moved Permanently',
  302: 'Found',
  304: 'Not Modified',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Payload Too Large',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

export function statusLine({ status }: HttpResponse): string {
  return `HTTP/1.1 ${status} ${REASONS[status] ?? 'Unknown'}`;
}

function titled(name: string): string {
  return name.replace(/(^|-)([a-z])/g, (_match, dash: string, letter: string) => dash + letter.toUpperCase());
}
