import type { HttpRequest, HttpResponse, Peer } from '../../../cluster/network/types.ts';
import type { ProgramContext } from '../../../cluster/runtime/types.ts';
import type { Subcommand } from '../agnhost.ts';
import { readFlags } from '../flags.ts';
import { log } from '../go.ts';
import { serveRequest } from './routes.ts';

/** A running `netexec`, as its handlers see it. */
export interface Server {
  readonly context: ProgramContext;
  readonly httpPort: number;
  readonly udpPort: number;
  isReady: boolean;
  isEnding: boolean;
  readonly exit: (code: number) => void;
}

const NAMES = {
  'http-port': undefined,
  'udp-port': undefined,
  'sctp-port': undefined,
  'tls-cert-file': undefined,
  'tls-private-key-file': undefined,
  'http-override': undefined,
  'udp-listen-addresses': undefined,
  'delay-shutdown': undefined,
};

/** Servers over HTTP and UDP that tell who asks and who answers, dial others, and run commands. */
export const netexec: Subcommand = async (context, args) => {
  const flags = readFlags(args, NAMES);
  const exit = context.deferred<number>();
  const server: Server = {
    context,
    httpPort: flags.number('http-port', 8080),
    udpPort: flags.number('udp-port', 8081),
    isReady: false,
    isEnding: false,
    exit: (code) => exit.resolve(code),
  };
  if (flags.number('sctp-port', -1) !== -1) {
    log(context, 'Error occurred: failed to create listener for SCTP: protocol not supported');
    return 1;
  }
  const delay = flags.number('delay-shutdown', 0);
  context.onSignal('SIGTERM', () => {
    server.isEnding = true;
    if (delay > 0) log(context, `Sleeping ${delay} seconds before terminating...`);
    void context.clock.sleep(delay * 1000).then(() => exit.resolve(0));
  });
  if (server.udpPort !== -1) {
    const addresses = flags.text('udp-listen-addresses', '');
    for (const ip of addresses === '' ? [undefined] : new Set(addresses.split(','))) listenUdp(server, ip);
  }
  const override = flags.text('http-override', '');
  const handle = (request: HttpRequest, from: Peer): HttpResponse | Promise<HttpResponse> =>
    serveRequest(server, override === '' ? request : { ...request, method: 'GET', path: override }, from);
  log(context, `Started HTTP server on port ${server.httpPort}`);
  const certificate = flags.text('tls-cert-file', '');
  context.net.listenHttp(
    server.httpPort,
    handle,
    certificate === '' ? {} : { certificate: context.files.readText(certificate) },
  );
  return exit.promise;
};

function listenUdp(server: Server, ip: string | undefined): void {
  const { context, udpPort } = server;
  const handle = (bytes: Uint8Array, from: Peer, respond: (answer: Uint8Array) => void): void => {
    const text = new TextDecoder().decode(bytes).trim().toLowerCase();
    const said = udpAnswer(server, text, from);
    if (said === undefined) {
      if (text !== '') log(context, `Unknown UDP command received from ${from.ip}:${from.port}: ${text}`);
      return;
    }
    log(context, `Sending udp ${text.split(' ')[0] ?? ''} response`);
    respond(new TextEncoder().encode(said));
  };
  context.net.listenUdp(udpPort, handle, ip === undefined ? {} : { ip });
  log(context, `Started UDP server on port ${ip ?? ''} ${udpPort}`);
  server.isReady = true;
}

function udpAnswer({ context, udpPort }: Server, text: string, from: Peer): string | undefined {
  if (text === 'hostname') return context.hostname;
  if (text === 'clientip') return `${from.ip}:${from.port}`;
  if (text === 'serverport') return String(udpPort);
  return text.startsWith('echo ') ? text.slice(5) : undefined;
}
