import type { Command } from '../command.ts';
import { Failure } from '../errors.ts';
import { LookupError } from '../../../cluster/runtime/types.ts';
import type { NetErrorCode } from '../../../cluster/network/types.ts';
import { NetError } from '../../../cluster/network/types.ts';

/** strerror(3) of what a connection can end with. */
const WORDS: Readonly<Record<NetErrorCode, string>> = {
  ECONNREFUSED: 'Connection refused',
  ETIMEDOUT: 'Connection timed out',
  EHOSTUNREACH: 'No route to host',
  ENETUNREACH: 'Network is unreachable',
  ECONNRESET: 'Connection reset by peer',
  EADDRINUSE: 'Address already in use',
  EPROTO: 'Protocol error',
};

/** @throws whatever is no network error */
export function networkWords(error: unknown): string {
  if (error instanceof NetError) return WORDS[error.code];
  throw error;
}

export function isAddress(host: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(host) || host.includes(':');
}

/**
 * The first address of a host.
 * @param shown how the command was told of it
 * @throws Failure `bad address 'x'`
 */
export async function addressOf(command: Command, host: string, shown = host): Promise<string> {
  if (isAddress(host)) return host;
  try {
    const [ip] = await command.context.net.lookup(host);
    if (ip !== undefined) return ip;
  } catch (error) {
    if (!(error instanceof LookupError)) throw error;
  }
  throw new Failure(`bad address '${shown}'`);
}
