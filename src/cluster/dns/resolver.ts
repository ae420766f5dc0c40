import { hash32 } from '../../core/random.ts';
import { parseIp } from '../network/addresses.ts';
import type { DnsMessage, DnsType } from '../network/dns-message.ts';
import { NetError, type Address } from '../network/types.ts';
import { LookupError, type FileSystem } from '../runtime/types.ts';
import { normalName } from './messages.ts';
import { type ResolverConfiguration, ResolverFiles } from './resolv-conf.ts';

export interface LookupOptions {
  /** The files of the container: /etc/hosts and /etc/resolv.conf are read at every call. */
  readonly files: Pick<FileSystem, 'readText'>;
  /** One exchange; rejects with NetError, also ETIMEDOUT after `timeoutMs`. */
  readonly query: (
    to: Address,
    protocol: 'UDP' | 'TCP',
    query: DnsMessage,
    options: { timeoutMs: number },
  ) => Promise<DnsMessage>;
}

export type Lookup = (name: string, options?: { type?: DnsType }) => Promise<readonly string[]>;

/** What became of one name: its records, none of that type, no such name, or no answer from anybody. */
type Answer =
  | { readonly kind: 'records'; readonly data: readonly string[] }
  | { readonly kind: 'none' | 'no such name' | 'server failure' | 'no answer' };

/**
 * Looks names up as glibc does: /etc/hosts, then the servers of /etc/resolv.conf with its search list. Without a
 * type it asks for A and AAAA at once and gives addresses, as `getaddrinfo` does; with one it gives the data of
 * such records.
 *
 * The lookup throws LookupError: ENOTFOUND where every name of the search list has no such record, EAI_AGAIN
 * where no server gave an answer.
 */
export function createLookup(options: LookupOptions): Lookup {
  let turn = 0;
  const files = new ResolverFiles(options.files);
  return async (name, { type } = {}) => {
    if (type === undefined || type === 'A') {
      if (parseIp(name) !== undefined) return [name];
      const known = files.addressesOf(name);
      if (known.length > 0) return known;
    }
    const { configuration } = files;
    const start = configuration.rotate ? turn++ : 0;
    const resolver = new Resolver(options, configuration, start);
    let best: 'ENOTFOUND' | 'EAI_AGAIN' = 'ENOTFOUND';
    for (const candidate of candidatesOf(name, configuration)) {
      const answer =
        type === undefined ? await resolver.addresses(candidate) : await resolver.ask(candidate, type);
      if (answer.kind === 'records') return answer.data;
      if (answer.kind === 'no answer') throw new LookupError('EAI_AGAIN', name);
      if (answer.kind === 'server failure') best = 'EAI_AGAIN';
      if (answer.kind === 'none') best = 'ENOTFOUND';
    }
    throw new LookupError(best, name);
  };
}

/**
 * The names that stand for a name, in the order in which they are asked for: with fewer dots than `ndots` first
 * those of the search list, otherwise first the name itself.
 */
export function candidatesOf(
  name: string,
  { search, ndots }: Pick<ResolverConfiguration, 'search' | 'ndots'>,
): string[] {
  const plain = normalName(name);
  if (name.endsWith('.')) return [plain];
  const searched = search.map((domain) => `${plain}.${domain}`);
  const dots = plain.split('.').length - 1;
  return dots >= ndots ? [plain, ...searched] : [...searched, plain];
}

class Resolver {
  readonly #options: LookupOptions;
  readonly #configuration: ResolverConfiguration;
  readonly #start: number;

  constructor(options: LookupOptions, configuration: ResolverConfiguration, start: number) {
    this.#options = options;
    this.#configuration = configuration;
    this.#start = start;
  }

  /** A and AAAA at once; what A says counts, unless only AAAA has something. */
  async addresses(name: string): Promise<Answer> {
    const [four, six] = await Promise.all([this.ask(name, 'A'), this.ask(name, 'AAAA')]);
    return four.kind !== 'records' && six.kind === 'records' ? six : four;
  }

  async ask(name: string, type: DnsType): Promise<Answer> {
    const { nameservers, attempts, timeoutMs } = this.#configuration;
    let failure: Answer = { kind: 'no answer' };
    for (let attempt = 0; attempt < attempts; attempt++) {
      for (let index = 0; index < nameservers.length; index++) {
        const ip = nameservers[(index + this.#start) % nameservers.length] ?? '';
        // The second and third server get their share of a doubled time.
        const share = index === 0 ? timeoutMs : (timeoutMs * 2 ** index) / nameservers.length;
        const answer = await this.#exchange(ip, name, type, Math.max(1000, Math.floor(share / 1000) * 1000));
        if (answer === undefined) continue;
        if (answer.code === 'NOERROR') return answerOf(answer, type);
        if (answer.code === 'NXDOMAIN') return { kind: 'no such name' };
        failure = { kind: 'server failure' };
      }
    }
    return failure;
  }

  /** @returns undefined where the server gives no answer */
  async #exchange(
    ip: string,
    name: string,
    type: DnsType,
    timeoutMs: number,
  ): Promise<DnsMessage | undefined> {
    const to = { ip, port: 53 };
    const query: DnsMessage = {
      id: queryId(name, type, to),
      question: { name, type },
      answers: [],
      authority: [],
    };
    try {
      const first = this.#configuration.useTcp ? 'TCP' : 'UDP';
      const answer = await this.#options.query(to, first, query, { timeoutMs });
      if (answer.truncated !== true) return answer;
      return await this.#options.query(to, 'TCP', query, { timeoutMs });
    } catch (error) {
      if (error instanceof NetError) return undefined;
      throw error;
    }
  }
}

/** A number that looks drawn but follows from the question, so that lookups need no random stream. */
export function queryId(name: string, type: DnsType, to: Address): number {
  return hash32(`${name} ${type} ${to.ip}`) % 65536;
}

function answerOf(answer: DnsMessage, type: DnsType): Answer {
  const data = answer.answers
    .filter((record) => type === 'ANY' || record.type === type)
    .map((record) => (NAMES.has(record.type) ? record.data.replace(/\.$/, '') : record.data));
  return data.length === 0 ? { kind: 'none' } : { kind: 'records', data };
}

/** Types whose data is a name; programs want it without the final dot. */
const NAMES = new Set<DnsType>(['PTR', 'CNAME', 'NS']);
