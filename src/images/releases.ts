/**
 * The releases of the shop and what is baked into each (program knobs, workload/src/release.ts). The same table
 * makes the embedded cluster's images and the real ones (`docker build`).
 */
export const releases: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  /** The release that everything runs on a good day. */
  '1.4.2': {},
  /** The next ones: nothing wrong with them. */
  '1.5.0': {},
  '1.5.1': {},
  /** Older releases, still in the registry. */
  '1.4.1': {},
  '1.3.9': {},
  /** Keeps whole receipts with their scans: a megabyte each. */
  '1.6.0': { receiptKilobytes: 1024 },
  /** As 1.6.0, but keeps every receipt, whatever CACHE_MEGABYTES says. */
  '1.7.0': { receiptKilobytes: 1024, cacheBounded: false },
  /** As 1.6.0, but has a whole report in memory. */
  '1.7.1': { receiptKilobytes: 1024, reportBatchRows: 0 },
  /** Load their price lists before they listen. */
  '1.8.0': { startupMs: 35_000 },
  '1.8.1': { startupMs: 45_000 },
};
