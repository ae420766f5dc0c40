import { isIPv4, isIPv6 } from 'node:net';
import { messageOf } from '../../core/errors.ts';
import { parseCorefile, type ServerBlock } from '../../model/corefile/corefile.ts';
import { Dispenser } from '../../model/corefile/dispenser.ts';
import { isLoopback } from '../network/addresses.ts';
import { NetError, type HttpResponse, type Listening } from '../network/types.ts';
import type { DnsMessage } from '../network/dns-message.ts';
import type { ProgramContext } from '../runtime/types.ts';
import { configurationHash } from './configuration-hash.ts';
import { importsFrom } from './imports.ts';
import { dotted, fitToUdp, normalName, replyTo, zoneOf } from './messages.ts';
import type { Metrics } from './metrics.ts';
import type { BlockContext, DnsRequest, Done, Instance, Plugin, Setup } from './plugin.ts';
import { acl } from './plugins/acl.ts';
import { bind } from './plugins/bind.ts';
import { cache } from './plugins/cache.ts';
import { autopath, bufsize } from './plugins/checked.ts';
import { parseListenAddress } from './plugins/common.ts';
import { forward, loop } from './plugins/forward.ts';
import { hosts } from './plugins/hosts.ts';
import { kubernetes } from './plugins/kubernetes.ts';
import { health, ready, reload } from './plugins/lifecycle.ts';
import { errors, log, prometheus } from './plugins/observing.ts';
import { erratic, loadbalance, rewrite } from './plugins/shaping.ts';
import { template } from './plugins/template.ts';
import type { ClusterRecords } from './records.ts';
import { parseZone, type HostAndPort } from './zones.ts';

/**
 * Every directive of CoreDNS in the order in which plugins see a query, whatever the order in the Corefile. Those
 * without a set-up here are taken and have no effect.
 */
const DIRECTIVES: readonly (readonly [string, Setup?])[] = [
  ['root'],
  ['metadata'],
  ['geoip'],
  ['cancel'],
  ['tls'],
  ['proxyproto'],
  ['quic'],
  ['grpc_server'],
  ['https'],
  ['https3'],
  ['timeouts'],
  ['multisocket'],
  ['reload', reload],
  ['nsid'],
  ['bufsize', bufsize],
  ['bind', bind],
  ['debug'],
  ['trace'],
  ['ready', ready],
  ['health', health],
  ['pprof'],
  ['prometheus', prometheus],
  ['errors', errors],
  ['log', log],
  ['dnstap'],
  ['local'],
  ['dns64'],
  ['acl', acl],
  ['any'],
  ['chaos'],
  ['loadbalance', loadbalance],
  ['tsig'],
  ['cache', cache],
  ['rewrite', rewrite],
  ['header'],
  ['dnssec'],
  ['autopath', autopath],
  ['minimal'],
  ['template', template],
  ['transfer'],
  ['hosts', hosts],
  ['route53'],
  ['azure'],
  ['clouddns'],
  ['k8s_external'],
  ['kubernetes', kubernetes],
  ['file'],
  ['auto'],
  ['secondary'],
  ['etcd'],
  ['loop', loop],
  ['forward', forward],
  ['grpc'],
  ['erratic', erratic],
  ['whoami'],
  ['on'],
  ['sign'],
  ['view'],
  ['nomad'],
];
const KNOWN: ReadonlySet<string> = new Set(DIRECTIVES.map(([name]) => name));

interface Server {
  readonly zone: string;
  readonly port: number;
  /** The addresses that it listens on; an empty one stands for all. */
  hosts: readonly string[];
  readonly plugins: Plugin[];
}

/** The servers that listen on one address and port, by zone. */
interface Listener {
  readonly host: string;
  readonly port: number;
  readonly zones: readonly string[];
  readonly servers: ReadonlyMap<string, Server>;
}

/** A Corefile, and the program that reads it, whose files it may import. */
export interface CorefileSource {
  readonly program: ProgramContext;
  readonly file: string;
  readonly text: string;
  readonly log: Instance['log'];
}

export interface ConfigurationOptions extends CorefileSource {
  readonly records: ClusterRecords;
  readonly metrics: Metrics;
  readonly defaultPort: number;
  readonly exit: (code: number) => void;
}

/** One Corefile set up: nothing is open until {@link Configuration.start}. */
export class Configuration implements Instance {
  readonly program: ProgramContext;
  readonly records: ClusterRecords;
  readonly metrics: Metrics;
  readonly log: Instance['log'];
  readonly exit: (code: number) => void;
  /** As the reload plugin prints it. */
  readonly hash: string;
  lameduckMs = 0;
  reloadTiming: { interval: number; jitter: number } | undefined;
  #stopped = false;
  readonly #servers: Server[] = [];
  readonly #listeners = new Map<string, Listener>();
  readonly #waits: (() => Promise<void>)[] = [];
  readonly #starts: (() => void)[] = [];
  readonly #readiness: { plugin: string; isReady: () => boolean }[] = [];
  readonly #pages = new Map<string, Map<string, () => HttpResponse>>();
  readonly #listenings: Listening[] = [];

  /** @throws Error with the words that CoreDNS ends with */
  constructor(options: ConfigurationOptions) {
    this.program = options.program;
    this.records = options.records;
    this.metrics = options.metrics;
    this.log = options.log;
    this.exit = options.exit;
    const blocks = blocksOf(options, KNOWN);
    this.hash = configurationHash(blocks);
    this.#setUp(blocks, options);
    // Nothing has gone wrong: these now belong to this configuration.
    this.metrics.clear('coredns_cache_entries');
    this.metrics.clear('coredns_plugin_enabled');
    for (const { host, port, servers } of this.#listeners.values()) {
      for (const { zone, plugins } of servers.values()) {
        const labels = { server: `dns://${addressText(host, port)}`, view: '', zone: dotted(zone) };
        for (const { name } of plugins) this.metrics.set('coredns_plugin_enabled', { ...labels, name }, 1);
      }
    }
  }

  /**
   * The hash of a Corefile that is not set up; unknown directives do not matter for it.
   * @throws Error where it is no Corefile at all
   */
  static hashOf(source: CorefileSource): string {
    return configurationHash(blocksOf(source));
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** The servers as the start-up lines name them: `.:53`, `shop.test.:53`, `.:53 on 127.0.0.1`. */
  get addresses(): string[] {
    return this.#servers
      .flatMap(({ zone, port, hosts: own }) =>
        own.map((host) => `${dotted(zone)}:${port}${host === '' ? '' : ` on ${host}`}`),
      )
      .sort();
  }

  setLameduck(ms: number): void {
    this.lameduckMs = ms;
  }

  setReload(interval: number, jitter: number): void {
    this.reloadTiming = { interval, jitter };
  }

  onStart(start: () => void): void {
    this.#starts.push(start);
  }

  beforeStart(wait: () => Promise<void>): void {
    this.#waits.push(wait);
  }

  addReadiness(plugin: string, isReady: () => boolean): void {
    this.#readiness.push({ plugin, isReady });
  }

  notReady(): readonly string[] {
    return this.#readiness.filter(({ isReady }) => !isReady()).map(({ plugin }) => plugin);
  }

  serveHttp(address: string, path: string, handle: () => HttpResponse): void {
    parseListenAddress(address);
    const pages = this.#pages.get(address) ?? new Map<string, () => HttpResponse>();
    this.#pages.set(address, pages.set(path, handle));
  }

  /** Opens the pages of health and the like, waits for plugins, opens the servers. @throws Error */
  async start(): Promise<void> {
    for (const [address, pages] of this.#pages) {
      const { ip, port } = parseListenAddress(address);
      this.#open('', port, () =>
        this.program.net.listenHttp(
          port,
          ({ path }) => pages.get(path.split('?')[0] ?? '')?.() ?? notFound(),
          ip === undefined || ip === '0.0.0.0' ? {} : { ip: ip === 'localhost' ? '127.0.0.1' : ip },
        ),
      );
    }
    for (const wait of this.#waits) await wait();
    for (const { host, port } of this.#listeners.values()) this.#listen(host, port);
    for (const start of this.#starts) start();
  }

  /** Closes everything; queries that are under way are still answered. */
  stop(): void {
    this.#stopped = true;
    for (const listening of this.#listenings) listening.close({ drain: true });
    this.#listenings.length = 0;
  }

  #listen(host: string, port: number): void {
    const address = addressText(host, port);
    if (isIPv4(host) && host !== '0.0.0.0' && !isLoopback(host) && host !== this.program.net.ip) {
      throw new Error(`listen tcp ${address}: bind: cannot assign requested address`);
    }
    this.#open(host, port, () =>
      this.program.net.listenDns(
        port,
        (query, from, respond) => {
          const name = normalName(query.question.name);
          const request: DnsRequest = { query, name, type: query.question.type, from };
          this.#dispatch(address, request, (outcome) => {
            const answer = outcome.answer ?? replyTo(query, { code: outcome.code });
            const whole: DnsMessage = { ...answer, id: query.id, question: query.question };
            respond(from.protocol === 'UDP' ? fitToUdp(whole) : whole);
          });
        },
        host === '' ? {} : { ip: host },
      ),
    );
  }

  #open(host: string, port: number, listen: () => Listening): void {
    try {
      this.#listenings.push(listen());
    } catch (error) {
      if (!(error instanceof NetError)) throw error;
      throw new Error(`listen tcp ${addressText(host, port)}: bind: address already in use`, {
        cause: error,
      });
    }
  }

  #setUp(blocks: readonly ServerBlock[], { file, defaultPort }: ConfigurationOptions): void {
    const servers = blocks.map((block) => block.keys.flatMap((key) => addressesOf(key, defaultPort)));
    const made = servers.map((some) =>
      some.map(({ zone, port }): Server => ({ zone, port, hosts: [''], plugins: [] })),
    );
    this.#servers.push(...made.flat());
    // An empty Corefile is one server for everything that knows nothing.
    if (this.#servers.length === 0)
      this.#servers.push({ zone: '', port: defaultPort, hosts: [''], plugins: [] });
    for (const [name, setup] of DIRECTIVES) {
      if (setup === undefined) continue;
      for (const [index, block] of blocks.entries()) {
        const tokens = block.directives.get(name);
        if (tokens === undefined) continue;
        const zones = (made[index] ?? []).map(({ zone }) => zone);
        for (const server of made[index] ?? [])
          this.#addPlugin(name, setup, new Dispenser(file, tokens), server, zones);
      }
    }
    refuseOverlaps(this.#servers);
    const bound = this.#servers.flatMap((server) => server.hosts.map((host) => ({ host, server })));
    for (const [address, some] of Map.groupBy(bound, ({ host, server }) => addressText(host, server.port))) {
      const byZone = new Map(some.map(({ server }) => [server.zone, server]));
      const { host = '', server } = some[0] ?? {};
      const port = server?.port ?? defaultPort;
      this.#listeners.set(address, { host, port, zones: [...byZone.keys()], servers: byZone });
    }
  }

  #addPlugin(name: string, setup: Setup, tokens: Dispenser, server: Server, zones: readonly string[]): void {
    const block: BlockContext = {
      zones,
      port: server.port,
      server: `dns://${addressText(server.hosts[0] ?? '', server.port)}`,
      listenOn: (hosts) => {
        server.hosts = hosts;
      },
      zoneLabel: dotted(server.zone),
      lookup: (request, done) => {
        this.#dispatch(addressText(server.hosts[0] ?? '', server.port), request, done);
      },
      following: (plugin) =>
        server.plugins[server.plugins.findIndex((one) => one.name === plugin) + 1]?.name ?? '',
    };
    let plugin: Plugin | undefined;
    try {
      plugin = setup({ tokens, block, instance: this });
    } catch (error) {
      throw new Error(`plugin/${name}: ${(error as Error).message}`, { cause: error });
    }
    if (plugin !== undefined) server.plugins.push(plugin);
  }

  /** Gives a request to the server whose zone fits best. */
  #dispatch(address: string, request: DnsRequest, done: Done): void {
    const on = this.#listeners.get(address);
    const zone = zoneOf(request.name, on?.zones ?? []);
    const server = zone === undefined ? undefined : on?.servers.get(zone);
    if (server === undefined || server.plugins.length === 0) {
      done({ code: 'REFUSED', error: undefined });
      return;
    }
    run(server.plugins, 0, request, done);
  }
}

function blocksOf({ program, file, text, log }: CorefileSource, known?: ReadonlySet<string>): ServerBlock[] {
  const files = importsFrom(program.files, (words) => log('WARNING', words));
  return parseCorefile(file, text, { files, ...(known !== undefined && { known }) });
}

function run(plugins: readonly Plugin[], index: number, request: DnsRequest, done: Done): void {
  const plugin = plugins[index];
  if (plugin === undefined) {
    done({ code: 'SERVFAIL', error: `plugin/${plugins[index - 1]?.name ?? ''}: no next plugin found` });
    return;
  }
  plugin.serve(request, (changed, then) => run(plugins, index + 1, changed, then), done);
}

/** `:53` or `127.0.0.1:53`, as Go writes what a server listens on. */
function addressText(host: string, port: number): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** Two servers of a zone need addresses of their own. @throws Error */
function refuseOverlaps(servers: readonly Server[]): void {
  const registered = new Set<string>();
  /** By zone and port, one that is there already. */
  const known = new Map<string, string>();
  for (const { zone, port, hosts: own } of servers) {
    const everywhere = `dns://${dotted(zone)}:${port}`;
    for (const host of own) {
      const here = host === '' ? everywhere : `${everywhere} on ${host}`;
      if (registered.has(here)) throw new Error(`cannot serve ${here} - it is already defined`);
      const other = registered.has(everywhere) ? everywhere : host === '' ? known.get(everywhere) : undefined;
      if (other !== undefined)
        throw new Error(`cannot serve ${here} - zone overlap listener capacity with ${other}`);
      registered.add(here);
      known.set(everywhere, here);
    }
  }
}

/** Zones and port of a server block's key. @throws Error */
function addressesOf(key: string, defaultPort: number): { zone: string; port: number }[] {
  let parsed: HostAndPort;
  try {
    parsed = parseZone(key);
  } catch (error) {
    throw new Error(`error inspecting server blocks: ${messageOf(error)}`, { cause: error });
  }
  const { zones, port = defaultPort } = parsed;
  if (port < 0 || port > 65535) throw new Error(`address ${port}: invalid port`);
  return zones.map((zone) => ({ zone, port }));
}

function notFound(): HttpResponse {
  return {
    status: 404,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: '404 page not found\n',
  };
}
