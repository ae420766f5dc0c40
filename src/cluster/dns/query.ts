import { parseIp } from '../network/addresses.ts';
import type { DnsMessage, DnsType } from '../network/dns-message.ts';
import { NetError, type Address } from '../network/types.ts';
import { normalName, reverseName } from './messages.ts';
import { ResolverFiles } from './resolv-conf.ts';
import { queryId, type LookupOptions } from './resolver.ts';

/** One question of a tool and what came back. */
interface QueryResult {
  /** Without the final dot. */
  readonly name: string;
  readonly type: DnsType;
  /** NetError where the server refused or did not answer in time. */
  readonly outcome: DnsMessage | NetError;
}

export interface QueryReport {
  /** The server that was asked last: the first that answered, or the last of the list. */
  readonly server: Address;
  readonly results: readonly QueryResult[];
}

export interface QueryRequest {
  /** A and AAAA where it is left out; PTR for an address. */
  readonly types?: readonly DnsType[];
  /** Instead of those of /etc/resolv.conf. */
  readonly server?: Address;
  /** For how long one server is asked, in milliseconds; 5000 unless told. */
  readonly timeoutMs?: number;
  /** How often a question is sent in that time; 2 unless told. */
  readonly tries?: number;
}

/**
 * Asks name servers as busybox' nslookup does and gives whole messages: a name without a dot with every domain of
 * the search list at once, any other as it is, all types at once; the next server where one does not answer.
 */
export async function queryServers(
  options: LookupOptions,
  name: string,
  request: QueryRequest = {},
): Promise<QueryReport> {
  const { configuration } = new ResolverFiles(options.files);
  const servers: Address[] =
    request.server === undefined
      ? configuration.nameservers.map((ip) => ({ ip, port: 53 }))
      : [request.server];
  const isAddress = parseIp(name) !== undefined;
  const names = isAddress ? [reverseName(name)] : namesOf(name, configuration.search);
  const types = request.types ?? (isAddress ? (['PTR'] as const) : (['A', 'AAAA'] as const));
  const questions = types.flatMap((type) => names.map((one) => ({ name: one, type })));
  let report: QueryReport | undefined;
  for (const server of servers) {
    const results = await Promise.all(questions.map((question) => ask(options, server, question, request)));
    report = { server, results };
    if (results.some(({ outcome }) => !(outcome instanceof NetError))) break;
  }
  return report ?? { server: { ip: '127.0.0.1', port: 53 }, results: [] };
}

function namesOf(name: string, search: readonly string[]): string[] {
  const plain = normalName(name);
  return name.includes('.') || search.length === 0 ? [plain] : search.map((domain) => `${plain}.${domain}`);
}

async function ask(
  { query }: LookupOptions,
  server: Address,
  question: { name: string; type: DnsType },
  { timeoutMs = 5000, tries = 2 }: QueryRequest,
): Promise<QueryResult> {
  const id = queryId(question.name, question.type, server);
  const message: DnsMessage = { id, question, answers: [], authority: [] };
  let problem = new NetError('ETIMEDOUT', `${server.ip}:${server.port}`);
  for (let attempt = 0; attempt < tries; attempt++) {
    try {
      const outcome = await query(server, 'UDP', message, { timeoutMs: timeoutMs / tries });
      return { ...question, outcome };
    } catch (error) {
      if (!(error instanceof NetError)) throw error;
      problem = error;
      // Refused at once: busybox does not ask again.
      if (error.code !== 'ETIMEDOUT') break;
    }
  }
  return { ...question, outcome: problem };
}
