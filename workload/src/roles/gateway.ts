import { DependencyError, json, type Role, type Service } from '../service.ts';

/** The front door: customers pay and ask for refunds here. */
export const gateway: Role = {
  routes: {
    '/pay': async (request, service) => json(200, await pay(service, amountOf(request.query))),
    '/refund': async (request, service) =>
      json(200, await service.callRole('refunds', '/refund', { amount: amountOf(request.query) })),
  },
  background: async (service) => {
    await Promise.all([customers(service), accounting(service)]);
  },
};

async function customers(service: Service): Promise<void> {
  const { ordersPerMinute } = service.settings;
  if (ordersPerMinute === 0) return;
  while (!service.stopping) {
    await service.host.sleep(60_000 / ordersPerMinute);
    await customer(service);
  }
}

/** Accounting wants a sales report every minute: logs how that went. */
async function accounting(service: Service): Promise<void> {
  const { reportRows: rows } = service.settings;
  if (rows === 0) return;
  while (!service.stopping) {
    await service.host.sleep(60_000);
    try {
      await service.callRole('checkout', `/report?rows=${rows}`);
      service.log('info', 'report received', { rows });
    } catch (error) {
      if (!(error instanceof DependencyError)) throw error;
      service.log('error', 'report failed', { rows, dependency: error.dependency, cause: error.message });
    }
  }
}

function amountOf(query: URLSearchParams): number {
  const amount = Number(query.get('amount') ?? '100');
  return Number.isFinite(amount) && amount > 0 ? amount : 100;
}

async function pay(service: Service, amount: number): Promise<unknown> {
  return service.callRole('checkout', '/checkout', { amount });
}

/** One made-up customer: logs how the payment went. */
async function customer(service: Service): Promise<void> {
  const amount = 5 + Math.floor(service.host.random() * 200);
  try {
    await pay(service, amount);
    service.log('info', 'order paid', { amount });
  } catch (error) {
    if (!(error instanceof DependencyError)) throw error;
    service.log('error', 'order failed', { amount, dependency: error.dependency, cause: error.message });
  }
}
