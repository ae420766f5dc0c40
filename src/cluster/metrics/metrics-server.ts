import type { Api } from '../api.ts';
import type { ExtensionServer, ExtensionServers } from '../apiserver/aggregation/extension-servers.ts';
import { parseGoDuration } from '../../core/go-duration.ts';
import type { ResourceMetrics } from '../kubelet/kubelet.ts';
import type { HttpRequest, HttpResponse } from '../network/types.ts';
import type { Program, ProgramContext } from '../runtime/types.ts';
import { MILLISECOND } from '../simulation/simulation.ts';
import type { Micros, Simulation } from '../simulation/simulation.ts';
import { METRICS_GROUP, METRICS_RESOURCES, METRICS_VERSION, MetricsApi } from './metrics-api.ts';
import { UsageHistory } from './usage-history.ts';
import type { Usage, UsagePoint } from './usage-history.ts';

export interface MetricsServerOptions {
  readonly simulation: Simulation;
  /** The API under metrics-server's identity. */
  readonly api: Api;
  readonly servers: ExtensionServers;
  /** What the kubelets of all nodes tell. */
  readonly scrape: () => readonly ResourceMetrics[];
}

const IDLE_MEMORY = 18 * 1024 * 1024;
/** CPU of one scrape and of one answer to a probe, in microseconds. */
const SCRAPE_CPU = 9_000;
const ANSWER_CPU = 800;
const DEFAULT_PORT = 10250;
const DEFAULT_RESOLUTION = '60s';

/**
 * metrics-server 0.9: asks the kubelets every `--metric-resolution` what containers use, and serves metrics.k8s.io
 * from the last two answers. https://kubernetes-sigs.github.io/metrics-server/
 */
export function metricsServerProgram(options: MetricsServerOptions): Program {
  return (context) => new MetricsServer(context, options).run();
}

class MetricsServer implements ExtensionServer {
  readonly #context: ProgramContext;
  readonly #options: MetricsServerOptions;
  readonly #api: MetricsApi;
  readonly #resolution: Micros;
  readonly #port: number;
  readonly #nodes: UsageHistory;
  readonly #containers: UsageHistory;
  /** Containers by `namespace/pod`, as the last scrape saw them. */
  #byPod = new Map<string, string[]>();
  #lastTick: Micros;
  #lastTickOk = true;

  constructor(context: ProgramContext, options: MetricsServerOptions) {
    this.#context = context;
    this.#options = options;
    const resolution = flag(context.args, 'metric-resolution') ?? DEFAULT_RESOLUTION;
    this.#resolution = parseGoDuration(resolution) * MILLISECOND;
    this.#port = Number(flag(context.args, 'secure-port') ?? DEFAULT_PORT);
    this.#nodes = new UsageHistory(this.#resolution);
    this.#containers = new UsageHistory(this.#resolution);
    this.#lastTick = options.simulation.now;
    this.#api = new MetricsApi(options.simulation, options.api, {
      node: (name) => this.#nodes.usage(name),
      pod: (namespace, name) => this.#pod(`${namespace}/${name}`),
    });
  }

  async run(): Promise<number> {
    const { memory, net } = this.#context;
    const end = this.#context.deferred<number>();
    this.#context.onSignal('SIGTERM', () => end.resolve(0));
    memory.allocate(IDLE_MEMORY);
    this.#log('I', 'serving.go:380', GENERATED_CERTIFICATE);
    this.#log(
      'I',
      'handler.go:288',
      `Adding GroupVersion ${METRICS_GROUP} ${METRICS_VERSION} to ResourceManager`,
    );
    net.listenHttp(this.#port, (request) => this.#answer(request), { certificate: SELF_SIGNED });
    this.#options.servers.add(net.ip, this.#port, this);
    this.#log('I', 'secure_serving.go:213', `"Serving securely on [::]:${this.#port}"`);
    void this.#scrapeForever();
    return end.promise;
  }

  // ---- as an extension API server ---------------------------------------------------------------------------

  discover(group: string, version: string): typeof METRICS_RESOURCES | undefined {
    return group === METRICS_GROUP && version === METRICS_VERSION ? METRICS_RESOURCES : undefined;
  }

  handle(...[request]: Parameters<ExtensionServer['handle']>): ReturnType<ExtensionServer['handle']> {
    // Costs nothing: a read changes nothing, not even what the next one tells.
    return this.#api.handle(request);
  }

  isListening(): boolean {
    const { net, pid } = this.#context;
    return net.listening().some((listening) => listening.port === this.#port && listening.pid === pid);
  }

  // ---- over the network: probes, and whoever asks whether it is there -----------------------------------------

  async #answer({ path }: HttpRequest): Promise<HttpResponse> {
    await this.#context.cpu.spend(ANSWER_CPU);
    switch (path.split('?')[0]) {
      case '/livez':
        return this.#health('livez', 'metric-collection-timely', this.#livenessProblem());
      case '/readyz':
        return this.#health('readyz', 'metric-storage-ready', this.#readinessProblem());
      case '/healthz':
        return text(200, 'ok');
      case `/apis/${METRICS_GROUP}/${METRICS_VERSION}`:
        return text(200, '{"kind":"APIResourceList"}');
      default:
        return text(403, `forbidden: User "system:anonymous" cannot get path "${path}"`);
    }
  }

  #health(endpoint: string, check: string, problem: string | undefined): HttpResponse {
    if (problem === undefined) return text(200, 'ok');
    return text(
      500,
      `[+]ping ok\n[+]log ok\n[-]${check} failed: reason withheld\n${endpoint} check failed\n`,
    );
  }

  #livenessProblem(): string | undefined {
    const waited = this.#options.simulation.now - this.#lastTick;
    return waited > this.#resolution * 1.1 ? 'the last tick is too long ago' : undefined;
  }

  #readinessProblem(): string | undefined {
    if (!this.#lastTickOk) return "last tick wasn't healthy";
    return this.#nodes.isReady || this.#containers.isReady ? undefined : 'no metrics to serve';
  }

  // ---- scraping ---------------------------------------------------------------------------------------------

  async #scrapeForever(): Promise<void> {
    const { clock, cpu } = this.#context;
    for (;;) {
      this.#lastTick = this.#options.simulation.now;
      await cpu.spend(SCRAPE_CPU);
      this.#scrape();
      const spent = this.#options.simulation.now - this.#lastTick;
      await clock.sleep(Math.max(0, this.#resolution - spent) / MILLISECOND);
    }
  }

  #scrape(): void {
    const nodes = new Map<string, UsagePoint>();
    const containers = new Map<string, UsagePoint>();
    const byPod = new Map<string, string[]>();
    for (const answer of this.#options.scrape()) {
      const { usage } = answer;
      const problem = this.#problemWith(answer);
      if (problem !== undefined || usage === undefined) {
        const url = `https://${answer.ip}:10250/metrics/resource`;
        const words = JSON.stringify(`Get ${JSON.stringify(url)}: ${problem ?? ''}`);
        this.#log('E', 'scraper.go:149', `"Failed to scrape node" err=${words} node="${answer.node}"`);
        continue;
      }
      nodes.set(answer.node, usage.total);
      for (const { namespace, pod, container, ...point } of usage.containers) {
        const key = `${namespace}/${pod}`;
        byPod.set(key, [...(byPod.get(key) ?? []), container]);
        containers.set(`${key}/${container}`, point);
      }
    }
    this.#nodes.store(nodes);
    this.#containers.store(containers);
    this.#byPod = byPod;
    this.#lastTickOk = nodes.size > 0;
  }

  /** The kubelets of kubeadm's nodes sign their own certificates, which nobody can check. */
  #problemWith({ ip, usage }: ResourceMetrics): string | undefined {
    if (usage === undefined) return `dial tcp ${ip}:10250: connect: connection refused`;
    if (isSet(this.#context.args, 'kubelet-insecure-tls')) return undefined;
    return (
      'tls: failed to verify certificate: x509: cannot validate certificate for ' +
      `${ip} because it doesn't contain any IP SANs`
    );
  }

  #pod(key: string): ReadonlyMap<string, Usage> | undefined {
    const usages = new Map<string, Usage>();
    for (const container of this.#byPod.get(key) ?? []) {
      const usage = this.#containers.usage(`${key}/${container}`);
      if (usage === undefined) return undefined;
      usages.set(container, usage);
    }
    return usages;
  }

  /** As klog writes: `I1126 09:00:00.123456       1 file.go:1] …`. */
  #log(level: 'I' | 'E', source: string, words: string): void {
    const { simulation } = this.#options;
    const [date = '', time = ''] = simulation.microTimestamp().split('T');
    const [, month = '', day = ''] = date.split('-');
    const pid = String(this.#context.pid).padStart(7);
    this.#context.stderr.write(
      `${level}${month}${day} ${time.replace('Z', '')} ${pid} ${source}] ${words}\n`,
    );
  }
}

/** Nobody looks at what it says: probes and the aggregator take any certificate. */
const SELF_SIGNED = '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n';
const GENERATED_CERTIFICATE = 'Generated self-signed cert (/tmp/apiserver.crt, /tmp/apiserver.key)';

function text(status: number, body: string): HttpResponse {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}

/** The value of `--name=value` or `--name value`. */
function flag(args: readonly string[], name: string): string | undefined {
  for (const [index, word] of args.entries()) {
    if (word === `--${name}`) return args[index + 1];
    if (word.startsWith(`--${name}=`)) return word.slice(name.length + 3);
  }
  return undefined;
}

function isSet(args: readonly string[], name: string): boolean {
  return args.some((word) => word === `--${name}` || word === `--${name}=true`);
}
