import type { HttpResponse } from '../../cluster/network/types.ts';
import { FileError, type Program, type ProgramContext } from '../../cluster/runtime/types.ts';

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html',
  css: 'text/css',
  js: 'application/javascript',
  json: 'application/json',
  txt: 'text/plain',
  svg: 'image/svg+xml',
};
const TITLES: Readonly<Record<number, string>> = {
  301: 'Moved Permanently',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Not Allowed',
};
const ROOT = '/usr/share/nginx/html';
const MEMORY = 4 * 1024 * 1024;

/**
 * `nginx` with its default site: the files of a folder on port 80.
 * @param version as the header `server` shows it
 */
export function nginx(version: string): Program {
  return async (context) => {
    if (context.args.includes('-v')) {
      context.stderr.write(`nginx version: nginx/${version}\n`);
      return 0;
    }
    context.memory.allocate(MEMORY);
    const end = context.deferred<number>();
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)
      context.onSignal(signal, () => end.resolve(0));
    context.net.listenHttp(80, (request, from) => {
      const response = serve(context, version, request.method, request.path);
      log(
        context,
        `${from.ip} - - [${clfTime(context)}] "${request.method} ${request.path} HTTP/1.1" ${response.status} ${response.body.length} "-" "${request.headers['user-agent'] ?? '-'}" "-"`,
      );
      return response;
    });
    return end.promise;
  };
}

function serve(context: ProgramContext, version: string, method: string, path: string): HttpResponse {
  const headers = { server: `nginx/${version}`, date: new Date(context.clock.now()).toUTCString() };
  if (method !== 'GET' && method !== 'HEAD') return failure(405, version, headers);
  const [plain = '/'] = path.split('?');
  const { files } = context;
  try {
    let file = `${ROOT}${decodeURIComponent(new URL(plain, 'http://nginx').pathname)}`;
    if (files.stat(file).type === 'directory') {
      if (!plain.endsWith('/')) return failure(301, version, { ...headers, location: `${plain}/` });
      file = `${file}index.html`;
      if (!files.exists(file)) return failure(403, version, headers);
    }
    const body = files.readText(file);
    return {
      status: 200,
      headers: {
        ...headers,
        'content-type': TYPES[/\.(\w+)$/.exec(file)?.[1] ?? ''] ?? 'application/octet-stream',
        'content-length': String(new TextEncoder().encode(body).length),
        'accept-ranges': 'bytes',
      },
      body: method === 'HEAD' ? '' : body,
    };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return failure(error.code === 'EACCES' ? 403 : 404, version, headers);
  }
}

function failure(status: number, version: string, headers: Readonly<Record<string, string>>): HttpResponse {
  const title = `${status} ${TITLES[status] ?? ''}`;
  return {
    status,
    headers: { ...headers, 'content-type': 'text/html' },
    body: `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>nginx/${version}</center>\r\n</body>\r\n</html>\r\n`,
  };
}

function log(context: ProgramContext, line: string): void {
  context.stdout.write(`${line}\n`);
}

/** `26/Nov/2026:09:00:00 +0000` */
function clfTime(context: ProgramContext): string {
  const [, day, month, year, time] =
    /^\w+, (\d+) (\w+) (\d+) (\S+)/.exec(new Date(context.clock.now()).toUTCString()) ?? [];
  return `${day ?? ''}/${month ?? ''}/${year ?? ''}:${time ?? ''} +0000`;
}
