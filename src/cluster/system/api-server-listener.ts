import type { ApiServer } from '../apiserver/api-server.ts';
import { MIN_WATCH_SECONDS } from '../apiserver/rest/watch.ts';
import type { ApiResponse } from '../apiserver/types.ts';
import type { HttpResponse, Listener } from '../network/types.ts';
import { SECOND, type Simulation } from '../simulation/simulation.ts';

/** What a server says to whoever wants to exec or to forward ports over plain requests. */
const NO_UPGRADE: HttpResponse = {
  status: 400,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: 'unable to upgrade: missing upgrade headers in request',
};
const decoder = new TextDecoder();

/**
 * The API server as pods reach it, behind the Service `kubernetes`, over TLS. A watch is answered when it has ended: the
 * programs of pods take an answer as a whole.
 * @param certificate PEM of what it shows: the cluster's authority
 */
export function apiServerListener(
  simulation: Simulation,
  server: Pick<ApiServer, 'handle'>,
  certificate: string,
): Listener {
  return {
    kind: 'http',
    certificate,
    handle({ method, path: target, headers, body }, _from, respond, whenGone) {
      const [path = '', query = ''] = target.split(/\?(.*)/s, 2);
      const answer = server.handle({ method, path, query, headers, body: Buffer.from(body) }, 'inside');
      const seconds = Number(new URLSearchParams(query).get('timeoutSeconds'));
      const answerWith = (given: ApiResponse): void => {
        if (given.kind === 'complete') respond(whole(given));
        else if (given.kind === 'stream') whenGone(collect(simulation, given, seconds, respond));
        else respond(NO_UPGRADE);
      };
      if (answer.kind === 'deferred') answer.start(answerWith);
      else answerWith(answer);
    },
  };
}

function whole({ status, headers, body }: Extract<ApiResponse, { kind: 'complete' }>): HttpResponse {
  return { status, headers, body: decoder.decode(body) };
}

/**
 * @param seconds after which it is enough; 0: as long as the server likes
 * @returns what ends it without an answer
 */
function collect(
  simulation: Simulation,
  stream: Extract<ApiResponse, { kind: 'stream' }>,
  seconds: number,
  respond: (response: HttpResponse) => void,
): () => void {
  const { status, headers } = stream;
  let body = '';
  const text = new TextDecoder();
  const timer = simulation.after(
    (seconds > 0 ? seconds : MIN_WATCH_SECONDS) * SECOND,
    'apiserver/stream',
    () => {
      close();
      respond({ status, headers, body });
    },
  );
  const close = stream.open({
    write: (bytes) => {
      body += text.decode(bytes, { stream: true });
    },
    end: () => {
      timer.cancel();
      respond({ status, headers, body });
    },
  });
  return () => {
    timer.cancel();
    close();
  };
}
