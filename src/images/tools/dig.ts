import { reverseName } from '../../cluster/dns/messages.ts';
import { ResolverFiles, type ResolverConfiguration } from '../../cluster/dns/resolv-conf.ts';
import { candidatesOf } from '../../cluster/dns/resolver.ts';
import type { DnsMessage, DnsType } from '../../cluster/network/dns-message.ts';
import { NetError } from '../../cluster/network/types.ts';
import { LookupError, type Program, type ProgramContext } from '../../cluster/runtime/types.ts';

const TYPES: readonly DnsType[] = [
  'A',
  'AAAA',
  'SRV',
  'PTR',
  'CNAME',
  'TXT',
  'NS',
  'SOA',
  'MX',
  'CAA',
  'HTTPS',
  'SVCB',
  'ANY',
];
const PORT = 53;
const TIMEOUT_MS = 5_000;
const TRIES = 3;

interface Question {
  readonly name: string;
  readonly type: DnsType;
  readonly server: string | undefined;
  readonly port: number;
  readonly overTcp: boolean;
  readonly searches: boolean;
  readonly isShort: boolean;
  /** `+noall +answer`: the records and nothing else. */
  readonly onlyAnswer: boolean;
}

/** `dig`: https://bind9.readthedocs.io/en/latest/manpages.html#dig-dns-lookup-utility */
export const dig: Program = async (context) => {
  const question = readQuestion(context.args.slice(1));
  const { configuration } = new ResolverFiles(context.files);
  const servers = await serversOf(context, question, configuration);
  if (servers === undefined) {
    context.stderr.write(`dig: couldn't get address for '${question.server ?? ''}': not found\n`);
    return 10;
  }
  const names = question.searches
    ? candidatesOf(question.name, configuration)
    : [question.name.replace(/\.$/, '')];
  let last: DnsMessage | undefined;
  for (const name of names) {
    last = await ask(context, servers, question, name);
    if (last === undefined) {
      const [server = ''] = servers;
      context.stdout.write(
        `;; communications error to ${server}#${question.port}: timed out\n;; no servers could be reached\n`,
      );
      return 9;
    }
    if (last.code === 'NOERROR') break;
  }
  if (last !== undefined) context.stdout.write(question.isShort ? shortText(last) : longText(last, question));
  return 0;
};

function readQuestion(args: readonly string[]): Question {
  let name = '.';
  let type: DnsType | undefined;
  let server: string | undefined;
  let port = PORT;
  const flags = new Set<string>();
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? '';
    const upper = arg.toUpperCase();
    const known = TYPES.find((each) => each === upper);
    if (arg.startsWith('@')) server = arg.slice(1);
    else if (arg.startsWith('+')) flags.add(arg.slice(1));
    else if (arg === '-x') {
      name = reverseName(args[++index] ?? '');
      type = 'PTR';
    } else if (arg === '-p') port = Number(args[++index]);
    else if (arg === '-t') type = TYPES.find((each) => each === (args[index + 1] ?? '').toUpperCase());
    else if (known !== undefined) type = known;
    else if (upper !== 'IN' && !arg.startsWith('-')) name = arg;
  }
  return {
    name,
    type: type ?? 'A',
    server,
    port,
    overTcp: flags.has('tcp') || flags.has('vc'),
    searches: flags.has('search'),
    isShort: flags.has('short'),
    onlyAnswer: flags.has('noall') && flags.has('answer'),
  };
}

async function serversOf(
  context: ProgramContext,
  { server }: Question,
  { nameservers }: ResolverConfiguration,
): Promise<readonly string[] | undefined> {
  if (server === undefined) return nameservers;
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(server)) return [server];
  try {
    return await context.net.lookup(server);
  } catch (error) {
    if (!(error instanceof LookupError)) throw error;
    return undefined;
  }
}

async function ask(
  context: ProgramContext,
  servers: readonly string[],
  { type, overTcp, port }: Question,
  name: string,
): Promise<DnsMessage | undefined> {
  const id = context.random.between(0, 0xffff);
  const query: DnsMessage = { id, question: { name, type }, answers: [], authority: [] };
  for (let attempt = 0; attempt < TRIES; attempt++) {
    for (const ip of servers) {
      try {
        const to = { ip, port };
        const message = await context.net.query(to, overTcp ? 'TCP' : 'UDP', query, {
          timeoutMs: TIMEOUT_MS,
        });
        if (message.truncated !== true) return message;
        return await context.net.query(to, 'TCP', query, { timeoutMs: TIMEOUT_MS });
      } catch (error) {
        if (!(error instanceof NetError)) throw error;
      }
    }
  }
  return undefined;
}

function shortText({ answers }: DnsMessage): string {
  return answers.map(({ type, data }) => `${dataText(type, data)}\n`).join('');
}

function longText(
  { id, code = 'NOERROR', question, answers, authority }: DnsMessage,
  { onlyAnswer }: Question,
): string {
  const lines = (records: DnsMessage['answers']): string =>
    records
      .map(({ name, ttl, type, data }) => `${name}.\t\t${ttl}\tIN\t${type}\t${dataText(type, data)}\n`)
      .join('');
  if (onlyAnswer) return lines(answers);
  const section = (title: string, text: string): string =>
    text === '' ? '' : `;; ${title} SECTION:\n${text}\n`;
  return (
    `;; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: ${code}, id: ${id}\n` +
    `;; flags: qr rd ra; QUERY: 1, ANSWER: ${answers.length}, AUTHORITY: ${authority.length}, ADDITIONAL: 1\n\n` +
    section('QUESTION', `;${question.name}.\t\tIN\t${question.type}\n`) +
    section('ANSWER', lines(answers)) +
    section('AUTHORITY', lines(authority))
  );
}

/** Names in data end with a dot. */
function dataText(type: DnsType, data: string): string {
  return ['CNAME', 'PTR', 'NS', 'SRV', 'MX'].includes(type) && !data.endsWith('.') ? `${data}.` : data;
}
