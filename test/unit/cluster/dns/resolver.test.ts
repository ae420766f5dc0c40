import { beforeEach, describe, expect, test } from '@jest/globals';
import type { DnsMessage } from '../../../../src/cluster/network/dns-message.ts';
import { NetError, type NetworkStack } from '../../../../src/cluster/network/types.ts';
import { corednsProgram } from '../../../../src/cluster/dns/coredns.ts';
import { queryServers } from '../../../../src/cluster/dns/query.ts';
import { watchClusterRecords } from '../../../../src/cluster/dns/records.ts';
import { candidatesOf, createLookup, type LookupOptions } from '../../../../src/cluster/dns/resolver.ts';
import { LookupError } from '../../../../src/cluster/runtime/types.ts';
import { answerFromZone } from '../../../../src/cluster/dns/upstream.ts';
import { createWorld, type World } from '../network/support.ts';
import { programNetwork, runProgram } from './support.ts';

let world: World;
let client: NetworkStack;
let asked: string[];
let files: Record<string, string>;

const record = (name: string, data: string, type: 'A' | 'AAAA' | 'CNAME' = 'A') => ({
  name,
  type,
  ttl: 30,
  data,
});

/** A server that knows a few names under `test` and `shop.svc.cluster.local`, and writes down what it is asked. */
function serve(
  change: (answer: DnsMessage, protocol: string) => DnsMessage | undefined = (answer) => answer,
): NetworkStack {
  const { stack } = world.addPod(`dns-${asked.length}-${Math.abs(client.ip.length)}-${serveCount++}`);
  stack.listen(53, {
    kind: 'dns',
    handle: (query, from, respond) => {
      asked.push(`${query.question.type} ${query.question.name}${from.protocol === 'TCP' ? ' tcp' : ''}`);
      const answer = change(
        answerFromZone(
          {
            zones: [''],
            records: [
              record('web.shop.svc.cluster.local', '10.96.0.50'),
              record('fx.test', '10.1.1.1'),
              record('six.test', 'fd00::1', 'AAAA'),
              record('alias.test', 'fx.test.', 'CNAME'),
            ],
          },
          query,
        ),
        from.protocol,
      );
      if (answer !== undefined) respond(answer);
    },
  });
  return stack;
}
let serveCount = 0;

const resolvConf = (...servers: string[]): string =>
  `search shop.svc.cluster.local svc.cluster.local cluster.local\n${servers.map((ip) => `nameserver ${ip}\n`).join('')}options ndots:5\n`;

function options(): LookupOptions {
  return {
    files: {
      readText: (path) => files[path] ?? '',
    },
    query: (...args) => programNetwork(world, client).query(...args),
  };
}

/** The outcome and how long it took, in whole seconds. */
async function look(
  name: string,
  type?: 'A' | 'PTR' | 'AAAA',
  lookup = createLookup(options()),
): Promise<[unknown, number]> {
  const start = world.simulation.now;
  let took = -1;
  let outcome: unknown = 'pending';
  const settle = (result: unknown): void => {
    outcome = result;
    took = Math.round((world.simulation.now - start) / 1_000_000);
  };
  lookup(name, type === undefined ? {} : { type }).then(settle, (error: unknown) => {
    expect(error).toBeInstanceOf(LookupError);
    settle((error as LookupError).code);
  });
  world.simulation.wake();
  await world.run(60);
  return [outcome, took];
}

beforeEach(() => {
  world = createWorld();
  client = world.addPod('client').stack;
  asked = [];
  files = {};
});

describe('createLookup', () => {
  test('the order of names', () => {
    const search = ['shop.svc', 'svc'];
    expect(candidatesOf('web', { search, ndots: 5 })).toEqual(['web.shop.svc', 'web.svc', 'web']);
    expect(candidatesOf('a.b.c', { search, ndots: 2 })).toEqual(['a.b.c', 'a.b.c.shop.svc', 'a.b.c.svc']);
    expect(candidatesOf('web.', { search, ndots: 5 })).toEqual(['web']);
    expect(candidatesOf('WEB', { search: [], ndots: 1 })).toEqual(['web']);
  });

  test('walks the search list, A and AAAA side by side', async () => {
    files['/etc/resolv.conf'] = resolvConf(serve().ip);
    expect(await look('web')).toEqual([['10.96.0.50'], 0]);
    expect(asked).toEqual(['A web.shop.svc.cluster.local', 'AAAA web.shop.svc.cluster.local']);
    asked = [];
    expect(await look('fx.test')).toEqual([['10.1.1.1'], 0]);
    expect(asked.filter((one) => one.startsWith('A '))).toEqual([
      'A fx.test.shop.svc.cluster.local',
      'A fx.test.svc.cluster.local',
      'A fx.test.cluster.local',
      'A fx.test',
    ]);
    asked = [];
    expect(await look('fx.test.')).toEqual([['10.1.1.1'], 0]);
    expect(asked).toEqual(['A fx.test', 'AAAA fx.test']);
    expect(await look('alias.test.')).toEqual([['10.1.1.1'], 0]);
    expect(await look('six.test.')).toEqual([['fd00::1'], 0]);
    expect(await look('nosuch')).toEqual(['ENOTFOUND', 0]);
    expect(await look('fx.test.', 'PTR')).toEqual(['ENOTFOUND', 0]);
  });

  test('/etc/hosts and addresses need no server', async () => {
    files['/etc/hosts'] = '127.0.0.1\tlocalhost\n10.9.9.9 Pinned.test pinned # by hand\n10.9.9.8 pinned\n';
    expect(await look('10.0.0.1')).toEqual([['10.0.0.1'], 0]);
    expect(await look('pinned')).toEqual([['10.9.9.9', '10.9.9.8'], 0]);
    expect(await look('PINNED.TEST')).toEqual([['10.9.9.9'], 0]);
    // Without a resolv.conf the server is the local host, and nobody listens there.
    expect(await look('other')).toEqual(['EAI_AGAIN', 0]);
  });

  test('a silent server: two tries of five seconds, and no further name', async () => {
    files['/etc/resolv.conf'] = resolvConf(serve(() => undefined).ip);
    expect(await look('web')).toEqual(['EAI_AGAIN', 10]);
    expect(new Set(asked)).toEqual(
      new Set(['A web.shop.svc.cluster.local', 'AAAA web.shop.svc.cluster.local']),
    );
    files['/etc/resolv.conf'] += 'options timeout:1 attempts:3\n';
    expect(await look('web')).toEqual(['EAI_AGAIN', 3]);
  });

  test('the next server takes over; rotate begins with another each time', async () => {
    const dead = serve(() => undefined).ip;
    files['/etc/resolv.conf'] = resolvConf(dead, serve().ip);
    expect(await look('web')).toEqual([['10.96.0.50'], 5]);
    files['/etc/resolv.conf'] += 'options rotate\n';
    const lookup = createLookup(options());
    expect((await look('web', undefined, lookup))[1]).toBe(5);
    expect((await look('web', undefined, lookup))[1]).toBe(0);
  });

  test('SERVFAIL everywhere is EAI_AGAIN, after the whole search list; refused as well, at once', async () => {
    files['/etc/resolv.conf'] = resolvConf(
      serve((answer) => ({ ...answer, code: 'SERVFAIL', answers: [] })).ip,
    );
    expect(await look('web')).toEqual(['EAI_AGAIN', 0]);
    expect(asked.some((one) => one === 'A web')).toBe(true);
    files['/etc/resolv.conf'] = resolvConf('10.244.1.2');
    expect(await look('web')).toEqual(['EAI_AGAIN', 0]);
  });

  test('a name without such a record is not found; a truncated answer is fetched over TCP', async () => {
    files['/etc/resolv.conf'] = resolvConf(
      serve((answer, protocol) => (protocol === 'UDP' ? { ...answer, answers: [], truncated: true } : answer))
        .ip,
    );
    expect(await look('fx.test.', 'A')).toEqual([['10.1.1.1'], 0]);
    expect(asked).toEqual(['A fx.test', 'A fx.test tcp']);
    expect(await look('fx.test.', 'AAAA')).toEqual(['ENOTFOUND', 0]);
  });

  test('the files are read at every call', async () => {
    files['/etc/resolv.conf'] = resolvConf('10.244.1.2');
    const lookup = createLookup(options());
    expect((await look('web', undefined, lookup))[0]).toBe('EAI_AGAIN');
    files['/etc/resolv.conf'] = resolvConf(serve().ip);
    expect((await look('web', undefined, lookup))[0]).toEqual(['10.96.0.50']);
  });
});

describe('queryServers, as busybox asks', () => {
  async function query(...args: [string, Parameters<typeof queryServers>[2]?]): Promise<string[]> {
    let lines: string[] = [];
    void queryServers(options(), ...args).then(({ server, results }) => {
      lines = [
        server.ip,
        ...results.map(({ name, type, outcome }) =>
          outcome instanceof NetError
            ? `${type} ${name} ${outcome.code}`
            : `${type} ${name} ${outcome.code ?? ''} ${outcome.answers.map(({ data }) => data).join(',')}`.trim(),
        ),
      ];
    });
    world.simulation.wake();
    await world.run(30);
    return lines;
  }

  test('a bare name with the whole search list at once, one with a dot as it is, an address backwards', async () => {
    const { ip } = serve();
    files['/etc/resolv.conf'] = resolvConf(ip);
    expect(await query('web', { types: ['A'] })).toEqual([
      ip,
      'A web.shop.svc.cluster.local NOERROR 10.96.0.50',
      'A web.svc.cluster.local NXDOMAIN',
      'A web.cluster.local NXDOMAIN',
    ]);
    expect(await query('fx.test')).toEqual([ip, 'A fx.test NOERROR 10.1.1.1', 'AAAA fx.test NOERROR']);
    expect(await query('10.96.0.1')).toEqual([ip, 'PTR 1.0.96.10.in-addr.arpa NXDOMAIN']);
  });

  test('a given server, a refusal, a silence, and the next server', async () => {
    const { ip } = serve();
    const silent = serve(() => undefined).ip;
    files['/etc/resolv.conf'] = resolvConf(silent, ip);
    expect(await query('fx.test', { types: ['A'] })).toEqual([ip, 'A fx.test NOERROR 10.1.1.1']);
    const server = { ip: client.ip, port: 53 };
    expect(await query('fx.test', { types: ['A'], server })).toEqual([client.ip, 'A fx.test ECONNREFUSED']);
    expect(await query('fx.test', { types: ['A'], server: { ip: silent, port: 53 } })).toEqual([
      silent,
      'A fx.test ETIMEDOUT',
    ]);
  });
});

describe('kube-dns', () => {
  /** CoreDNS pods behind 10.96.0.10, and a client that asks there. */
  async function cluster(pods: number): Promise<void> {
    world.addNamespace('shop', { team: 'shop' });
    world.addService('web', {
      clusterIP: '10.96.0.50',
      ports: [{ port: 80, targetPort: 80, protocol: 'TCP' }],
    });
    const ports = (['UDP', 'TCP'] as const).map((protocol) => ({
      name: protocol === 'UDP' ? 'dns' : 'dns-tcp',
      port: 53,
      targetPort: 53,
      protocol,
    }));
    world.addService('kube-dns', { clusterIP: '10.96.0.10', ports }, 'kube-system');
    const records = watchClusterRecords(world.api, world.simulation);
    await world.run(1);
    const ips: string[] = [];
    for (let index = 0; index < pods; index++) {
      const { stack } = world.addPod(`coredns-${index}`, {
        namespace: 'kube-system',
        labels: { 'k8s-app': 'kube-dns' },
        node: index % 2 === 0 ? 'control-plane' : 'worker',
      });
      ips.push(stack.ip);
      runProgram(world, stack, corednsProgram({ records }), {
        args: ['/coredns', '-conf', '/Corefile'],
        files: { '/Corefile': '.:53 {\n errors\n kubernetes cluster.local\n cache 30\n}\n' },
      });
    }
    endpoints(ips);
    files['/etc/resolv.conf'] = resolvConf('10.96.0.10');
    await world.run(3);
  }

  const endpoints = (ips: string[]): void => {
    world.addSlice(
      'kube-dns',
      ips.map((ip) => ({ addresses: [ip], conditions: { ready: true } })),
      [
        { name: 'dns', port: 53, protocol: 'UDP' },
        { name: 'dns-tcp', port: 53, protocol: 'TCP' },
      ],
      { namespace: 'kube-system' },
    );
  };

  test('answers through the Service; without endpoints refused at once', async () => {
    await cluster(2);
    expect(await look('web')).toEqual([['10.96.0.50'], 0]);
    endpoints([]);
    await world.run(3);
    expect(await look('web')).toEqual(['EAI_AGAIN', 0]);
  });

  test('a policy on CoreDNS makes every client wait, and lets the node in', async () => {
    await cluster(2);
    world.addPolicy('deny', { podSelector: {} }, 'kube-system');
    await world.run(3);
    expect(await look('web')).toEqual(['EAI_AGAIN', 10]);
    world.addPolicy(
      'allow',
      {
        podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
        ingress: [
          {
            from: [{ namespaceSelector: { matchLabels: { team: 'shop' } } }],
            ports: [{ port: 53, protocol: 'UDP' }],
          },
        ],
      },
      'kube-system',
    );
    await world.run(3);
    expect(await look('web')).toEqual([['10.96.0.50'], 0]);
  });

  test('a rogue behind the Service answers its share', async () => {
    await cluster(2);
    const rogue = world.addPod('rogue', { namespace: 'kube-system' }).stack;
    rogue.listen(53, {
      kind: 'dns',
      handle: (query, _from, respond) => {
        const { name, type } = query.question;
        respond({ ...query, code: 'NOERROR', answers: type === 'A' ? [record(name, '10.66.6.6')] : [] });
      },
    });
    endpoints(['10.244.0.2', '10.244.1.3', rogue.ip]);
    await world.run(3);
    const counts: Record<string, number> = {};
    for (let count = 0; count < 60; count++) {
      const [answer] = await look('web');
      counts[String(answer)] = (counts[String(answer)] ?? 0) + 1;
    }
    expect(Object.keys(counts).sort()).toEqual(['10.66.6.6', '10.96.0.50']);
    expect(counts['10.66.6.6']).toBeGreaterThan(8);
    expect(counts['10.66.6.6']).toBeLessThan(35);
  });
});
