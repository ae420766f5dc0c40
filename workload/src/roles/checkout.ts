import { ReceiptCache } from '../cache.ts';
import { salesReport } from '../report.ts';
import { json, type Role, type Service } from '../service.ts';

const caches = new WeakMap<Service, ReceiptCache>();

function cacheOf(service: Service): ReceiptCache {
  let cache = caches.get(service);
  if (cache === undefined) {
    cache = new ReceiptCache(service);
    caches.set(service, cache);
  }
  return cache;
}

/** Turns a basket into a charge; keeps the last receipts at hand. */
export const checkout: Role = {
  routes: {
    '/checkout': async (request, service) => {
      const { amount } = JSON.parse(request.body || '{"amount":100}') as { amount: number };
      const { rate } = (await service.callRole('fx', '/rate')) as { rate: number };
      const charge = await service.callRole('payments', '/charge', { amount: Math.round(amount * rate) });
      cacheOf(service).add();
      return json(200, { status: 'paid', charge });
    },
    // A receipt made without charging anybody: what a load test may ask for.
    '/quote': async (_request, service) => {
      cacheOf(service).add();
      return Promise.resolve(json(200, { status: 'quoted' }));
    },
    '/report': async ({ query }, service) => {
      const rows = Number(query.get('rows') ?? '100');
      if (!Number.isInteger(rows) || rows < 1) {
        return json(400, { error: `rows is "${query.get('rows') ?? ''}"; it must be a whole number from 1` });
      }
      return salesReport(service, rows);
    },
  },
};
