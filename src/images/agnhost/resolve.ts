import { LookupError, type ProgramContext } from '../../cluster/runtime/types.ts';

/** The address of a host: itself where it is one. @throws LookupError */
export async function resolveAddress(context: ProgramContext, host: string): Promise<string> {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(host)) return host;
  const [ip] = await context.net.lookup(host);
  if (ip === undefined) throw new LookupError('ENOTFOUND', host);
  return ip;
}
