import { expect, test } from '@jest/globals';
import type { ShopHost } from '../../../workload/src/host.ts';
import { type ProbeReport, runProbe } from '../../../workload/src/probe.ts';

const addresses: Readonly<Record<string, string[]>> = { ledger: ['10.96.0.7'], fx: ['10.96.0.8'] };

async function probed(...args: readonly string[]): Promise<{ code: number; printed: unknown }> {
  const lines: string[] = [];
  let now = 0;
  const host = {
    now: () => now,
    print: (line: string) => lines.push(line),
    lookup: (name: string) => {
      now += 3;
      const found = addresses[name];
      return found === undefined
        ? Promise.reject(new Error(`getaddrinfo ENOTFOUND ${name}`))
        : Promise.resolve(found);
    },
  } as unknown as ShopHost;
  const code = await runProbe(host, args);
  return { code, printed: JSON.parse(lines.join('')) };
}

const lastOf = (printed: unknown): string[] => (printed as ProbeReport[]).map(({ last }) => last);

test('one probe prints its report', async () => {
  const { code, printed } = await probed('dns', 'ledger', '--contains', '10.96.0.7', '--exactly');
  expect(code).toBe(0);
  expect(printed).toMatchObject({ attempts: 1, succeeded: 1, failed: 0, last: '10.96.0.7', tookMs: 3 });
});

test('several print a list, up to the first that fails', async () => {
  const each = (...names: string[]) => probed('each', JSON.stringify(names.map((name) => ['dns', name])));
  expect(lastOf((await each('ledger', 'fx')).printed)).toEqual(['10.96.0.7', '10.96.0.8']);
  const { code, printed } = await each('ledger', 'nobody', 'fx');
  expect(code).toBe(0);
  expect(lastOf(printed)).toEqual(['10.96.0.7', 'getaddrinfo ENOTFOUND nobody']);
  expect(await each()).toEqual({ code: 0, printed: [] });
});

test.each([[['each', 'no list']], [['each', '[["tcp"]]']], [['each']], [['ping', 'ledger']]])(
  '%j is wrong use',
  async (args) => {
    const { code, printed } = await probed(...args);
    expect(code).toBe(2);
    expect(printed).toEqual({ error: expect.any(String) });
  },
);
