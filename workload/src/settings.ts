import type { ShopHost } from './host.ts';

export type RoleName = 'gateway' | 'checkout' | 'payments' | 'ledger' | 'refunds' | 'notifier' | 'fx';

/** *Operator knobs*: what the environment sets; turning them is a legitimate repair. Documented in workload/README.md. */
export interface Settings {
  readonly role: RoleName;
  readonly port: number;
  /** Base URLs of the roles that this one calls. */
  readonly urls: Readonly<Record<RoleName, string>>;
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
}

export const DEFAULT_PORT = 8080;

const ROLES: readonly RoleName[] = ['gateway', 'checkout', 'payments', 'ledger', 'refunds', 'notifier', 'fx'];

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
    },
    ordersPerMinute: wholeNumber(env, 'ORDERS_PER_MINUTE', 0),
    cacheMegabytes: wholeNumber(env, 'CACHE_MEGABYTES', 16),
    cacheReceipts: wholeNumber(env, 'CACHE_RECEIPTS', 0),
    reportRows: wholeNumber(env, 'REPORT_ROWS', 0),
    reportBatchRows: wholeNumber(env, 'REPORT_BATCH_ROWS', 0),
    callTimeoutMs: wholeNumber(env, 'CALL_TIMEOUT_MS', 2000),
    dataFolder: env['DATA_FOLDER'] ?? '/data',
    ledgerPassword: env['LEDGER_PASSWORD'] ?? '',
  };
}

function wholeNumber(env: ShopHost['env'], name: string, otherwise: number): number {
  const text = env[name];
  if (text === undefined || text === '') return otherwise;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0)
    throw new Error(`${name} is "${text}"; it must be a whole number`);
  return value;
}
