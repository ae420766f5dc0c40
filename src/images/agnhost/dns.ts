import type { ProgramContext } from '../../cluster/runtime/types.ts';
import type { Subcommand } from './agnhost.ts';

/** The search list of /etc/resolv.conf. */
export const dnsSuffix: Subcommand = (context) => printLine(context, 'search');

/** The name servers of /etc/resolv.conf. */
export const dnsServerList: Subcommand = (context) => printLine(context, 'nameserver');

export const etcHosts: Subcommand = (context) => {
  context.stdout.write(`${context.files.readText('/etc/hosts')}\n`);
  return 0;
};

function printLine(context: ProgramContext, keyword: string): number {
  const lines = context.files.readText('/etc/resolv.conf').split('\n');
  const found = lines.find((line) => line.startsWith(keyword));
  if (found === undefined) {
    context.stderr.write('panic: Could not find DNS search list!\n');
    return 2;
  }
  context.stdout.write(`${found.split(' ').slice(1).join(',')}\n`);
  return 0;
}
