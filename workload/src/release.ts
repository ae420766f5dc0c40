import type { ShopHost } from './host.ts';

/**
 * What is baked into a release: *program knobs*, which nobody can turn without shipping another release.
 * Kept in the image as /app/release.json.
 */
export interface Release {
  readonly version: string;
  /** Milliseconds between the start of the process and its listening. */
  readonly startupMs: number;
  /** Megabytes that the process holds from its start on. */
  readonly baseMegabytes: number;
  /** Kilobytes that every served order adds to the receipts cache. */
  readonly receiptKilobytes: number;
  /** Whether the receipts cache keeps to CACHE_MEGABYTES. */
  readonly cacheBounded: boolean;
  /** Rows of a report that are in memory at once, unless REPORT_BATCH_ROWS says it; 0 for all. */
  readonly reportBatchRows: number;
  /** CPU time of one request, in milliseconds. */
  readonly cpuMs: number;
}

export const RELEASE_FILE = '/app/release.json';

export const plainRelease: Omit<Release, 'version'> = {
  startupMs: 0,
  baseMegabytes: 0,
  receiptKilobytes: 4,
  cacheBounded: true,
  reportBatchRows: 100,
  cpuMs: 1,
};

export function readRelease(host: ShopHost): Release {
  const baked = JSON.parse(host.files.readText(RELEASE_FILE)) as Partial<Release> & { version: string };
  return { ...plainRelease, ...baked };
}
