import type { ShopHost } from './host.ts';

export type RoleName =
  'gateway' | 'checkout' | 'payments' | 'ledger' | 'refunds' | 'notifier' | 'fx' | 'nameserver';

/** *Operator knobs*: what the environment sets; turning them is a legitimate repair. Documented in workload/README.md. */
export interface Settings {
  readonly role: RoleName;
  readonly port: number;
  /** Base URLs of the roles that this one calls. */
  readonly urls: Readonly<Record<RoleName, string>>;
  /** Whom fx has its rates from: it looks that name up for every one. Empty: it knows them itself. */
  readonly ratesHost: string;
  /** Orders a minute that the gateway makes up itself, as customers would. */
  readonly ordersPerMinute: number;
  /** Upper bound of the receipts cache. */
  readonly cacheMegabytes: number;
  /** Upper bound of the receipts in the cache, as a number of receipts; 0 for none. */
  readonly cacheReceipts: number;
  /** Rows of the sales report that the gateway asks for every minute; 0 for no report. */
  readonly reportRows: number;
  /** Rows of a report that are in memory at once; 0 for what the release does by itself. */
  readonly reportBatchRows: number;
  readonly callTimeoutMs: number;
  readonly dataFolder: string;
  /** What a caller of the ledger must show. */
  readonly ledgerPassword: string;
  readonly dns: DnsSettings;
}

/** What the name server answers, and how slowly. */
export interface DnsSettings {
  readonly port: number;
  readonly zone: string;
  /** Addresses by name; `*.zone` stands for every name below the zone that is not there. */
  readonly records: ReadonlyMap<string, string>;
  /** Seconds. */
  readonly ttl: number;
  readonly delayMs: number;
  /** The delay varies: up to so much comes on top, at random. */
  readonly jitterMs: number;
}

export const DEFAULT_PORT = 8080;

const ROLES: readonly RoleName[] = [
  'gateway',
  'checkout',
  'payments',
  'ledger',
  'refunds',
  'notifier',
  'fx',
  'nameserver',
];

export function readSettings(host: ShopHost): Settings {
  const { env } = host;
  const role = ROLES.find((name) => name === env['ROLE']);
  if (role === undefined)
    throw new Error(`ROLE is ${env['ROLE'] ?? 'not set'}; it must be one of ${ROLES.join(', ')}`);
  const url = (name: RoleName): string => env[`${name.toUpperCase()}_URL`] ?? `http://${name}`;
  return {
    role,
    port: wholeNumber(env, 'PORT', DEFAULT_PORT),
    urls: {
      gateway: url('gateway'),
      checkout: url('checkout'),
      payments: url('payments'),
      ledger: url('ledger'),
      refunds: url('refunds'),
      notifier: url('notifier'),
      fx: url('fx'),
      nameserver: url('nameserver'),
    },
    ratesHost: hostOf(env, 'RATES_URL'),
    ordersPerMinute: wholeNumber(env, 'ORDERS_PER_MINUTE', 0),
    cacheMegabytes: wholeNumber(env, 'CACHE_MEGABYTES', 16),
    cacheReceipts: wholeNumber(env, 'CACHE_RECEIPTS', 0),
    reportRows: wholeNumber(env, 'REPORT_ROWS', 0),
    reportBatchRows: wholeNumber(env, 'REPORT_BATCH_ROWS', 0),
    callTimeoutMs: wholeNumber(env, 'CALL_TIMEOUT_MS', 2000),
    dataFolder: env['DATA_FOLDER'] ?? '/data',
    ledgerPassword: env['LEDGER_PASSWORD'] ?? '',
    dns: {
      port: wholeNumber(env, 'DNS_PORT', 5353),
      zone: env['DNS_ZONE'] ?? 'partner.test',
      records: recordsOf(env['DNS_RECORDS'] ?? ''),
      ttl: wholeNumber(env, 'DNS_TTL', 60),
      delayMs: wholeNumber(env, 'DNS_DELAY_MS', 0),
      jitterMs: wholeNumber(env, 'DNS_JITTER_MS', 0),
    },
  };
}

function hostOf(env: ShopHost['env'], name: string): string {
  const text = env[name] ?? '';
  if (text === '') return '';
  if (!URL.canParse(text)) throw new Error(`${name} is "${text}"; it must be a URL`);
  return new URL(text).hostname;
}

/** `name=address name=address`. */
function recordsOf(text: string): Map<string, string> {
  const records = new Map<string, string>();
  for (const record of text.split(/\s+/).filter((part) => part !== '')) {
    const [name = '', address = '', ...more] = record.split('=');
    if (!/^(\d{1,3}\.){3}\d{1,3}$/.test(address) || more.length > 0)
      throw new Error(`DNS_RECORDS has "${record}"; write name=address, with spaces between them`);
    records.set(name.toLowerCase(), address);
  }
  return records;
}

function wholeNumber(env: ShopHost['env'], name: string, otherwise: number): number {
  const text = env[name];
  if (text === undefined || text === '') return otherwise;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0)
    throw new Error(`${name} is "${text}"; it must be a whole number`);
  return value;
}
