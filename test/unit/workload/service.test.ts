import { expect, test } from '@jest/globals';
import type { CallOptions, ShopHost, ShopRequest, ShopResponse } from '../../../workload/src/host.ts';
import type { Release } from '../../../workload/src/release.ts';
import { gateway } from '../../../workload/src/roles/gateway.ts';
import { Service } from '../../../workload/src/service.ts';
import { readSettings } from '../../../workload/src/settings.ts';

test('a request that comes back to its caller ends there', async () => {
  let serve: ((request: ShopRequest) => Promise<ShopResponse>) | undefined;
  let asked = 0;
  const host = {
    env: { ROLE: 'gateway' },
    now: () => 0,
    print: () => {},
    onTerminate: () => {},
    onHangUp: () => {},
    listen: (_port: number, handler: typeof serve) => {
      serve = handler;
      return Promise.resolve({ close: () => {} });
    },
    // Service refunds leads to the gateway, which has a path of that name too.
    call: (url: string, { method = 'GET', headers = {} }: CallOptions) => {
      asked++;
      const { pathname, searchParams } = new URL(url);
      return serve?.({ method, path: pathname, query: searchParams, headers, body: '' });
    },
  } as unknown as ShopHost;
  const release = { version: '1.4.2', startupMs: 0, baseMegabytes: 0, cpuMs: 0 } as Release;
  void new Service(host, readSettings(host), release, gateway).run();
  await new Promise((resolve) => setImmediate(resolve));
  const query = new URLSearchParams();
  const answer = await serve?.({ method: 'POST', path: '/refund', query, headers: {}, body: '' });
  expect(answer).toMatchObject({
    status: 502,
    body: expect.stringContaining('refunds answered 508: gateway was called by gateway'),
  });
  expect(asked).toBe(1);
});
