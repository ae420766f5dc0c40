import type { Service } from './service.ts';

/**
 * The receipts of the last orders, kept in memory: it grows with load, after the pod is Ready. Bounded by the
 * operator knob CACHE_MEGABYTES, unless the release forgot to look at it.
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
    const { release, settings, host } = this.#service;
    const most = Math.floor((settings.cacheMegabytes * 1024 * 1024) / this.#receiptBytes);
    if (release.cacheBounded)
      while (this.#receipts.length >= Math.max(most, 1)) this.#receipts.shift()?.release();
    if (!release.cacheBounded || most > 0) this.#receipts.push(host.holdMemory(this.#receiptBytes));
  }
}
