import { json, type Role, type Service } from '../service.ts';

/** Charges a card and writes the entry into the ledger. */
export const payments: Role = {
  routes: {
    '/charge': async (request, service) => {
      const { amount } = JSON.parse(request.body || '{"amount":100}') as { amount: number };
      return json(200, await service.callRole('ledger', '/append', { kind: 'charge', amount }));
    },
  },
};

/** Gives money back. */
export const refunds: Role = {
  routes: {
    '/refund': async (request, service) => {
      const { amount } = JSON.parse(request.body || '{"amount":100}') as { amount: number };
      return json(200, await service.callRole('ledger', '/append', { kind: 'refund', amount: -amount }));
    },
  },
};

/** Stands for a third party: exchange rates. Looks up where it has them from, if they are from somebody else. */
export const fx: Role = {
  routes: {
    '/rate': async (_request, service) => {
      const { ratesHost } = service.settings;
      if (ratesHost !== '') await service.find(ratesHost);
      return json(200, { pair: 'EUR/USD', rate: 1.08 });
    },
  },
};

/** Tells customers about new entries; a worker that nobody calls. */
export const notifier: Role = {
  routes: {},
  background: async (service) => {
    let seen = 0;
    while (!service.stopping) {
      await service.host.sleep(30_000);
      seen = await notify(service, seen);
    }
  },
};

async function notify(service: Service, seen: number): Promise<number> {
  try {
    const { count } = (await service.callRole('ledger', '/count')) as { count: number };
    if (count > seen) service.log('info', 'customers notified', { entries: count - seen });
    return count;
  } catch (error) {
    service.log('error', 'ledger not readable', {
      cause: error instanceof Error ? error.message : String(error),
    });
    return seen;
  }
}
