import type { Subcommand } from './agnhost.ts';
import { readFlags } from './flags.ts';
import { answer, durationText, failure } from './go.ts';
import { forever } from './simple.ts';

const ALIVE_MS = 10_000;

/** Is healthy for ten seconds and never again. */
export const liveness: Subcommand = (context, args) => {
  readFlags(args, {});
  const startedAt = context.clock.now();
  context.net.listenHttp(8080, (request) => {
    const { pathname, searchParams } = new URL(request.path, 'http://agnhost');
    const age = context.clock.now() - startedAt;
    switch (pathname) {
      case '/started':
        return answer(durationText(age));
      case '/healthz':
        return age > ALIVE_MS ? answer(`error: ${age / 1000}`, { status: 500 }) : answer('ok');
      case '/redirect':
        return answer('', { status: 302, headers: { location: searchParams.get('loc') ?? '' } });
      default:
        return failure(404, '404 page not found');
    }
  });
  return forever(context);
};
