import { describe, expect, test } from '@jest/globals';
import { ReceiptCache } from '../../../workload/src/cache.ts';
import { salesReport } from '../../../workload/src/report.ts';
import type { Service } from '../../../workload/src/service.ts';

/** A service whose memory is counted: what it holds now, and the most that it ever held. */
function counted(settings: object, release: object = {}) {
  const memory = { now: 0, most: 0 };
  const gauges = new Map<string, () => number>();
  const service = {
    settings: { cacheMegabytes: 4, cacheReceipts: 0, reportBatchRows: 0, ...settings },
    release: { receiptKilobytes: 1024, cacheBounded: true, reportBatchRows: 100, ...release },
    metrics: { gauge: (name: string, read: () => number) => gauges.set(name, read) },
    log: () => {},
    host: {
      holdMemory: (bytes: number) => {
        memory.now += bytes;
        memory.most = Math.max(memory.most, memory.now);
        return { release: () => (memory.now -= bytes) };
      },
      spendCpu: () => Promise.resolve(),
    },
  } as unknown as Service;
  return { service, memory, gauges };
}

const MEGABYTE = 1024 * 1024;

describe('the receipts cache', () => {
  test.each([
    ['keeps to CACHE_MEGABYTES', {}, {}, 4],
    ['keeps to CACHE_RECEIPTS where that is less', { cacheReceipts: 3 }, {}, 3],
    ['keeps to CACHE_MEGABYTES where that is less', { cacheReceipts: 9 }, {}, 4],
    ['keeps nothing where it may not', { cacheMegabytes: 0 }, {}, 0],
    ['of a release that forgot its bound grows', {}, { cacheBounded: false }, 20],
    ['of such a release keeps to CACHE_RECEIPTS', { cacheReceipts: 3 }, { cacheBounded: false }, 3],
  ])('%s', (_what, settings, release, kept) => {
    const { service, memory, gauges } = counted(settings, release);
    const cache = new ReceiptCache(service);
    for (let order = 0; order < 20; order++) cache.add();
    expect(memory).toEqual({ now: kept * MEGABYTE, most: kept * MEGABYTE });
    expect(gauges.get('cache_bytes')?.()).toBe(kept * MEGABYTE);
  });
});

describe('a sales report', () => {
  test.each([
    ['is worked on in batches of the release', {}, {}, 100],
    ['in one of its own where it is small', {}, { reportBatchRows: 5000 }, 1000],
    ['as a whole by a release that does so', {}, { reportBatchRows: 0 }, 1000],
    [
      'in batches all the same where REPORT_BATCH_ROWS says it',
      { reportBatchRows: 7 },
      { reportBatchRows: 0 },
      7,
    ],
  ])('%s', async (_what, settings, release, rows) => {
    const { service, memory } = counted(settings, release);
    expect(JSON.parse((await salesReport(service, 1000)).body)).toEqual({ status: 'ready', rows: 1000 });
    expect(memory).toEqual({ now: 0, most: rows * 32 * 1024 });
  });
});
