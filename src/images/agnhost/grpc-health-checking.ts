import { healthAnswer, serviceOf } from '../../cluster/network/grpc-health.ts';
import type { Subcommand } from './agnhost.ts';
import { readFlags } from './flags.ts';
import { answer, durationText, failure, log } from './go.ts';
import { forever } from './simple.ts';

/** Answers health checks over gRPC: serving, until it is told otherwise or its time is over. */
export const grpcHealthChecking: Subcommand = (context, args) => {
  const flags = readFlags(args, {
    port: undefined,
    'http-port': undefined,
    'delay-unhealthy-sec': undefined,
    service: undefined,
    'tls-cert-file': undefined,
    'tls-private-key-file': undefined,
  });
  const startedAt = context.clock.now();
  const limit = flags.number('delay-unhealthy-sec', -1);
  const service = flags.text('service', '');
  let forced: boolean | undefined;
  const age = (): number => context.clock.now() - startedAt;
  context.net.listenHttp(flags.number('http-port', 8080), ({ path }) => {
    if (path !== '/make-serving' && path !== '/make-not-serving') return failure(404, '404 page not found');
    forced = path === '/make-serving';
    log(context, `Mark as ${forced ? 'healthy' : 'unhealthy'}`);
    return answer(durationText(age()));
  });
  const certificate = flags.text('tls-cert-file', '');
  context.net.listenHttp(
    flags.number('port', 5000),
    (request) => {
      const asked = serviceOf(request);
      if (asked === undefined) return failure(415, 'invalid gRPC request');
      log(context, 'Serving the Check request for health check');
      if (asked !== service) return healthAnswer('unknown');
      const isOver = limit >= 0 && age() >= limit * 1000;
      return healthAnswer(forced === false || isOver ? 'not serving' : 'serving');
    },
    certificate === '' ? {} : { certificate: context.files.readText(certificate) },
  );
  return forever(context);
};
