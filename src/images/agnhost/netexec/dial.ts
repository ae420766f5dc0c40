import type { HttpResponse } from '../../../cluster/network/types.ts';
import { NetError, type NetErrorCode } from '../../../cluster/network/types.ts';
import { LookupError, type ProgramContext } from '../../../cluster/runtime/types.ts';
import { answer, failure, log } from '../go.ts';
import { resolveAddress } from '../resolve.ts';
import type { Server } from './netexec.ts';

const TIMEOUT_MS = 5_000;
const WORDS: Readonly<Partial<Record<NetErrorCode, string>>> = {
  ECONNREFUSED: 'connect: connection refused',
  ETIMEDOUT: 'i/o timeout',
  EHOSTUNREACH: 'connect: no route to host',
  ECONNRESET: 'read: connection reset by peer',
};

interface Target {
  readonly ip: string;
  readonly port: number;
}

/** Asks another server so many times and tells what came of it. */
export async function dial({ context }: Server, query: URLSearchParams): Promise<HttpResponse> {
  const value = (name: string): string => query.get(name) ?? '';
  const [host, port, request, protocol, tries] = ['host', 'port', 'request', 'protocol', 'tries'].map(value);
  log(
    context,
    `GET /dial?host=${host ?? ''}&protocol=${protocol ?? ''}&port=${port ?? ''}&request=${request ?? ''}&tries=${tries ?? ''}`,
  );
  const to = { host: host ?? '', port: Number(port) };
  return tryAll(context, to, { request: request ?? '', protocol: protocol ?? '', tries: tries ?? '' });
}

interface Wanted {
  readonly request: string;
  readonly protocol: string;
  readonly tries: string;
}

async function tryAll(
  context: ProgramContext,
  { host, port }: { readonly host: string; readonly port: number },
  { request, protocol, tries }: Wanted,
): Promise<HttpResponse> {
  const count = tries === '' ? 1 : Number(tries);
  if (!Number.isInteger(count)) {
    return failure(
      400,
      `tries parameter is invalid. strconv.Atoi: parsing ${JSON.stringify(tries)}: invalid syntax`,
    );
  }
  if (request === '') return failure(400, 'request parameter not specified. <nil>');
  const one = { '': dialHttp, http: dialHttp, udp: dialUdp }[protocol.toLowerCase()];
  if (one === undefined) return failure(400, `unsupported protocol. ${protocol}`);
  let ip: string;
  try {
    ip = await resolveAddress(context, host);
  } catch (error) {
    if (!(error instanceof LookupError)) throw error;
    return failure(400, `host and/or port param are invalid. lookup ${host}: no such host`);
  }
  const responses: string[] = [];
  const errors: string[] = [];
  let last = '';
  for (let index = 0; index < count; index++) {
    const result = await one(context, { ip, port }, request);
    if ('error' in result) errors.push(result.error);
    else responses.push(result.text);
    last = 'error' in result ? '' : result.text;
  }
  return answer(JSON.stringify({ ...(errors.length > 0 && { errors }), ...(last !== '' && { responses }) }));
}

type Result = { readonly text: string } | { readonly error: string };

async function dialHttp(context: ProgramContext, to: Target, request: string): Promise<Result> {
  const host = `${to.ip}:${to.port}`;
  const message = {
    method: 'GET',
    path: `/${request}`,
    headers: { host, 'user-agent': 'Go-http-client/1.1', 'accept-encoding': 'gzip' },
    body: '',
  };
  try {
    return { text: (await context.net.http(to, message, { timeoutMs: TIMEOUT_MS })).body };
  } catch (error) {
    return { error: `Get "http://${host}/${request}": dial tcp ${host}: ${words(error)}` };
  }
}

async function dialUdp(context: ProgramContext, to: Target, request: string): Promise<Result> {
  const bytes = new TextEncoder().encode(request);
  try {
    const answered = await context.net.datagram(to, bytes, { timeoutMs: TIMEOUT_MS });
    return { text: new TextDecoder().decode(answered) };
  } catch (error) {
    return {
      error: `reading from udp connection failed. err:'read udp ${context.net.ip}->${to.ip}:${to.port}: ${words(error)}'`,
    };
  }
}

function words(error: unknown): string {
  if (!(error instanceof NetError)) throw error;
  return WORDS[error.code] ?? error.code;
}
