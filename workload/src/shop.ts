import type { ShopHost } from './host.ts';
import { textOf } from './host.ts';
import { runProbe } from './probe.ts';
import { readRelease } from './release.ts';
import { fx, notifier, payments, refunds } from './roles/back-office.ts';
import { checkout } from './roles/checkout.ts';
import { gateway } from './roles/gateway.ts';
import { ledger } from './roles/ledger.ts';
import { nameserver } from './roles/nameserver.ts';
import { type Role, Service } from './service.ts';
import { DEFAULT_PORT, readSettings, type RoleName } from './settings.ts';

const roles: Readonly<Record<RoleName, Role>> = {
  gateway,
  checkout,
  payments,
  ledger,
  refunds,
  notifier,
  fx,
  nameserver,
};

/**
 * The program: `shop` serves the role of the environment, `shop ready` asks the container's main process whether it
 * is ready, `shop probe …` looks at another service, `shop get URL` prints what it answers, `shop hang-up` has the
 * main process close its listener without ending (what a stuck process looks like).
 */
export async function main(host: ShopHost): Promise<number> {
  const [command, ...rest] = host.args;
  if (command === 'probe') return runProbe(host, rest);
  // For exec probes: the image has no wget.
  if (command === 'ready') return get(host, `http://127.0.0.1:${host.env['PORT'] ?? DEFAULT_PORT}/readyz`);
  if (command === 'get') return get(host, rest[0] ?? '');
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

/** Prints what a URL answers; exit code 1 unless that is 200. */
async function get(host: ShopHost, url: string): Promise<number> {
  try {
    const { status, body } = await host.call(url, { timeoutMs: 1000 });
    host.print(body.trim());
    return status === 200 ? 0 : 1;
  } catch (error) {
    host.print(textOf(error));
    return 1;
  }
}
