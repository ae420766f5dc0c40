import type { HttpRequest, HttpResponse } from '../../../cluster/network/types.ts';
import { FileError } from '../../../cluster/runtime/types.ts';
import type { Applet, Command } from '../command.ts';
import { Failure } from '../errors.ts';
import { normalized, statOf } from '../files/tree.ts';
import { formatDate } from '../processes/date.ts';
import { decode } from '../streams.ts';
import { networkWords } from './addresses.ts';

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html',
  htm: 'text/html',
  txt: 'text/plain',
  css: 'text/css',
  js: 'text/javascript',
  json: 'application/json',
  xml: 'text/xml',
  svg: 'image/svg+xml',
};
const TITLES: Readonly<Record<number, string>> = {
  403: 'Forbidden',
  404: 'Not Found',
  501: 'Not Implemented',
};
const DETAILS: Readonly<Record<number, string>> = {
  404: 'The requested URL was not found',
  501: 'The requested method is not recognized',
};

/** `httpd`: serves the files of a folder. In the background, unless `-f` is given. */
export const httpd: Applet = async (command) => {
  const options = command.options('c:d:h:u:p:ifvr:m:');
  const folder = command.path(options.value('h') ?? '.');
  const [ip, port] = addressOf(options.value('p') ?? '80');
  if (statOf(command.context.files, folder)?.type !== 'directory') {
    throw new Failure(`can't change directory to '${options.value('h') ?? ''}': No such file or directory`);
  }
  const verbosity = options.letters.filter((letter) => letter === 'v').length;
  const serve: (context: Command['context']) => Promise<number> = async (context) => {
    try {
      context.net.listenHttp(
        port,
        (request, from) => {
          const response = answer(command, folder, request);
          const client = `[::ffff:${from.ip}]:${from.port}`;
          if (verbosity > 1) context.stderr.write(`${client}: url:${request.path}\n`);
          if (verbosity > 0) context.stderr.write(`${client}: response:${response.status}\n`);
          return response;
        },
        ip === undefined ? {} : { ip },
      );
    } catch (error) {
      // Before it goes into the background: whoever started it is told.
      command.context.stderr.write(`httpd: bind: ${networkWords(error)}\n`);
      return 1;
    }
    return context.deferred<number>().promise;
  };
  if (options.has('f')) return serve(command.context);
  const { context } = command;
  // A daemon lets go of the streams it was started with, so that an exec of it comes to its end.
  const { output } = context.processes.pipe();
  const child = context.processes.fork(serve, context.args, {
    cwd: folder,
    stdout: output,
    stderr: output,
  });
  output.end();
  const early = await Promise.race([child.exited, context.clock.sleep(10).then(() => 0)]);
  return early;
};

/** `8080`, `127.0.0.1:8080` or `:8080`. */
function addressOf(text: string): readonly [ip: string | undefined, port: number] {
  const [, ip, port] = /^(?:(.*):)?(\d+)$/.exec(text) ?? [];
  if (port === undefined) throw new Failure(`bad port '${text}'`);
  return [ip === '' ? undefined : ip, Number(port)];
}

function answer(command: Command, folder: string, request: HttpRequest): HttpResponse {
  if (request.method !== 'GET' && request.method !== 'HEAD') return failure(command, 501);
  const [path = '/'] = request.path.split('?');
  const full = `${folder}${normalized(decodeURIComponent(path))}`;
  const { files } = command.context;
  const isFolder = statOf(files, full)?.type === 'directory';
  if (isFolder && !path.endsWith('/')) {
    return {
      status: 302,
      headers: { ...dateHeaders(command), 'content-type': 'text/html', location: `${path}/` },
      body: '',
    };
  }
  try {
    const file = isFolder ? `${full}/index.html` : full;
    const stat = files.stat(file);
    const body = decode(files.read(file));
    const headers = {
      ...dateHeaders(command),
      'content-type': TYPES[/\.(\w+)$/.exec(file)?.[1] ?? ''] ?? 'application/octet-stream',
      'accept-ranges': 'bytes',
      'last-modified': formatDate('%a, %d %b %Y %H:%M:%S GMT', stat.modified),
      'content-length': String(stat.size),
    };
    return { status: 200, headers, body: request.method === 'HEAD' ? '' : body };
  } catch (error) {
    if (error instanceof FileError) return failure(command, error.code === 'EACCES' ? 403 : 404);
    throw error;
  }
}

function failure(command: Command, status: number): HttpResponse {
  const title = `${status} ${TITLES[status] ?? ''}`;
  const body = `<HTML><HEAD><TITLE>${title}</TITLE></HEAD>\n<BODY><H1>${title}</H1>\n${DETAILS[status] ?? ''}\n</BODY></HTML>\n`;
  return { status, headers: { ...dateHeaders(command), 'content-type': 'text/html' }, body };
}

function dateHeaders(command: Command): Readonly<Record<string, string>> {
  return { date: formatDate('%a, %d %b %Y %H:%M:%S GMT', command.context.clock.now()), connection: 'close' };
}
