import type { Service } from './service.ts';

/**
 * The receipts of the last orders, kept in memory: it grows with load, after the pod is Ready. Bounded by the
 * operator knobs CACHE_MEGABYTES, unless the release forgot to look at it, and CACHE_RECEIPTS.
 */
export class ReceiptCache {
  readonly #service: Service;
  readonly #receipts: { release(): void }[] = [];
  readonly #receiptBytes: number;

  constructor(service: Service) {
    this.#service = service;
    this.#receiptBytes = service.release.receiptKilobytes * 1024;
    service.metrics.gauge('cache_bytes', () => this.#receipts.length * this.#receiptBytes);
  }

  add(): void {
    const most = this.#most();
    while (this.#receipts.length >= Math.max(most, 1)) this.#receipts.shift()?.release();
    if (most > 0) this.#receipts.push(this.#service.host.holdMemory(this.#receiptBytes));
  }

  #most(): number {
    const { release, settings } = this.#service;
    const byNumber = settings.cacheReceipts > 0 ? settings.cacheReceipts : Infinity;
    if (!release.cacheBounded) return byNumber;
    return Math.min(byNumber, Math.floor((settings.cacheMegabytes * 1024 * 1024) / this.#receiptBytes));
  }
}
