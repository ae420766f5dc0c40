import type { DnsCode, DnsMessage, DnsType } from '../network/dns-message.ts';
import type { HttpResponse } from '../network/types.ts';
import type { ProgramContext } from '../runtime/types.ts';
import type { Dispenser } from '../../model/corefile/dispenser.ts';
import type { Metrics } from './metrics.ts';
import type { ClusterRecords } from './records.ts';

/** One query on its way through the plugins of a server block. */
export interface DnsRequest {
  readonly query: DnsMessage;
  /** Lower case, without the final dot; rewritten by the rewrite plugin. */
  readonly name: string;
  readonly type: DnsType;
  readonly from: { readonly ip: string; readonly port: number; readonly protocol: 'UDP' | 'TCP' };
}

/** An answer, or what went wrong: then the server answers with the code alone. */
export type Outcome =
  | { readonly answer: DnsMessage; readonly error?: undefined }
  | { readonly answer?: undefined; readonly code: DnsCode; readonly error: string | undefined };

export type Done = (outcome: Outcome) => void;
/** Hands a request to the following plugin. */
export type Next = (request: DnsRequest, done: Done) => void;

/** A link of the chain. Answers at once or later, by `done`, exactly once. */
export interface Plugin {
  readonly name: string;
  serve(request: DnsRequest, next: Next, done: Done): void;
}

/** The server block that a plugin is set up for. */
export interface BlockContext {
  /** Normalized zones of the block. */
  readonly zones: readonly string[];
  readonly port: number;
  /** Listens on these addresses instead of on all. */
  readonly listenOn: (hosts: readonly string[]) => void;
  /** As in metrics: `dns://:53`, of the first address that it listens on. */
  readonly server: string;
  /** The first zone with its final dot, as in metrics. */
  readonly zoneLabel: string;
  /** Sends a question through the server itself, as for targets of CNAMEs. */
  readonly lookup: (request: DnsRequest, done: Done) => void;
  /** The plugin that comes after another in this block; empty for the last. */
  readonly following: (plugin: string) => string;
}

/** One running configuration: what plugins need of the program around them. */
export interface Instance {
  readonly program: ProgramContext;
  readonly records: ClusterRecords;
  readonly metrics: Metrics;
  /** Has this configuration been replaced or stopped? Loops end then. */
  readonly stopped: boolean;
  log(level: 'INFO' | 'WARNING' | 'ERROR' | 'FATAL', text: string): void;
  /** Starts when all plugins are set up, in their order. Throws what the start ends with. */
  onStart(start: () => void): void;
  /** Answers GET requests for a path at an address like `:8080` while this configuration runs. */
  serveHttp(address: string, path: string, handle: () => HttpResponse): void;
  /** Plugins that say whether they are ready. */
  addReadiness(plugin: string, isReady: () => boolean): void;
  notReady(): readonly string[];
  /** Milliseconds to keep serving after SIGTERM. */
  setLameduck(ms: number): void;
  setReload(interval: number, jitter: number): void;
  /** Waits before the servers start: `kubernetes` until its first list has come. */
  beforeStart(wait: () => Promise<void>): void;
  /** Ends the whole program. */
  exit(code: number): void;
}

interface SetupContext {
  readonly tokens: Dispenser;
  readonly block: BlockContext;
  readonly instance: Instance;
}

/**
 * Reads the plugin's part of the Corefile; a plugin that serves no queries returns nothing.
 * @throws Error with CoreDNS' own words
 */
export type Setup = (setup: SetupContext) => Plugin | undefined;

/** What is left to do with names that a plugin does not know: the zones of `fallthrough [ZONES…]`. */
export interface Fallthrough {
  through(name: string): boolean;
}

export const NO_FALLTHROUGH: Fallthrough = { through: () => false };
