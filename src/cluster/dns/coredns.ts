import type { Program, ProgramContext } from '../runtime/types.ts';
import { messageOf } from '../../core/errors.ts';
import { formatGoDuration } from '../../core/go-duration.ts';
import { goFlag } from '../../core/go-flags.ts';
import { readAsGo } from './imports.ts';
import { Configuration, type CorefileSource } from './instance.ts';
import { COREDNS_VERSION, GO_VERSION, Metrics } from './metrics.ts';
import type { ClusterRecords } from './records.ts';

export interface CorednsOptions {
  /** What the kubernetes plugin answers from; shared by all CoreDNS pods. */
  readonly records: ClusterRecords;
  /** Cores of the node, as the Go runtime sees them; 2 unless told. */
  readonly cpus?: number;
}

/** What CoreDNS has resident when it idles. */
const IDLE_MEMORY = 14 * 1024 * 1024;

/**
 * CoreDNS 1.14 with the plugins that clusters use: reads the Corefile that `-conf` names, serves DNS, health,
 * readiness and metrics, takes a changed Corefile into use, and ends with CoreDNS' own words and exit code 1 when
 * it cannot start. https://coredns.io/manual/toc/
 */
export function corednsProgram(options: CorednsOptions): Program {
  return (context) => new Coredns(context, options).run();
}

class Coredns {
  readonly #context: ProgramContext;
  readonly #options: CorednsOptions;
  readonly #metrics = new Metrics();
  readonly #exit: { readonly promise: Promise<number>; resolve(code: number): void };
  readonly #file: string;
  readonly #port: number;
  #current: Configuration | undefined;

  constructor(context: ProgramContext, options: CorednsOptions) {
    this.#context = context;
    this.#options = options;
    this.#exit = context.deferred<number>();
    this.#file = goFlag(context.args, 'conf') ?? 'Corefile';
    this.#port = Number(goFlag(context.args, 'dns.port') ?? goFlag(context.args, 'p') ?? 53);
  }

  run(): Promise<number> {
    const { args, stdout, memory } = this.#context;
    if (args.some((word) => /^--?version$/.test(word))) {
      stdout.write(VERSION);
      return Promise.resolve(0);
    }
    memory.allocate(IDLE_MEMORY);
    this.#context.onSignal('SIGTERM', () => void this.#shutDown());
    this.#context.onSignal('SIGINT', () => {
      stdout.write('[INFO] SIGINT: Shutting down\n');
      this.#current?.stop();
      this.#exit.resolve(0);
    });
    stdout.write(`maxprocs: Leaving GOMAXPROCS=${this.#options.cpus ?? 2}: CPU quota undefined\n`);
    void this.#start();
    return this.#exit.promise;
  }

  async #start(): Promise<void> {
    const { stdout, stderr } = this.#context;
    try {
      const configuration = this.#configure(this.#read());
      this.#current = configuration;
      await configuration.start();
      for (const address of configuration.addresses) {
        const zone = address.replace(/:\d+( on .+)?$/, '');
        if (!/^[\w.*-]+$/.test(zone)) {
          stdout.write(`Warning: Domain "${zone}" does not follow RFC1035 preferred syntax\n`);
        }
        stdout.write(`${address}\n`);
      }
      this.#watch(configuration);
      stdout.write(VERSION);
    } catch (error) {
      stderr.write(`${(error as Error).message}\n`);
      this.#exit.resolve(1);
    }
  }

  #source(text: string): CorefileSource {
    return {
      program: this.#context,
      file: this.#file,
      text,
      log: (level, words) => {
        this.#log(level, words);
      },
    };
  }

  #configure(text: string): Configuration {
    return new Configuration({
      ...this.#source(text),
      records: this.#options.records,
      metrics: this.#metrics,
      defaultPort: this.#port,
      exit: (code) => {
        this.#current?.stop();
        this.#exit.resolve(code);
      },
    });
  }

  /** @throws Error where the file cannot be read */
  #read(): string {
    try {
      return readAsGo(this.#context.files, this.#file);
    } catch (error) {
      throw new Error(`loading Caddyfile via flag: ${messageOf(error)}`, { cause: error });
    }
  }

  /** Begins to look for changes of the Corefile, where the configuration wants that. */
  #watch(configuration: Configuration): void {
    if (configuration.reloadTiming === undefined) return;
    this.#log('INFO', `plugin/reload: Running configuration SHA512 = ${configuration.hash}`);
    const { interval, jitter } = configuration.reloadTiming;
    const period = interval + this.#context.random.between(0, Math.max(0, Math.floor(jitter) - 1));
    void this.#lookEvery(period, configuration);
  }

  async #lookEvery(period: number, configuration: Configuration): Promise<void> {
    let last = configuration.hash;
    let seen: string | undefined;
    for (;;) {
      await this.#context.clock.sleep(period);
      if (configuration.stopped) return;
      let text: string;
      let hash: string;
      try {
        text = this.#read();
      } catch {
        continue;
      }
      // What it imports may be another although it is the same.
      if (text === seen && !/\bimport\b/.test(text)) continue;
      try {
        hash = Configuration.hashOf(this.#source(text));
      } catch (error) {
        this.#log('WARNING', `plugin/reload: Corefile parse failed: ${(error as Error).message}`);
        continue;
      }
      seen = text;
      if (hash === last) continue;
      // A Corefile that is wrong is tried once.
      last = hash;
      if (await this.#replace(configuration, text)) return;
    }
  }

  async #replace(old: Configuration, text: string): Promise<boolean> {
    this.#log('INFO', 'Reloading');
    try {
      const configuration = this.#configure(text);
      old.stop();
      this.#current = configuration;
      await configuration.start();
      this.#watch(configuration);
      this.#log('INFO', 'Reloading complete');
      return true;
    } catch (error) {
      const { message } = error as Error;
      this.#log('ERROR', `Restart failed: ${message}`);
      this.#log(
        'ERROR',
        `plugin/reload: Corefile changed but reload failed: starting with listener file descriptors: ${message}`,
      );
      this.#metrics.add('coredns_reload_failed_total', {});
      return false;
    }
  }

  async #shutDown(): Promise<void> {
    this.#log('INFO', 'SIGTERM: Shutting down servers then terminating');
    const lameduckMs = this.#current?.lameduckMs ?? 0;
    if (lameduckMs > 0) {
      this.#log('INFO', `plugin/health: Going into lameduck mode for ${formatGoDuration(lameduckMs)}`);
      await this.#context.clock.sleep(lameduckMs);
    }
    this.#current?.stop();
    this.#exit.resolve(0);
  }

  #log(level: 'INFO' | 'WARNING' | 'ERROR' | 'FATAL', text: string): void {
    this.#context.stdout.write(`[${level}] ${text}\n`);
  }
}

const VERSION = `CoreDNS-${COREDNS_VERSION}\nlinux/amd64, ${GO_VERSION}, \n`;
