import { all, type Check } from './check.ts';
import { http } from './traffic.ts';

/**
 * The shop does for customers what it is there for: an order is paid, through gateway, checkout, fx, payments and ledger,
 * and money is given back, through refunds. Every service asks the next one itself, with its own settings: what it was
 * told wrong shows here, however well it answers when it is asked for its version.
 */
export function customersServed(namespace: string): Check {
  const customer = { from: { namespace, app: 'gateway' }, method: 'POST', timeoutMs: 5000 };
  return all('customers pay, and get their money back', [
    http({ ...customer, url: 'http://gateway/pay', contains: '"paid"' }),
    http({ ...customer, url: 'http://gateway/refund', contains: '"id"' }),
  ]);
}
