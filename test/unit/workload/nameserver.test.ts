import { describe, expect, test } from '@jest/globals';
import type { DnsAnswer, DnsQuestion, ShopHost } from '../../../workload/src/host.ts';
import { Metrics } from '../../../workload/src/metrics.ts';
import { fx } from '../../../workload/src/roles/back-office.ts';
import { nameserver } from '../../../workload/src/roles/nameserver.ts';
import { Service } from '../../../workload/src/service.ts';
import { readSettings } from '../../../workload/src/settings.ts';

const RECORDS = 'fx.bank.test=198.51.100.7  *.bank.test=198.51.100.9';

/** The name server with these variables: what it answers, how often it was asked, how long it slept. */
async function started(env: Readonly<Record<string, string>> = {}) {
  const slept: number[] = [];
  let answer: ((question: DnsQuestion) => Promise<DnsAnswer>) | undefined;
  let port = 0;
  const host = {
    env: { ROLE: 'nameserver', DNS_ZONE: 'bank.test', DNS_RECORDS: RECORDS, ...env },
    random: () => 0.5,
    sleep: (ms: number) => Promise.resolve(void slept.push(ms)),
    listenDns: (at: number, handler: typeof answer) => {
      port = at;
      answer = handler;
      return Promise.resolve({ close: () => {} });
    },
  } as unknown as ShopHost;
  const service = {
    host,
    settings: readSettings(host),
    metrics: new Metrics(),
    log: () => {},
  } as unknown as Service;
  await nameserver.background?.(service);
  const ask = async (name: string, type = 'A'): Promise<DnsAnswer | undefined> => answer?.({ name, type });
  const asked = async (query: string): Promise<unknown> => {
    const request = {
      method: 'GET',
      path: '/asked',
      query: new URLSearchParams(query),
      headers: {},
      body: '',
    };
    return JSON.parse((await nameserver.routes['/asked']?.(request, service))?.body ?? '');
  };
  return { ask, asked, slept, port, metrics: service.metrics };
}

describe('the name server', () => {
  test.each([
    ['fx.bank.test', 'A', 'NOERROR', ['198.51.100.7']],
    ['any.other.bank.test', 'A', 'NOERROR', ['198.51.100.9']],
    ['fx.bank.test', 'AAAA', 'NOERROR', []],
    ['bank.test', 'A', 'NOERROR', []],
    ['mybank.test', 'A', 'REFUSED', []],
    ['', 'NS', 'REFUSED', []],
  ])('%j %s: %s', async (name, type, code, addresses) => {
    const { ask, port } = await started();
    expect(await ask(name, type)).toEqual({ code, addresses, ttl: 60, zone: 'bank.test' });
    expect(port).toBe(5353);
  });

  test('knows no other name without a wildcard', async () => {
    const { ask } = await started({ DNS_RECORDS: 'fx.bank.test=198.51.100.7', DNS_TTL: '5', DNS_PORT: '53' });
    expect(await ask('q.bank.test')).toEqual({ code: 'NXDOMAIN', addresses: [], ttl: 5, zone: 'bank.test' });
  });

  test('counts what it is asked by name and type, but not the names of others', async () => {
    const { ask, asked, metrics } = await started();
    for (const type of ['A', 'A', 'AAAA']) await ask('fx.bank.test', type);
    await ask('kube-dns.kube-system.svc.cluster.local');
    expect(await asked('name=fx.bank.test')).toEqual({ asked: 2 });
    expect(await asked('name=fx.bank.test&type=AAAA')).toEqual({ asked: 1 });
    expect(await asked('name=new.bank.test')).toEqual({ asked: 0 });
    expect(metrics.text()).toContain('dns_questions_total{name="",type="A"} 1');
  });

  test('takes its time', async () => {
    const { ask, slept } = await started({ DNS_DELAY_MS: '800', DNS_JITTER_MS: '250' });
    await ask('fx.bank.test');
    expect(slept).toEqual([925]);
    const quick = await started();
    await quick.ask('fx.bank.test');
    expect(quick.slept).toEqual([]);
  });

  test.each(['fx.bank.test', 'fx.bank.test=bank', 'a=1.2.3.4=5', '=1.2.3'])(
    'does not start with the record %j',
    async (record) => {
      await expect(started({ DNS_RECORDS: record })).rejects.toThrow(`DNS_RECORDS has "${record}"`);
    },
  );
});

describe('fx', () => {
  const rate = async (env: Readonly<Record<string, string>>, lookup: (name: string) => Promise<string[]>) => {
    const host = { env: { ROLE: 'fx', ...env }, lookup } as unknown as ShopHost;
    const service = new Service(
      { ...host, residentBytes: () => 0, peakBytes: () => 0 },
      readSettings(host),
      {
        version: '1',
        startupMs: 0,
        baseMegabytes: 0,
        receiptKilobytes: 0,
        cacheBounded: true,
        reportBatchRows: 0,
        cpuMs: 0,
      },
      fx,
    );
    const request = { method: 'GET', path: '/rate', query: new URLSearchParams(), headers: {}, body: '' };
    return fx.routes['/rate']?.(request, service);
  };

  test('looks up whom it has its rates from, as the name is written', async () => {
    const asked: string[] = [];
    const lookup = (name: string) => Promise.resolve([`${asked.push(name)}`]);
    expect(await rate({ RATES_URL: 'http://fx.bank.test.:8080/today' }, lookup)).toMatchObject({
      status: 200,
    });
    expect(await rate({}, lookup)).toMatchObject({ status: 200 });
    expect(asked).toEqual(['fx.bank.test.']);
  });

  test('names it where it is not found', async () => {
    const lookup = () => Promise.reject(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }));
    await expect(rate({ RATES_URL: 'http://fx.bank.test' }, lookup)).rejects.toMatchObject({
      dependency: 'fx.bank.test',
      status: 502,
    });
    await expect(rate({ RATES_URL: 'bank' }, lookup)).rejects.toThrow(
      'RATES_URL is "bank"; it must be a URL',
    );
  });
});
