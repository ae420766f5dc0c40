import type { ApiServer } from '../apiserver/api-server.ts';
import type { ApiResponse } from '../apiserver/types.ts';
import type { HttpResponse, Listener } from '../network/types.ts';

const decoder = new TextDecoder();
/** What a server says to whoever wants to exec or to forward ports over plain requests. */
const NO_UPGRADE: HttpResponse = {
  status: 400,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: 'unable to upgrade: missing upgrade headers in request',
};

/**
 * The API server as pods reach it, behind the Service `kubernetes`. A watch is answered when it has ended: the programs
 * of pods take an answer as a whole.
 * @param certificate PEM of what it shows
 */
export function apiServerListener(server: Pick<ApiServer, 'handle'>, certificate: string): Listener {
  return {
    kind: 'http',
    certificate,
    handle({ method, path: target, headers, body }, _from, respond) {
      const mark = target.indexOf('?');
      const answer = server.handle({
        method,
        path: mark < 0 ? target : target.slice(0, mark),
        query: mark < 0 ? '' : target.slice(mark + 1),
        headers,
        body: Buffer.from(body),
      });
      if (answer.kind === 'deferred') answer.start((complete) => respond(whole(complete)));
      else if (answer.kind === 'complete') respond(whole(answer));
      else if (answer.kind === 'stream') collect(answer, respond);
      else respond(NO_UPGRADE);
    },
  };
}

function whole({ status, headers, body }: Extract<ApiResponse, { kind: 'complete' }>): HttpResponse {
  return { status, headers, body: decoder.decode(body) };
}

function collect(
  stream: Extract<ApiResponse, { kind: 'stream' }>,
  respond: (response: HttpResponse) => void,
): void {
  const { status, headers } = stream;
  let body = '';
  stream.open({
    write: (bytes) => {
      body += decoder.decode(bytes);
    },
    end: () => respond({ status, headers, body }),
  });
}
