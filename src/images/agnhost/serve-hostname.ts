import type { Subcommand } from './agnhost.ts';
import { readFlags } from './flags.ts';
import { answer, log } from './go.ts';
import { nextSignal } from './simple.ts';

const LAST_MS = 60_000;

/** Says its host name over HTTP, or over plain TCP and UDP. */
export const serveHostname: Subcommand = async (context, args) => {
  const flags = readFlags(args, { port: undefined }, ['tcp', 'udp', 'http', 'close']);
  const port = flags.number('port', 9376);
  const { hostname, net } = context;
  const isHttp = flags.text('http', 'true') !== 'false';
  if (isHttp && (flags.isSet('tcp') || flags.isSet('udp'))) {
    log(context, "Can't server TCP/UDP mode and HTTP mode at the same time");
    return 1;
  }
  const bytes = new TextEncoder().encode(hostname);
  if (flags.isSet('tcp')) {
    net.listenTcp(port, (connection, from) => {
      log(context, `TCP request from ${from.ip}:${from.port}`);
      return {
        open: () => {
          connection.write(bytes);
          connection.end();
        },
        data: () => {},
        end: () => {},
        error: () => {},
      };
    });
  }
  if (flags.isSet('udp')) {
    net.listenUdp(port, (_bytes, from, respond) => {
      log(context, `UDP request from ${from.ip}:${from.port}`);
      respond(bytes);
    });
  }
  if (isHttp) {
    const headers: Record<string, string> = flags.isSet('close') ? { connection: 'close' } : {};
    net.listenHttp(port, (_request, from) => {
      log(context, `HTTP request from ${from.ip}:${from.port}`);
      return answer(hostname, { headers });
    });
  }
  log(context, `Serving on port ${port}.\n`.trimEnd());
  await nextSignal(context, ['SIGTERM']);
  log(context, 'Shutting down after receiving signal: terminated.');
  log(context, 'Awaiting pod deletion.');
  await context.clock.sleep(LAST_MS);
  return 0;
};
