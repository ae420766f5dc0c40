import type { ShopHost } from './host.ts';
import { textOf } from './host.ts';
import { runProbe } from './probe.ts';
import { readRelease } from './release.ts';
import { fx, notifier, payments, refunds } from './roles/back-office.ts';
import { checkout } from './roles/checkout.ts';
import { gateway } from './roles/gateway.ts';
import { ledger } from './roles/ledger.ts';
import { type Role, Service } from './service.ts';
import { readSettings, type RoleName } from './settings.ts';

const roles: Readonly<Record<RoleName, Role>> = {
  gateway,
  checkout,
  payments,
  ledger,
  refunds,
  notifier,
  fx,
};

/**
 * The program: `shop` serves the role of the environment, `shop probe …` looks at another service, `shop hang-up`
 * has the container's main process close its listener without ending (what a stuck process looks like).
 */
export async function main(host: ShopHost): Promise<number> {
  const [command, ...rest] = host.args;
  if (command === 'probe') return runProbe(host, rest);
  if (command === 'hang-up') {
    host.hangUp();
    return 0;
  }
  try {
    const settings = readSettings(host);
    return await new Service(host, settings, readRelease(host), roles[settings.role]).run();
  } catch (error) {
    host.print(JSON.stringify({ level: 'error', message: textOf(error) }));
    return 1;
  }
}
