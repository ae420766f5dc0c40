import type { HttpRequest, HttpResponse, Peer } from '../../../cluster/network/types.ts';
import { parseDuration } from '../flags.ts';
import { answer, durationText, log } from '../go.ts';
import { dial } from './dial.ts';
import type { Server } from './netexec.ts';
import { runShell } from './shell.ts';

type Route = (
  server: Server,
  query: URLSearchParams,
  request: HttpRequest,
  from: Peer,
) => HttpResponse | Promise<HttpResponse>;

const routes: Readonly<Record<string, Route>> = {
  '/clientip': ({ context }, _query, _request, from) => {
    log(context, 'GET /clientip');
    return answer(`${from.ip}:${from.port}`);
  },
  '/dial': dial,
  '/echo': echo,
  '/exit': exit,
  '/header': header,
  '/healthz': ({ context, isReady }) => {
    log(context, 'GET /healthz');
    return answer('', { status: isReady ? 200 : 412 });
  },
  '/hostName': hostname,
  '/hostname': hostname,
  '/readyz': ({ context, isReady, isEnding }) => {
    log(context, 'GET /readyz');
    if (isEnding) return answer('shutting down', { status: 503 });
    return isReady ? answer('ok') : answer('', { status: 412 });
  },
  '/redirect': (server, query, { method }) => {
    const location = query.get('location') ?? '';
    const code = query.get('code') ?? '';
    log(server.context, `${method} /redirect?msg=${location}&code=${code}`);
    const status = code === '' ? 302 : Number(code);
    if (!Number.isInteger(status)) return notANumber(code, 'an integer or empty');
    return answer(`<a href="${location}">${status === 302 ? 'Found' : 'Redirect'}</a>.\n\n`, {
      status,
      type: 'text/html; charset=utf-8',
      headers: { location },
    });
  },
  '/serverport': ({ context, httpPort }) => {
    log(context, 'GET /serverport');
    return answer(String(httpPort));
  },
  '/shell': runShell,
  '/shutdown': ({ context, exit: end }) => {
    log(context, 'GET /shutdown');
    end(0);
    return answer('');
  },
};

/** Answers one request; what has no route of its own gets the time. */
export function serveRequest(
  server: Server,
  request: HttpRequest,
  from: Peer,
): HttpResponse | Promise<HttpResponse> {
  const { pathname, searchParams } = new URL(request.path, 'http://agnhost');
  const route = routes[pathname];
  if (route !== undefined) return route(server, formOf(request, searchParams), request, from);
  log(server.context, 'GET /');
  const now = new Date(server.context.clock.now()).toISOString();
  return answer(`NOW: ${now.replace('T', ' ').replace('Z', '000000')} +0000 UTC`);
}

/** Values of a form that was sent, before those of the query. */
function formOf({ headers, body }: HttpRequest, query: URLSearchParams): URLSearchParams {
  if (!(headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded')) return query;
  const form = new URLSearchParams(body);
  for (const [name, value] of query) form.append(name, value);
  return form;
}

function hostname({ context }: Server, _query: URLSearchParams, { path }: HttpRequest): HttpResponse {
  log(context, `GET ${path.split('?')[0] ?? ''}`);
  return answer(context.hostname);
}

function echo({ context }: Server, query: URLSearchParams): HttpResponse {
  const message = query.get('msg') ?? '';
  const code = query.get('code') ?? '';
  log(context, `GET /echo?msg=${message}&code=${code}`);
  const status = code === '' ? 200 : Number(code);
  return Number.isInteger(status) ? answer(message, { status }) : notANumber(code, 'an integer or empty');
}

function header({ context }: Server, query: URLSearchParams, { headers }: HttpRequest): HttpResponse {
  const key = query.get('key') ?? '';
  log(context, key === '' ? 'GET /header' : `GET /header?key=${key}`);
  if (key !== '') return answer(headers[key.toLowerCase()] ?? '');
  const shown = Object.entries(headers).map(([name, value]) => [titled(name), [value]]);
  return answer(JSON.stringify(Object.fromEntries(shown)));
}

function exit(server: Server, query: URLSearchParams): HttpResponse {
  const text = {
    code: query.get('code') ?? '',
    timeout: query.get('timeout') ?? '',
    wait: query.get('wait') ?? '',
  };
  const { context } = server;
  log(context, `GET /exit?code=${text.code}&timeout=${text.timeout}&wait=${text.wait}`);
  const timeout = parseDuration(text.timeout === '' ? '0' : text.timeout);
  const wait = parseDuration(text.wait === '' ? '0' : text.wait);
  if (timeout === undefined) return notANumber(text.timeout, 'a valid golang duration or empty', 'timeout');
  if (wait === undefined) return notANumber(text.wait, 'a valid golang duration or empty', 'wait');
  const code = Number(text.code);
  if (!Number.isInteger(code)) return notANumber(text.code, 'an integer [0-127] or empty');
  log(
    context,
    `Will begin shutdown in ${durationText(wait)}, allowing ${durationText(timeout)} for connections to close, then will exit with ${code}`,
  );
  void context.clock.sleep(wait).then(() => server.exit(code));
  return answer('');
}

function notANumber(text: string, what: string, name = 'code'): HttpResponse {
  return answer(`argument '${name}' must be ${what}, got ${JSON.stringify(text)}\n`);
}

function titled(name: string): string {
  return name.replace(/(^|-)([a-z])/g, (_all, dash: string, letter: string) => dash + letter.toUpperCase());
}
