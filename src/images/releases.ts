/**
 * The releases of the shop and what is baked into each (program knobs, workload/src/release.ts). The same table
 * makes the embedded cluster's images and the real ones (`docker build`).
 */
export const releases: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  /** The release that everything runs on a good day. */
  '1.4.2': {},
  /** The next one: nothing wrong with it. */
  '1.5.0': {},
  /** Older releases, still in the registry. */
  '1.4.1': {},
  '1.3.9': {},
  /** Keeps whole receipts with their scans: a megabyte each. */
  '1.6.0': { receiptKilobytes: 1024 },
};
