import { NetError } from '../../cluster/network/types.ts';
import { LookupError, type ProgramContext } from '../../cluster/runtime/types.ts';
import type { Subcommand } from './agnhost.ts';
import { parseDuration, readFlags } from './flags.ts';
import { resolveAddress } from './resolve.ts';

/** Tries one connection and says on standard error what became of it. */
export const connect: Subcommand = async (context, args) => {
  const flags = readFlags(args, {
    timeout: undefined,
    protocol: undefined,
    'udp-data': undefined,
    'sctp-data': undefined,
  });
  const [target = ''] = flags.operands;
  const timeout = parseDuration(flags.text('timeout', '0')) ?? 0;
  const protocol = flags.text('protocol', 'tcp');
  const [, host, port] = /^\[?([^\]]*?)\]?:(\d+)$/.exec(target) ?? [];
  const fail = (text: string): number => {
    context.stderr.write(`${text}\n`);
    return 1;
  };
  if (host === undefined || port === undefined) {
    return fail(`UNKNOWN: address ${target}: missing port in address`);
  }
  if (protocol !== 'tcp' && protocol !== 'udp') return fail(`Unsupported protocol\n${protocol}`);
  const limit = timeout > 0 ? { timeoutMs: timeout } : {};
  try {
    const to = { ip: await resolveAddress(context, host), port: Number(port) };
    if (protocol === 'tcp') await dial(context, to, limit);
    else await context.net.datagram(to, new TextEncoder().encode(`${flags.text('udp-data', '')}\n`), limit);
    return 0;
  } catch (error) {
    if (error instanceof LookupError) return fail(`DNS: lookup ${host}: no such host`);
    if (!(error instanceof NetError)) throw error;
    if (error.code === 'ETIMEDOUT') return fail('TIMEOUT');
    return fail(error.code === 'ECONNREFUSED' ? 'REFUSED' : `OTHER: ${error.message}`);
  }
};

async function dial(
  context: ProgramContext,
  to: { readonly ip: string; readonly port: number },
  limit: { readonly timeoutMs?: number },
): Promise<void> {
  const done = context.deferred<undefined>();
  const connection = context.net.connect(
    to,
    {
      open: () => done.resolve(undefined),
      data: () => {},
      end: () => {},
      error: (error) => done.reject(error),
    },
    limit,
  );
  await done.promise;
  connection.destroy();
}
