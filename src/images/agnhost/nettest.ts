import type { HttpResponse } from '../../cluster/network/types.ts';
import type { Subcommand } from './agnhost.ts';
import { readFlags } from './flags.ts';
import { answer, failure } from './go.ts';
import { nextSignal } from './simple.ts';

/** Peers are looked for so long; they are found through the API, which programs here do not reach. */
const LOOKS_FOR_PEERS_MS = 5 * 60_000;

/** Notes who has written to it (`/write`) and tells it (`/read`). */
export const nettest: Subcommand = async (context, args) => {
  const flags = readFlags(args, {
    port: undefined,
    peers: undefined,
    service: undefined,
    namespace: undefined,
    'delay-shutdown': undefined,
  });
  const startedAt = context.clock.now();
  const received = new Map<string, number>();
  const errors: string[] = [];
  const isLooking = (): boolean => context.clock.now() - startedAt < LOOKS_FOR_PEERS_MS;

  const write = (body: string): HttpResponse => {
    const source = sourceOf(body);
    if (source === undefined) errors.push('invalid character in request');
    else if (source === '') errors.push(`${context.hostname}: Got request with no source`);
    else received.set(source, (received.get(source) ?? 0) + 1);
    return answer(`${JSON.stringify({ Hostname: context.hostname })}\n`);
  };

  context.net.listenHttp(flags.number('port', 8080), ({ path, body }) => {
    switch (path) {
      case '/read': {
        const state = {
          Hostname: context.hostname,
          Sent: null,
          Received: received.size === 0 ? null : Object.fromEntries(received),
          Errors: errors.length === 0 ? null : errors,
          Log: null,
          StillContactingPeers: isLooking(),
        };
        return answer(JSON.stringify(state, undefined, '\t'));
      }
      case '/write':
        return write(body);
      case '/status':
        return answer(isLooking() ? 'running' : 'fail');
      default:
        return failure(404, '404 page not found');
    }
  });
  await nextSignal(context, ['SIGTERM']);
  await context.clock.sleep(flags.number('delay-shutdown', 0) * 1000);
  return 143;
};

/** Who has sent it; undefined where it is no JSON. */
function sourceOf(body: string): string | undefined {
  try {
    const message: unknown = JSON.parse(body);
    if (typeof message !== 'object' || message === null) return '';
    const source: unknown = (message as Readonly<Record<string, unknown>>)['Source'];
    return typeof source === 'string' ? source : '';
  } catch {
    return undefined;
  }
}
