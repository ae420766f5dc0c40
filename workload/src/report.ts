import { json, type Service } from './service.ts';
import type { ShopResponse } from './host.ts';

/** What one row of a report takes while it is in memory. */
const ROW_BYTES = 32 * 1024;

/**
 * The sales report. Its rows are worked on in batches, of which one is in memory at a time: how large a report is
 * then costs time and no memory. A batch has as many rows as the operator knob REPORT_BATCH_ROWS says, otherwise as
 * the release does by itself.
 */
export async function salesReport(service: Service, rows: number): Promise<ShopResponse> {
  const { host, settings, release } = service;
  const wanted = settings.reportBatchRows > 0 ? settings.reportBatchRows : release.reportBatchRows;
  const batchRows = wanted > 0 ? Math.min(wanted, rows) : rows;
  service.log('info', 'report begun', { rows });
  const batch = host.holdMemory(batchRows * ROW_BYTES);
  for (let done = 0; done < rows; done += batchRows) await host.spendCpu(batchRows / 100);
  batch.release();
  service.log('info', 'report done', { rows });
  return json(200, { status: 'ready', rows });
}
