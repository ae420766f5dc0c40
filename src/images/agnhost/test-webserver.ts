import type { HttpResponse } from '../../cluster/network/types.ts';
import { FileError, type ProgramContext } from '../../cluster/runtime/types.ts';
import type { Subcommand } from './agnhost.ts';
import { readFlags } from './flags.ts';
import { answer, failure } from './go.ts';
import { forever } from './simple.ts';

const HEADERS = {
  'cache-control': 'private',
  'access-control-allow-origin': '*',
  'access-control-allow-credentials': 'true',
  'access-control-allow-methods': 'GET, POST, OPTIONS',
  'access-control-allow-headers':
    'DNT,X-Mx-ReqToken,Keep-Alive,User-Agent,X-Requested-With,Cache-Control,Content-Type',
};
const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json',
};

/** Serves every file of the container. */
export const testWebserver: Subcommand = (context, args) => {
  const flags = readFlags(args, { port: undefined });
  context.net.listenHttp(flags.number('port', 80), (request) => serveFile(context, request.path));
  return forever(context);
};

function serveFile({ files }: ProgramContext, path: string): HttpResponse {
  const { pathname } = new URL(path, 'http://agnhost');
  const file = decodeURIComponent(pathname);
  try {
    if (files.stat(file).type === 'directory') {
      if (!file.endsWith('/')) return answer('', { status: 301, headers: { location: `${file}/` } });
      const names = files.list(file).map((name) => {
        const shown = files.lstat(`${file}${name}`).type === 'directory' ? `${name}/` : name;
        return `<a href="${encodeURI(shown)}">${shown}</a>\n`;
      });
      const body = `<!doctype html>\n<meta name="viewport" content="width=device-width">\n<pre>\n${names.join('')}</pre>\n`;
      return answer(body, { type: 'text/html; charset=utf-8', headers: HEADERS });
    }
    const type = TYPES[/\.(\w+)$/.exec(file)?.[1] ?? ''];
    return answer(files.readText(file), { headers: HEADERS, ...(type !== undefined && { type }) });
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return error.code === 'EACCES' ? failure(403, '403 Forbidden') : failure(404, '404 page not found');
  }
}
