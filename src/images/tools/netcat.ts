import { NetError, type Connection } from '../../cluster/network/types.ts';
import { LookupError, type Program, type ProgramContext } from '../../cluster/runtime/types.ts';
import { parseOptions, type Options } from '../busybox/options.ts';
import { UsageError } from '../busybox/errors.ts';

const DEFAULT_UDP_WAIT_MS = 5_000;

/** `nc` of OpenBSD, as a client over TCP and UDP. https://man.openbsd.org/nc.1 */
export const netcat: Program = async (context) => {
  let options: Options;
  try {
    options = parseOptions(context.args.slice(1), '46vztuw:nq:N');
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    context.stderr.write(`nc: ${error.message}\nusage: nc [-46NnqtuvZz] [-w timeout] [destination] [port]\n`);
    return 1;
  }
  const [host, portText] = options.operands;
  if (host === undefined || portText === undefined) {
    context.stderr.write('usage: nc [-46NnqtuvZz] [-w timeout] [destination] [port]\n');
    return 1;
  }
  const port = Number(portText);
  const ip = await addressOf(context, host);
  if (ip === undefined) {
    context.stderr.write(`nc: getaddrinfo for host "${host}" port ${portText}: Name does not resolve\n`);
    return 1;
  }
  return options.has('u')
    ? overUdp(context, options, { host, ip, port })
    : overTcp(context, options, { host, ip, port });
};

interface Target {
  readonly host: string;
  readonly ip: string;
  readonly port: number;
}

async function addressOf(context: ProgramContext, host: string): Promise<string | undefined> {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(host)) return host;
  try {
    return (await context.net.lookup(host))[0];
  } catch (error) {
    if (!(error instanceof LookupError)) throw error;
    return undefined;
  }
}

function succeeded({ host, ip, port }: Target, protocol: string): string {
  const shown = host === ip ? host : `${host} (${ip})`;
  return `Connection to ${shown} ${port} port [${protocol}/*] succeeded!\n`;
}

async function overTcp(context: ProgramContext, options: Options, target: Target): Promise<number> {
  const { ip, port, host } = target;
  const seconds = options.value('w');
  const opened = context.deferred<Connection | NetError>();
  const ended = context.deferred<undefined>();
  const connection = context.net.connect(
    { ip, port },
    {
      open: (open) => opened.resolve(open),
      data: (bytes) => context.stdout.write(bytes),
      end: () => ended.resolve(undefined),
      error: (error) => {
        opened.resolve(error);
        ended.resolve(undefined);
      },
    },
    seconds === undefined ? {} : { timeoutMs: Number(seconds) * 1000 },
  );
  const first = await opened.promise;
  if (first instanceof NetError) {
    const words = first.code === 'ECONNREFUSED' ? 'Connection refused' : 'Operation timed out';
    if (options.has('v')) {
      context.stderr.write(`nc: connect to ${host} port ${port} (tcp) failed: ${words}\n`);
    }
    return 1;
  }
  if (options.has('v')) context.stderr.write(succeeded(target, 'tcp'));
  if (options.has('z')) {
    connection.destroy();
    return 0;
  }
  void feed(context, connection);
  const idle = seconds === undefined ? [] : [context.clock.sleep(Number(seconds) * 1000)];
  await Promise.race([ended.promise, ...idle]);
  connection.destroy();
  return 0;
}

async function feed(context: ProgramContext, connection: Connection): Promise<void> {
  for (let bytes = await context.stdin.read(); bytes !== undefined; bytes = await context.stdin.read()) {
    connection.write(bytes);
  }
}

async function overUdp(context: ProgramContext, options: Options, target: Target): Promise<number> {
  const seconds = options.value('w');
  const timeoutMs = seconds === undefined ? DEFAULT_UDP_WAIT_MS : Number(seconds) * 1000;
  if (options.has('v')) context.stderr.write(succeeded(target, 'udp'));
  if (options.has('z')) return 0;
  for (let bytes = await context.stdin.read(); bytes !== undefined; bytes = await context.stdin.read()) {
    try {
      context.stdout.write(await context.net.datagram(target, bytes, { timeoutMs }));
    } catch (error) {
      if (!(error instanceof NetError)) throw error;
      if (error.code === 'ECONNREFUSED') return 1;
    }
  }
  return 0;
}
