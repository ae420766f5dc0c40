import type { DnsMessage, DnsRecord, DnsType } from '../../../cluster/network/dns-message.ts';
import { NetError } from '../../../cluster/network/types.ts';
import type { Applet, Command } from '../command.ts';
import { Failure, UsageError } from '../errors.ts';
import { addressOf, isAddress, networkWords } from './addresses.ts';

const TYPES: readonly DnsType[] = ['A', 'AAAA', 'SRV', 'PTR', 'CNAME', 'TXT', 'NS', 'SOA', 'MX', 'ANY'];
const PORT = 53;
const DEFAULT_TIMEOUT = 5;
const DEFAULT_RETRIES = 2;

interface Server {
  /** As it was named. */
  readonly name: string;
  readonly ip: string;
}

/** `nslookup`: asks for addresses of both kinds, unless `-type` says otherwise. */
export const nslookup: Applet = async (command) => {
  const flags = command.args.filter((argument) => argument.startsWith('-'));
  const [name, server] = command.args.filter((argument) => !argument.startsWith('-'));
  if (name === undefined) throw new UsageError();
  const settings = readFlags(flags);
  const servers =
    server === undefined
      ? configuredServers(command)
      : [{ name: server, ip: await addressOf(command, server) }];
  // Who names a server leaves resolv.conf alone, its search list too.
  const search = server === undefined ? configuredSearch(command) : [];
  return new Lookup(command, settings, { servers, search }).run(name);
};

/** Who is asked, and in which domains a name without a dot is looked for. */
interface Resolver {
  readonly servers: readonly Server[];
  readonly search: readonly string[];
}

interface Settings {
  readonly types: readonly DnsType[];
  readonly seconds: number;
  readonly retries: number;
  readonly port: number;
}

function readFlags(flags: readonly string[]): Settings {
  const types: DnsType[] = [];
  let seconds = DEFAULT_TIMEOUT;
  let retries = DEFAULT_RETRIES;
  let port = PORT;
  for (const flag of flags) {
    const [, name = '', value = ''] = /^-(\w+)=?(.*)$/.exec(flag) ?? [];
    if (/^(type|querytype|q|t|ty|que)/.test(name)) {
      const type = TYPES.find((each) => each === value.toUpperCase());
      if (type === undefined) throw new Failure(`invalid query type "${value}"`);
      types.push(type);
    } else if (name === 'timeout') seconds = Number(value);
    else if (name === 'retry') retries = Number(value);
    else if (name === 'port') port = Number(value);
    else if (name !== 'debug' && name !== 'stats')
      throw new UsageError(`invalid option -- '${name.charAt(0)}'`);
  }
  return { types, seconds, retries, port };
}

function configuration(command: Command): string {
  const { files } = command.context;
  return files.exists('/etc/resolv.conf') ? files.readText('/etc/resolv.conf') : '';
}

function configuredSearch(command: Command): readonly string[] {
  return /^search\s+(.*)$/m.exec(configuration(command))?.[1]?.trim().split(/\s+/) ?? [];
}

function configuredServers(command: Command): readonly Server[] {
  const text = configuration(command);
  const servers = [...text.matchAll(/^nameserver\s+(\S+)/gm)].map(([, ip = '']) => ({ name: ip, ip }));
  return servers.length === 0 ? [{ name: '127.0.0.1', ip: '127.0.0.1' }] : servers;
}

class Lookup {
  readonly #command: Command;
  readonly #settings: Settings;
  readonly #resolver: Resolver;

  constructor(command: Command, settings: Settings, resolver: Resolver) {
    this.#command = command;
    this.#settings = settings;
    this.#resolver = resolver;
  }

  async run(name: string): Promise<number> {
    const { types, port } = this.#settings;
    const isReverse = isAddress(name) && types.length === 0;
    const wanted: readonly DnsType[] = types.length > 0 ? types : isReverse ? ['PTR'] : ['A', 'AAAA'];
    const names = isReverse ? [reverseName(name)] : candidates(this.#resolver.search, name);
    const questions = names.flatMap((each) => wanted.map((type): Question => ({ name: each, type })));
    const found = await this.#ask(questions);
    if (found === undefined) {
      this.#command.print(';; connection timed out; no servers could be reached\n\n');
      return 1;
    }
    this.#command.print(`Server:\t\t${found.server.name}\nAddress:\t${found.server.ip}:${port}\n\n`);
    for (const answer of found.answers) this.#show(answer);
    return found.answers.every(({ code = 'NOERROR' }) => code === 'NOERROR') ? 0 : 1;
  }

  #show({ question, code = 'NOERROR', answers, authoritative }: DnsMessage): void {
    if (code !== 'NOERROR') this.#command.print(`** server can't find ${question.name}: ${code}\n`);
    else {
      if (authoritative !== true && answers.length > 0) this.#command.print('Non-authoritative answer:\n');
      for (const record of answers) this.#command.print(recordText(record));
    }
    this.#command.print('\n');
  }

  /** What the first server that gives any answers: all questions are asked at once, and shown as answers come. */
  async #ask(
    questions: readonly Question[],
  ): Promise<{ readonly server: Server; readonly answers: readonly DnsMessage[] } | undefined> {
    const { seconds, retries } = this.#settings;
    const timeoutMs = Math.max(1, Math.floor((seconds * 1000) / retries));
    for (let attempt = 0; attempt < retries; attempt++) {
      for (const server of this.#resolver.servers) {
        const answers: DnsMessage[] = [];
        const refusals = new Set<string>();
        await Promise.all(
          questions.map((question) => this.#askOne(server, question, timeoutMs, answers, refusals)),
        );
        if (questions.length === 1 && refusals.size > 0) {
          // Heard of when the answer is read; nothing else comes before it is time to ask again.
          for (const words of refusals) this.#command.warn(`read: ${words}`);
          await this.#command.context.clock.sleep(timeoutMs);
          continue;
        }
        // Heard of when the second question is written, and that ends all.
        for (const words of refusals) this.#command.warn(`write to '${server.name}': ${words}`);
        if (answers.length > 0) return { server, answers };
        if (refusals.size > 0) return undefined;
      }
    }
    return undefined;
  }

  async #askOne(
    server: Server,
    question: Question,
    timeoutMs: number,
    answers: DnsMessage[],
    refusals: Set<string>,
  ): Promise<void> {
    const { net, random } = this.#command.context;
    const query: DnsMessage = { id: random.between(0, 0xffff), question, answers: [], authority: [] };
    const to = { ip: server.ip, port: this.#settings.port };
    try {
      answers.push(await net.query(to, 'UDP', query, { timeoutMs }));
    } catch (error) {
      const words = networkWords(error);
      if (!(error instanceof NetError) || error.code !== 'ETIMEDOUT') refusals.add(words);
    }
  }
}

type Question = DnsMessage['question'];

/** A name without a dot is tried in every domain of the search list, any other as it is. */
function candidates(search: readonly string[], name: string): readonly string[] {
  if (name.includes('.') || search.length === 0) return [name.replace(/\.$/, '')];
  return search.map((domain) => `${name}.${domain}`);
}

function reverseName(ip: string): string {
  return `${ip.split('.').reverse().join('.')}.in-addr.arpa`;
}

function recordText({ name, type, data: written }: DnsRecord): string {
  // The names in it are printed without the dot of the root.
  const data = type === 'TXT' ? written : written.replace(/\.(?= |$)/g, '');
  switch (type) {
    case 'A':
    case 'AAAA':
      return `Name:\t${name}\nAddress: ${data}\n`;
    case 'CNAME':
      return `${name}\tcanonical name = ${data}\n`;
    case 'PTR':
      return `${name}\tname = ${data}\n`;
    case 'NS':
      return `${name}\tnameserver = ${data}\n`;
    case 'MX':
      return `${name}\tmail exchanger = ${data}\n`;
    case 'TXT':
      return `${name}\ttext = "${data.replaceAll('"', '')}"\n`;
    case 'SRV':
      return `${name}\tservice = ${data}\n`;
    case 'SOA': {
      const [origin, mail, serial, refresh, retry, expire, minimum] = data.split(' ');
      return `${name}\n\torigin = ${origin}\n\tmail addr = ${mail}\n\tserial = ${serial}\n\trefresh = ${refresh}\n\tretry = ${retry}\n\texpire = ${expire}\n\tminimum = ${minimum}\n`;
    }
    default:
      return `${name}\t${type} ${data}\n`;
  }
}
