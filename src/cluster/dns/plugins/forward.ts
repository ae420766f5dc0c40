import type { DnsMessage } from '../../network/dns-message.ts';
import { parseIp } from '../../network/addresses.ts';
import { NetError } from '../../network/types.ts';
import type { Dispenser } from '../../../model/corefile/dispenser.ts';
import { parseGoDuration } from '../../../core/go-duration.ts';
import { dotted, inZone } from '../messages.ts';
import type { DnsRequest, Done, Instance, Setup } from '../plugin.ts';
import { zonesOf } from '../zones.ts';
import { parseWhole } from './common.ts';

/** For how long one query is tried. */
const DEADLINE_MS = 5000;
const READ_TIMEOUT_MS = 2000;
const HEALTH_TIMEOUT_MS = 1000;
/** Real CoreDNS tries again at once when it is refused; this keeps virtual time going. */
const REFUSED_PAUSE_MS = 10;

interface Upstream {
  readonly ip: string;
  readonly port: number;
  fails: number;
  probing: boolean;
}

interface Options {
  readonly from: string;
  readonly upstreams: Upstream[];
  readonly except: string[];
  policy: 'random' | 'round_robin' | 'sequential';
  maxFails: number;
  maxConcurrent: number;
  healthIntervalMs: number;
  protocol: 'TCP' | 'UDP' | undefined;
  failFast: boolean;
}

/** Asks other servers. https://coredns.io/plugins/forward/ */
export const forward: Setup = ({ tokens, instance }) => {
  const all: Options[] = [];
  while (tokens.next()) all.push(parse(tokens, instance));
  const forwarders = all.map((options) => new Forwarder(options, instance));
  return {
    name: 'forward',
    serve: (request, next, done) => {
      const forwarder = forwarders.find((one) => one.takes(request.name));
      if (forwarder === undefined) next(request, done);
      else forwarder.serve(request, done);
    },
  };
};

class Forwarder {
  readonly #options: Options;
  readonly #instance: Instance;
  #running = 0;
  #turn = 0;

  constructor(options: Options, instance: Instance) {
    this.#options = options;
    this.#instance = instance;
  }

  takes(name: string): boolean {
    const { from, except } = this.#options;
    return inZone(name, from) && !except.some((zone) => inZone(name, zone));
  }

  serve(request: DnsRequest, done: Done): void {
    const { maxConcurrent } = this.#options;
    if (maxConcurrent > 0 && this.#running >= maxConcurrent) {
      this.#instance.metrics.add('coredns_forward_max_concurrent_rejects_total', {});
      done({ code: 'REFUSED', error: `concurrent queries exceeded maximum ${maxConcurrent}` });
      return;
    }
    this.#running++;
    void this.#exchange(request).then((result) => {
      this.#running--;
      if (typeof result === 'string') done({ code: 'SERVFAIL', error: result });
      else done({ answer: { ...result, id: request.query.id } });
    });
  }

  /** @returns the answer, or what went wrong last */
  async #exchange(request: DnsRequest): Promise<DnsMessage | string> {
    const { upstreams, maxFails, failFast } = this.#options;
    const { clock, random } = this.#instance.program;
    const deadline = clock.now() + DEADLINE_MS;
    let list = this.#order();
    let fails = 0;
    let problem = 'no healthy proxies';
    while (clock.now() < deadline) {
      if (list.length === 0) {
        list = this.#order();
        fails = 0;
      }
      let upstream = list.shift();
      if (upstream === undefined) break;
      if (maxFails > 0 && upstream.fails > maxFails) {
        fails++;
        if (fails < upstreams.length) continue;
        this.#instance.metrics.add('coredns_forward_healthcheck_broken_total', {});
        if (failFast) break;
        // All are down, so perhaps the health check is: ask one of them.
        upstream = random.pick(upstreams);
      }
      const result = await this.#ask(upstream, request);
      if (typeof result !== 'string') return result;
      problem = result;
      if (maxFails > 0) this.#probe(upstream);
      if (fails >= upstreams.length) break;
      if (result.endsWith('refused')) await clock.sleep(REFUSED_PAUSE_MS);
    }
    return problem;
  }

  async #ask(upstream: Upstream, request: DnsRequest): Promise<DnsMessage | string> {
    const { program, metrics } = this.#instance;
    const protocol = this.#options.protocol ?? request.from.protocol;
    const start = program.clock.now();
    const to = `${upstream.ip}:${upstream.port}`;
    const query: DnsMessage = {
      ...request.query,
      id: program.random.between(0, 65535),
      question: { name: request.name, type: request.type },
    };
    try {
      const answer = await program.net.query(upstream, protocol, query, { timeoutMs: READ_TIMEOUT_MS });
      const rcode = answer.code ?? 'NOERROR';
      const seconds = (program.clock.now() - start) / 1000;
      metrics
        .series('coredns_proxy_request_duration_seconds', { proxy_name: 'forward', rcode, to })
        .observe(seconds);
      return { ...answer, question: request.query.question };
    } catch (error) {
      if (!(error instanceof NetError)) throw error;
      const name = protocol.toLowerCase();
      const local = `${program.net.ip}:${program.random.between(32768, 60999)}`;
      return problemOf(error, name, local, to);
    }
  }

  /** Asks a failed upstream every half second until it answers. */
  #probe(upstream: Upstream): void {
    if (upstream.probing) return;
    upstream.probing = true;
    void this.#probeUntilHealthy(upstream).then(() => {
      upstream.probing = false;
    });
  }

  async #probeUntilHealthy(upstream: Upstream): Promise<void> {
    const { program, metrics } = this.#instance;
    const question = { name: '', type: 'NS' as const };
    while (!this.#instance.stopped) {
      const query: DnsMessage = {
        id: program.random.between(0, 65535),
        question,
        answers: [],
        authority: [],
      };
      try {
        await program.net.query(upstream, 'UDP', query, { timeoutMs: HEALTH_TIMEOUT_MS });
        upstream.fails = 0;
        return;
      } catch (error) {
        if (!(error instanceof NetError)) throw error;
        upstream.fails++;
        metrics.add('coredns_proxy_healthcheck_failures_total', {
          proxy_name: 'forward',
          to: `${upstream.ip}:${upstream.port}`,
        });
      }
      await program.clock.sleep(this.#options.healthIntervalMs);
    }
  }

  #order(): Upstream[] {
    const { upstreams, policy } = this.#options;
    if (policy === 'random') return this.#instance.program.random.shuffle(upstreams);
    if (policy === 'sequential') return [...upstreams];
    const start = this.#turn++ % upstreams.length;
    return [...upstreams.slice(start), ...upstreams.slice(0, start)];
  }
}

/** A failed exchange in the words of Go's net package. */
function problemOf({ code }: NetError, protocol: string, local: string, to: string): string {
  switch (code) {
    case 'ETIMEDOUT':
      return `read ${protocol} ${local}->${to}: i/o timeout`;
    case 'ECONNREFUSED':
      return protocol === 'udp'
        ? `read udp ${local}->${to}: read: connection refused`
        : `dial tcp ${to}: connect: connection refused`;
    case 'ECONNRESET':
      return `read ${protocol} ${local}->${to}: read: connection reset by peer`;
    case 'EHOSTUNREACH':
      return `read ${protocol} ${local}->${to}: read: no route to host`;
    case 'ENETUNREACH':
      return `dial ${protocol} ${to}: connect: network is unreachable`;
    case 'EADDRINUSE':
      return `dial ${protocol} ${to}: bind: address already in use`;
    case 'EPROTO':
      return `read ${protocol} ${local}->${to}: read: protocol error`;
  }
}

function parse(tokens: Dispenser, instance: Instance): Options {
  const from = fromOf(tokens.argument(), instance);
  const targets = tokens.remaining();
  if (targets.length === 0) throw tokens.argumentError();
  const options: Options = {
    from,
    upstreams: targets.flatMap((target) => upstreamsOf(target, instance)),
    except: [],
    policy: 'random',
    maxFails: 2,
    maxConcurrent: 0,
    healthIntervalMs: 500,
    protocol: undefined,
    failFast: false,
  };
  while (tokens.nextInBlock()) {
    const property = PROPERTIES[tokens.value];
    if (property === undefined) throw tokens.error(`unknown property '${tokens.value}'`);
    property(options, tokens.remaining(), tokens);
  }
  return options;
}

/** The one zone that is forwarded: a network that is several zones is cut to the first. */
function fromOf(text: string, instance: Instance): string {
  const [zone, ...more] = zonesOf([text]);
  if (zone === undefined) throw new Error(`unable to normalize '${text}'`);
  if (more.length > 0) {
    instance.log(
      'WARNING',
      `plugin/forward: Unsupported CIDR notation: '${text}' expands to multiple zones. Using only '${dotted(zone)}'.`,
    );
  }
  return zone;
}

/** An address with or without port, or a file like /etc/resolv.conf. */
function upstreamsOf(target: string, { program }: Instance): Upstream[] {
  const plain = target.replace(/^(dns|tls):\/\//, '');
  const match = /^(.+?)(?::(\d+))?$/.exec(plain);
  const ip = match?.[1] ?? '';
  if (parseIp(ip) !== undefined) {
    return [
      { ip, port: Number(match?.[2] ?? (target.startsWith('tls:') ? 853 : 53)), fails: 0, probing: false },
    ];
  }
  const servers = program.files.exists(target)
    ? [...program.files.readText(target).matchAll(/^\s*nameserver\s+(\S+)/gm)].map(
        ([, server = '']) => server,
      )
    : [];
  if (servers.length === 0) throw new Error(`not an IP address or file: ${JSON.stringify(target)}`);
  return servers.map((server) => ({ ip: server, port: 53, fails: 0, probing: false }));
}

type Property = (options: Options, words: readonly string[], tokens: Dispenser) => void;

function single([word, ...more]: readonly string[], tokens: Dispenser): string {
  if (word === undefined || more.length > 0) throw tokens.argumentError();
  return word;
}

/** For what has no meaning in this network. */
const ignored: Property = () => {};

const PROPERTIES: Readonly<Record<string, Property>> = {
  except: (options, words, tokens) => {
    if (words.length === 0) throw tokens.argumentError();
    options.except.push(...zonesOf(words));
  },
  max_fails: (options, words, tokens) => {
    const text = single(words, tokens);
    if (!/^\d+$/.test(text)) {
      throw new Error(`strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`);
    }
    options.maxFails = Number(text);
  },
  max_concurrent: (options, words, tokens) => {
    const count = parseWhole(single(words, tokens));
    if (count < 0) throw new Error(`max_concurrent can't be negative: ${count}`);
    options.maxConcurrent = count;
  },
  health_check: (options, [interval], tokens) => {
    if (interval === undefined) throw tokens.argumentError();
    options.healthIntervalMs = parseGoDuration(interval);
  },
  expire: (_options, words, tokens) => {
    parseGoDuration(single(words, tokens));
  },
  policy: (options, words, tokens) => {
    const policy = single(words, tokens);
    if (policy !== 'random' && policy !== 'round_robin' && policy !== 'sequential') {
      throw tokens.error(`unknown policy '${policy}'`);
    }
    options.policy = policy;
  },
  force_tcp: (options, words, tokens) => {
    if (words.length > 0) throw tokens.argumentError();
    options.protocol = 'TCP';
  },
  prefer_udp: (options, words, tokens) => {
    if (words.length > 0) throw tokens.argumentError();
    options.protocol ??= 'UDP';
  },
  failfast_all_unhealthy_upstreams: (options) => {
    options.failFast = true;
  },
  tls: ignored,
  tls_servername: ignored,
  next: ignored,
  failover: ignored,
  max_idle_conns: ignored,
  max_age: ignored,
  max_connect_attempts: ignored,
};

/** Watches for queries of its own coming back: then the upstream is this very server. */
export const loop: Setup = ({ tokens, block, instance }) => {
  if (tokens.tokens.length > 1) {
    tokens.next();
    if (tokens.tokens.filter(({ text }) => text === 'loop').length > 1) {
      throw new Error('this plugin can only be used once per Server Block');
    }
    tokens.nextArgument();
    throw tokens.argumentError();
  }
  const { random, net, clock } = instance.program;
  const zone = block.zones[0] ?? '';
  const number = (): string => `${random.between(1, 9)}${random.hex(16).replace(/[a-f]/g, '7')}`;
  const label = `${number()}.${number()}`;
  const name = zone === '' ? label : `${label}.${zone}`;
  let seen = 0;
  let over = false;

  const askItself = async (): Promise<void> => {
    const deadline = clock.now() + 30_000;
    while (!over && clock.now() < deadline) {
      const query: DnsMessage = {
        id: random.between(0, 65535),
        question: { name, type: 'HINFO' },
        answers: [],
        authority: [],
      };
      try {
        await net.query({ ip: '127.0.0.1', port: block.port }, 'UDP', query, { timeoutMs: 2000 });
        over = true;
      } catch (error) {
        if (!(error instanceof NetError)) throw error;
        // Only what comes back of one question is a loop: an upstream that never answers has it asked again.
        seen = 0;
        await clock.sleep(2000);
      }
    }
    over = true;
  };
  instance.onStart(() => void askItself());

  return {
    name: 'loop',
    serve: (request, next, done) => {
      if (!over && request.type === 'HINFO' && request.name === name) {
        seen++;
        if (seen > 2) {
          const { ip, port } = request.from;
          instance.log(
            'FATAL',
            `plugin/loop: Loop (${ip}:${port} -> :${block.port}) detected for zone ${JSON.stringify(dotted(zone))}, see https://coredns.io/plugins/loop#troubleshooting. Query: ${JSON.stringify(`HINFO ${dotted(name)}`)}`,
          );
          instance.exit(1);
          return;
        }
      }
      next(request, done);
    },
  };
};
