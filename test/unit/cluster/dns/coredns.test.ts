import { describe, expect, test } from '@jest/globals';
import type { DnsType } from '../../../../src/cluster/network/dns-message.ts';
import { corednsProgram } from '../../../../src/cluster/dns/coredns.ts';
import { watchClusterRecords } from '../../../../src/cluster/dns/records.ts';
import { upstreamDnsProgram, type UpstreamBehaviour } from '../../../../src/cluster/dns/upstream.ts';
import type { NetworkStack } from '../../../../src/cluster/network/types.ts';
import { createWorld, get, type World } from '../network/support.ts';
import { KIND_COREFILE, SETUP_ERRORS } from './goldens.ts';
import { ask, brief, runProgram, type Running } from './support.ts';

const FILE = '/etc/coredns/Corefile';
const ready = (ip: string, more = {}) => ({ addresses: [ip], conditions: { ready: true }, ...more });
const tcp = (name: string, port: number) => ({ name, port, protocol: 'TCP' as const });

interface Lab extends World {
  readonly client: NetworkStack;
  readonly server: NetworkStack;
  readonly coredns: Running;
  /** What CoreDNS has written since the last call. */
  readonly news: () => string[];
  readonly digs: (
    name: string,
    type?: DnsType,
    options?: { protocol?: 'UDP' | 'TCP'; seconds?: number },
  ) => Promise<string>;
}

/** A CoreDNS pod with a Corefile and the objects of the recorded cluster; started and settled. */
async function lab(
  corefile: string,
  options: { files?: Record<string, string>; world?: World; settle?: number; file?: string } = {},
): Promise<Lab> {
  const world = options.world ?? createWorld();
  const client = world.addPod('client', { namespace: 't' }).stack;
  const server = world.addPod('coredns', { namespace: 'kube-system' }).stack;
  const records = watchClusterRecords(world.api, world.simulation);
  await world.run(1);
  const file = options.file ?? FILE;
  const coredns = runProgram(world, server, corednsProgram({ records }), {
    args: ['/coredns', '-conf', file],
    files: { [file]: corefile, '/etc/resolv.conf': 'nameserver 172.18.0.1\n', ...options.files },
  });
  await world.run(options.settle ?? 0.5);
  let read = 0;
  return {
    ...world,
    client,
    server,
    coredns,
    news: () => {
      const lines = coredns.lines.slice(read);
      read = coredns.lines.length;
      return lines;
    },
    digs: async (name, type = 'A', more = {}) =>
      brief(await ask(world, client, server.ip, { name, type }, more)),
  };
}

/** The objects that the recorded answers come from. */
function recordedCluster(): World {
  const world = createWorld();
  world.addNamespace('t');
  world.addNamespace('emptyns');
  world.addNamespace('default');
  const port = (name: string, number: number, protocol: 'TCP' | 'UDP' = 'TCP') => ({
    name,
    port: number,
    targetPort: number,
    protocol,
  });
  world.addService('kubernetes', { clusterIP: '10.96.0.1', ports: [port('https', 443)] }, 'default');
  world.addService('a', { clusterIP: '10.96.168.219', ports: [port('http', 80)] }, 't');
  world.addSlice('a', [ready('10.244.0.5')], [tcp('http', 8080)], { namespace: 't' });
  world.addService('empty', { clusterIP: '10.96.231.103', ports: [port('', 80)] }, 't');
  world.addService(
    'multi',
    { clusterIP: '10.96.28.156', ports: [port('http', 80), port('dns', 53, 'UDP')] },
    't',
  );
  world.addSlice('multi', [ready('10.244.0.5')], [tcp('http', 8080)], { namespace: 't' });
  for (const name of ['hl', 'hlnp', 'hlempty']) {
    world.addService(name, { clusterIP: 'None', ports: [port('pg', 5432)] }, 't');
  }
  world.addSlice(
    'hl',
    [
      { addresses: ['10.244.0.8'], hostname: 'db-1', conditions: { ready: false } },
      ready('10.244.0.7', { hostname: 'db-0' }),
    ],
    [tcp('pg', 5432)],
    { namespace: 't' },
  );
  world.addSlice('hlnp', [ready('10.244.0.8'), ready('10.244.0.7')], [tcp('pg', 5432)], { namespace: 't' });
  world.addService('ext', { type: 'ExternalName', externalName: 'a.t.svc.cluster.local' }, 't');
  world.addService('ext2', { type: 'ExternalName', externalName: 'foo.up.test' }, 't');
  return world;
}

const RECORDED = `.:53 {
    errors
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    forward . 127.0.0.1:5399
}
`;
const SOA =
  '| cluster.local 30 SOA ns.dns.cluster.local. hostmaster.cluster.local. 1792627200 7200 1800 86400 30';

describe('kubernetes', () => {
  test.each<[string, DnsType, string]>([
    ['a.t.svc.cluster.local', 'A', 'NOERROR a.t.svc.cluster.local 30 A 10.96.168.219'],
    ['A.T.svc.Cluster.Local', 'A', 'NOERROR a.t.svc.cluster.local 30 A 10.96.168.219'],
    ['a.t.svc.cluster.local', 'AAAA', `NOERROR ${SOA}`],
    [
      '_http._tcp.a.t.svc.cluster.local',
      'SRV',
      'NOERROR _http._tcp.a.t.svc.cluster.local 30 SRV 0 100 80 a.t.svc.cluster.local. + a.t.svc.cluster.local 30 A 10.96.168.219',
    ],
    ['_http._tcp.a.t.svc.cluster.local', 'A', 'NOERROR _http._tcp.a.t.svc.cluster.local 30 A 10.96.168.219'],
    ['nosuch.t.svc.cluster.local', 'A', `NXDOMAIN ${SOA}`],
    ['a.nosuch.svc.cluster.local', 'A', `NXDOMAIN ${SOA}`],
    ['t.svc.cluster.local', 'A', `NOERROR ${SOA}`],
    ['emptyns.svc.cluster.local', 'A', `NOERROR ${SOA}`],
    ['nosuch.svc.cluster.local', 'A', `NXDOMAIN ${SOA}`],
    ['svc.cluster.local', 'A', `NOERROR ${SOA}`],
    ['cluster.local', 'A', `NOERROR ${SOA}`],
    ['cluster.local', 'SOA', `NOERROR ${SOA.slice(2)}`],
    ['pod.cluster.local', 'A', `NOERROR ${SOA}`],
    ['t.pod.cluster.local', 'A', `NOERROR ${SOA}`],
    ['nosuch.pod.cluster.local', 'A', `NXDOMAIN ${SOA}`],
    ['foo.cluster.local', 'A', `NXDOMAIN ${SOA}`],
    ['hl.t.svc.cluster.local', 'A', 'NOERROR hl.t.svc.cluster.local 30 A 10.244.0.7'],
    ['hl.t.svc.cluster.local', 'AAAA', `NOERROR ${SOA}`],
    [
      'hlnp.t.svc.cluster.local',
      'A',
      'NOERROR hlnp.t.svc.cluster.local 30 A 10.244.0.8; hlnp.t.svc.cluster.local 30 A 10.244.0.7',
    ],
    ['db-0.hl.t.svc.cluster.local', 'A', 'NOERROR db-0.hl.t.svc.cluster.local 30 A 10.244.0.7'],
    ['db-1.hl.t.svc.cluster.local', 'A', `NXDOMAIN ${SOA}`],
    ['db-1.hlnp.t.svc.cluster.local', 'A', `NXDOMAIN ${SOA}`],
    [
      '10-244-0-8.hlnp.t.svc.cluster.local',
      'A',
      'NOERROR 10-244-0-8.hlnp.t.svc.cluster.local 30 A 10.244.0.8',
    ],
    [
      '_pg._tcp.hl.t.svc.cluster.local',
      'SRV',
      'NOERROR _pg._tcp.hl.t.svc.cluster.local 30 SRV 0 100 5432 db-0.hl.t.svc.cluster.local. + db-0.hl.t.svc.cluster.local 30 A 10.244.0.7',
    ],
    ['hlempty.t.svc.cluster.local', 'A', `NXDOMAIN ${SOA}`],
    [
      'ext.t.svc.cluster.local',
      'A',
      'NOERROR ext.t.svc.cluster.local 30 CNAME a.t.svc.cluster.local.; a.t.svc.cluster.local 30 A 10.96.168.219',
    ],
    ['ext.t.svc.cluster.local', 'AAAA', `NOERROR ${SOA}`],
    ['ext.t.svc.cluster.local', 'CNAME', 'NOERROR ext.t.svc.cluster.local 30 CNAME a.t.svc.cluster.local.'],
    ['ext2.t.svc.cluster.local', 'A', 'NOERROR ext2.t.svc.cluster.local 30 CNAME foo.up.test.'],
    [
      'multi.t.svc.cluster.local',
      'SRV',
      'NOERROR multi.t.svc.cluster.local 30 SRV 0 50 80 multi.t.svc.cluster.local.; multi.t.svc.cluster.local 30 SRV 0 50 53 multi.t.svc.cluster.local. + multi.t.svc.cluster.local 30 A 10.96.28.156',
    ],
    ['1-2-3-4.t.pod.cluster.local', 'A', 'NOERROR 1-2-3-4.t.pod.cluster.local 30 A 1.2.3.4'],
    ['1-2-3-4.nosuch.pod.cluster.local', 'A', `NXDOMAIN ${SOA}`],
    ['1-2-3-4.t.pod.cluster.local', 'AAAA', `NOERROR ${SOA}`],
    ['x.t.pod.cluster.local', 'A', `NXDOMAIN ${SOA}`],
    ['dns-version.cluster.local', 'TXT', 'NOERROR dns-version.cluster.local 30 TXT "1.1.0"'],
    ['a.t.svc.cluster.local', 'TXT', `NOERROR ${SOA}`],
    [
      '1.0.96.10.in-addr.arpa',
      'PTR',
      'NOERROR 1.0.96.10.in-addr.arpa 30 PTR kubernetes.default.svc.cluster.local.',
    ],
    [
      '7.0.244.10.in-addr.arpa',
      'PTR',
      'NOERROR 7.0.244.10.in-addr.arpa 30 PTR db-0.hl.t.svc.cluster.local.; 7.0.244.10.in-addr.arpa 30 PTR 10-244-0-7.hlnp.t.svc.cluster.local.',
    ],
    [
      '8.0.244.10.in-addr.arpa',
      'PTR',
      'NOERROR 8.0.244.10.in-addr.arpa 30 PTR 10-244-0-8.hlnp.t.svc.cluster.local.',
    ],
    ['99.0.96.10.in-addr.arpa', 'PTR', 'SERVFAIL'],
    ['empty.t.svc.cluster.local', 'A', 'NOERROR empty.t.svc.cluster.local 30 A 10.96.231.103'],
    ['x.y.a.t.svc.cluster.local', 'A', `NXDOMAIN ${SOA}`],
    ['www.example.test', 'A', 'SERVFAIL'],
  ])('%s %s', async (name, type, expected) => {
    const { digs } = await lab(RECORDED, { world: recordedCluster() });
    const answer = await digs(name, type, { seconds: 8 });
    // The serial is the time of the last change.
    expect(answer.replace(/local\. \d+ 7200/, 'local. 1792627200 7200')).toBe(expected);
  });

  test('only some namespaces are told of', async () => {
    const { digs } = await lab(
      '.:53 {\n kubernetes cluster.local in-addr.arpa {\n pods insecure\n namespaces default\n namespaces emptyns\n }\n}\n',
      { world: recordedCluster() },
    );
    expect(await digs('kubernetes.default.svc.cluster.local')).toContain('A 10.96.0.1');
    expect(await digs('emptyns.svc.cluster.local')).toContain('NOERROR');
    for (const name of ['a.t.svc', 't.svc', '10-244-0-5.t.pod'])
      expect(await digs(`${name}.cluster.local`)).toContain('NXDOMAIN');
    expect(await digs('10-244-0-5.default.pod.cluster.local')).toContain('A 10.244.0.5');
    expect(await digs('1.0.96.10.in-addr.arpa', 'PTR')).toContain('kubernetes.default.svc.');
    expect(await digs('219.168.96.10.in-addr.arpa', 'PTR')).toContain('NXDOMAIN');
    expect(await digs('7.0.244.10.in-addr.arpa', 'PTR')).toContain('NXDOMAIN');
  });

  test('networks that end within an octet', async () => {
    const { digs } = await lab(
      `.:53 {
    kubernetes cluster.local 10.96.0.0/12 10.244.0.0/21 {
       fallthrough 10.98.0.0/15
    }
    template IN PTR 10.98.0.0/15 10.200.0.0/15 {
       answer "{{ .Name }} 9 IN PTR {{ .Zone }}"
    }
}
`,
      { world: recordedCluster() },
    );
    // Behind kubernetes' own zones only what falls through is for template.
    expect(await digs('219.168.96.10.in-addr.arpa', 'PTR')).toContain('PTR a.t.svc.cluster.local.');
    expect(await digs('7.0.244.10.in-addr.arpa', 'PTR')).toContain('.hl.t.svc.cluster.local.');
    expect(await digs('1.0.111.10.in-addr.arpa', 'PTR')).toContain('NXDOMAIN');
    expect(await digs('1.0.112.10.in-addr.arpa', 'PTR')).toBe('SERVFAIL');
    expect(await digs('1.8.244.10.in-addr.arpa', 'PTR')).toBe('SERVFAIL');
    expect(await digs('1.0.99.10.in-addr.arpa', 'PTR')).toContain('PTR 99.10.in-addr.arpa.');
    expect(await digs('1.0.201.10.in-addr.arpa', 'PTR')).toContain('PTR 201.10.in-addr.arpa.');
  });

  test('answers follow the cluster; pods by mode', async () => {
    const world = recordedCluster();
    const verified = await lab(RECORDED.replace('insecure', 'verified'), { world });
    const pod = { ...world.addPod('x', { namespace: 't' }).pod };
    expect(await verified.digs('1-2-3-4.t.pod.cluster.local')).toContain('NXDOMAIN');
    world.api.put({ id: 'pods' } as never, { ...pod, status: { ...pod.status, podIP: '1.2.3.4' } });
    world.addService('late', { clusterIP: '10.96.0.77', ports: [] }, 't');
    await world.run(1);
    expect(await verified.digs('1-2-3-4.t.pod.cluster.local')).toContain('NOERROR');
    world.addService(
      'late',
      { clusterIP: '10.96.0.78', ports: [{ port: 80, targetPort: 80, protocol: 'TCP' }] },
      't',
    );
    await world.run(1);
    expect(await verified.digs('late.t.svc.cluster.local')).toBe(
      'NOERROR late.t.svc.cluster.local 30 A 10.96.0.78',
    );
    world.api.delete({ id: 'services' } as never, 't', 'late');
    await world.run(1);
    expect(await verified.digs('late.t.svc.cluster.local')).toContain('NXDOMAIN');
    expect(await verified.digs('78.0.96.10.in-addr.arpa', 'PTR', { seconds: 8 })).toBe('SERVFAIL');
  });

  test('a slice without endpoints, as the controller leaves it when no pod is left, is no address', async () => {
    const world = recordedCluster();
    const { digs } = await lab(RECORDED, { world });
    world.addService(
      'empty',
      { clusterIP: 'None', ports: [{ port: 80, targetPort: 80, protocol: 'TCP' }] },
      't',
    );
    const slice = world.addSlice('empty', [], [], { namespace: 't' });
    world.api.put({ id: 'endpointslices' } as never, { ...slice, endpoints: null, ports: null });
    await world.run(1);
    expect(await digs('empty.t.svc.cluster.local')).toContain('NXDOMAIN');
    expect(await digs('9.9.244.10.in-addr.arpa', 'PTR', { seconds: 8 })).toBe('SERVFAIL');
  });

  test('without the API it waits, starts all the same, and is not ready', async () => {
    const world = createWorld();
    const { news, coredns, client, digs } = await lab('.:53 {\n ready\n kubernetes cluster.local\n}', {
      world,
      settle: 6,
    });
    expect(await page(world, client, '10.244.1.3', 8181, '/ready')).toBe('kubernetes');
    expect(await digs('a.t.svc.cluster.local')).toMatch(/^SERVFAIL \| cluster.local 5 SOA/);
    const waiting = Array.from(
      { length: 10 },
      () => '[INFO] plugin/kubernetes: waiting for Kubernetes API before starting server',
    );
    expect(news()).toEqual([
      'maxprocs: Leaving GOMAXPROCS=2: CPU quota undefined',
      ...waiting,
      '[WARNING] plugin/kubernetes: starting server with unsynced Kubernetes API',
      '.:53',
      'CoreDNS-1.14.2',
      'linux/amd64, go1.26.8, ',
      '[INFO] plugin/ready: Plugins not ready: "kubernetes"',
    ]);
    world.addNamespace('t');
    await world.run(1);
    expect(await page(world, client, '10.244.1.3', 8181, '/ready')).toBe('OK');
    expect(coredns.exit).toBeUndefined();
  });
});

describe('start, reload and end', () => {
  test('the lines of a start, with the Corefile of kind', async () => {
    const world = recordedCluster();
    const { news, client } = await lab(KIND_COREFILE, { world });
    expect(news()).toEqual([
      'maxprocs: Leaving GOMAXPROCS=2: CPU quota undefined',
      '.:53',
      '[INFO] plugin/reload: Running configuration SHA512 = 1b226df79860026c6a52e67daa10d7f0d57ec5b023288ec00c5e05f93523c894564e15b91770d3a07ae1cfbe861d15b37d4a0027e69c546ab112970993a3b03b',
      'CoreDNS-1.14.2',
      'linux/amd64, go1.26.8, ',
    ]);
    const ip = '10.244.1.3';
    expect(await get(world, client, { ip, port: 8080 }, 0.1)).toBe('404 page not found\n');
    expect(await page(world, client, ip, 8080, '/health')).toBe('OK');
    expect(await page(world, client, ip, 8181, '/ready')).toBe('OK');
  });

  test.each([
    [
      'an unknown directive',
      '.:53 {\n    errors\n    health {\n    }\n    foo\n}',
      `${FILE}:5 - Error during parsing: Unknown directive 'foo'`,
    ],
    [
      'a server twice',
      '.:53 {\n errors\n}\n.:53 {\n log\n}',
      'cannot serve dns://.:53 - it is already defined',
    ],
    [
      'a wrong zone',
      'foo..bar {\n errors\n}',
      'error inspecting server blocks: zone is not a valid domain name: foo..bar',
    ],
    [
      'nothing behind a colon',
      'a.test: {\n errors\n}',
      'error inspecting server blocks: expecting data after last colon: "a.test:"',
    ],
    ['a wrong port', '.:99999 {\n errors\n}', 'address 99999: invalid port'],
  ])('%s ends with exit code 1', async (_name, corefile, message) => {
    const { coredns, news } = await lab(corefile);
    expect(news().slice(1)).toEqual([message]);
    expect(coredns.exit).toBe(1);
  });

  test('a Corefile that is not there', async () => {
    const world = createWorld();
    const stack = world.addPod('coredns').stack;
    const records = watchClusterRecords(world.api, world.simulation);
    const running = runProgram(world, stack, corednsProgram({ records }), {
      args: ['/coredns', '-conf', FILE],
    });
    await world.run(1);
    expect(running.lines[1]).toBe(`loading Caddyfile via flag: open ${FILE}: no such file or directory`);
    expect(running.exit).toBe(1);
  });

  test.each(SETUP_ERRORS)('%j', async (directive, message) => {
    const { coredns, news } = await lab(`.:53 {\n${directive}\n}\n`, { file: 'F' });
    expect(news().slice(1)).toEqual([message]);
    expect(coredns.exit).toBe(1);
  });

  test('servers by zone, in the order of their names; the empty Corefile serves nothing', async () => {
    const world = createWorld();
    const { news, digs } = await lab('b.test, a.test {\n errors\n}\n10.0.0.0/24 {\n errors\n}\n', { world });
    expect(news().slice(1, 4)).toEqual(['0.0.10.in-addr.arpa.:53', 'a.test.:53', 'b.test.:53']);
    expect(await digs('x.a.test')).toBe('SERVFAIL');
    expect(news().at(-1)).toBe('[ERROR] plugin/errors: 2 x.a.test. A: plugin/errors: no next plugin found');
    expect(await digs('elsewhere.test')).toBe('REFUSED');
    expect(await (await lab('')).digs('x')).toBe('REFUSED');
  });

  test.each([
    'autopath @kubernetes',
    'autopath a.test /etc/resolv.conf',
    'bufsize',
    'bufsize 512',
    'bufsize 4096',
  ])('%s is taken, and changes nothing', async (directive) => {
    const { coredns, digs } = await lab(
      `.:53 {\n ${directive}\n template ANY ANY {\n rcode NXDOMAIN\n }\n}\n`,
    );
    expect(coredns.exit).toBe(undefined);
    expect(await digs('a.test')).toBe('NXDOMAIN');
  });

  test('bind: who asks at another address than it listens on is refused', async () => {
    const zone = (name: string): string => `template ANY ANY {\n rcode ${name}\n }`;
    const made = await lab(
      `.:53 {\n bind lo\n prometheus 0.0.0.0:9153\n ${zone('NXDOMAIN')}\n}\n.:54 {\n bind eth0 10.0.0.9 {\n except 10.0.0.9\n }\n ${zone('NOERROR')}\n}\n`,
    );
    const { server, news, digs } = made;
    expect(news().slice(1, 3)).toEqual(['.:53 on 127.0.0.1', `.:54 on ${server.ip}`]);
    expect(await digs('a.test')).toBe('ECONNREFUSED');
    expect(await digs('a.test', 'A', { protocol: 'TCP' })).toBe('ECONNREFUSED');
    expect(brief(await ask(made, server, '127.0.0.1', { name: 'a.test', type: 'A' }))).toBe('NXDOMAIN');
    expect(server.listening().filter(({ port }) => port === 54)).toEqual([
      { protocol: 'tcp', ip: server.ip, port: 54, pid: 0 },
      { protocol: 'udp', ip: server.ip, port: 54, pid: 0 },
    ]);
    expect(await page(made, made.client, server.ip, 9153, '/metrics')).toContain(
      'coredns_dns_requests_total{family="1",proto="udp",server="dns://127.0.0.1:53"',
    );
  });

  test('bind: one zone at two addresses is two servers', async () => {
    const made = await lab(
      '.:53 {\n bind 127.0.0.1\n template ANY ANY {\n rcode NXDOMAIN\n }\n}\n.:53 {\n bind eth0\n template ANY ANY {\n rcode NOERROR\n }\n}\n',
    );
    const { server, digs } = made;
    expect(await digs('a.test')).toBe('NOERROR');
    const inside = await ask(made, server, '127.0.0.1', {
      name: 'a.test',
      type: 'A',
    });
    expect(brief(inside)).toBe('NXDOMAIN');
  });

  test.each([
    ['', 'bind lo', 'dns://.:53 on 127.0.0.1 - zone overlap listener capacity with dns://.:53'],
    ['bind lo', '', 'dns://.:53 - zone overlap listener capacity with dns://.:53 on 127.0.0.1'],
    ['bind lo', 'bind 127.0.0.1', 'dns://.:53 on 127.0.0.1 - it is already defined'],
  ])('%j and %j cannot serve the same zone', async (one, other, message) => {
    const { news } = await lab(`.:53 {\n errors\n ${one}\n}\n.:53 {\n errors\n ${other}\n}\n`);
    expect(news().slice(1)).toEqual([`cannot serve ${message}`]);
  });

  test('a network is a server for each of its reverse zones', async () => {
    const { news } = await lab('10.96.0.0/14:53 dns://10.244.0.0/16 {\n errors\n}\n');
    expect(news().slice(1, 6)).toEqual([
      '244.10.in-addr.arpa.:53',
      '96.10.in-addr.arpa.:53',
      '97.10.in-addr.arpa.:53',
      '98.10.in-addr.arpa.:53',
      '99.10.in-addr.arpa.:53',
    ]);
  });

  test('a brace too many makes a strange server, with a warning', async () => {
    const { news } = await lab('.:53 {\n errors\n}\n}\n');
    expect(news().slice(1, 4)).toEqual([
      '.:53',
      'Warning: Domain "}." does not follow RFC1035 preferred syntax',
      '}.:53',
    ]);
  });

  test('reload: a good file, a bad one, a broken one, and back', async () => {
    const hello = (name: string): string =>
      `.:53 {\n errors\n reload 2s 1s\n template IN A ${name}.test {\n answer "{{ .Name }} 60 IN A 10.0.0.1"\n }\n}\n`;
    const { coredns, news, digs, run } = await lab(hello('one'));
    news();
    const put = async (text: string | undefined): Promise<string[]> => {
      if (text === undefined) coredns.files.delete(FILE);
      else coredns.files.set(FILE, text);
      await run(7);
      return news().map((line) => line.replace(/[0-9a-f]{128}/, 'HASH'));
    };
    expect(await put(hello('one'))).toEqual([]);
    const changed = [
      '[INFO] Reloading',
      '[INFO] plugin/reload: Running configuration SHA512 = HASH',
      '[INFO] Reloading complete',
    ];
    expect(await put(hello('two'))).toEqual(changed);
    expect(await digs('two.test')).toBe('NOERROR two.test 60 A 10.0.0.1');
    expect(await digs('one.test')).toBe('SERVFAIL');
    news();
    expect(await put(hello('two').replace('errors', 'errorz'))).toEqual([
      '[INFO] Reloading',
      `[ERROR] Restart failed: ${FILE}:2 - Error during parsing: Unknown directive 'errorz'`,
      `[ERROR] plugin/reload: Corefile changed but reload failed: starting with listener file descriptors: ${FILE}:2 - Error during parsing: Unknown directive 'errorz'`,
    ]);
    expect(await digs('two.test')).toBe('NOERROR two.test 60 A 10.0.0.1');
    const warning = `[WARNING] plugin/reload: Corefile parse failed: ${FILE}:3 - Syntax error: Unexpected token '1s', expecting '}'`;
    expect(new Set(await put('.:53 {\n errors\n reload 2s 1s\n'))).toEqual(new Set([warning]));
    expect(await put(undefined)).toEqual([]);
    expect(await put(hello('three'))).toEqual(changed);
    expect(await digs('three.test')).toBe('NOERROR three.test 60 A 10.0.0.1');
  });

  test('imports files that a pattern fits, warns of one that fits none, and sees that such a file changed', async () => {
    const { coredns, digs, run, news } = await lab(
      '(common) {\n reload 2s\n errors\n}\n.:53 {\n import common\n import extra/*.conf\n import none/*\n}\nimport more\n',
      {
        files: {
          '/etc/coredns/extra/b.conf': 'template IN A b.test {\n answer "{{ .Name }} 9 IN A 10.0.0.2"\n}\n',
          '/etc/coredns/extra/.a.conf': 'template IN A a.test {\n answer "{{ .Name }} 9 IN A 10.0.0.1"\n}\n',
          '/etc/coredns/extra/c.txt': 'nonsense',
          '/etc/coredns/more': 'c.test {\n template ANY ANY {\n rcode NXDOMAIN\n }\n}\n',
        },
      },
    );
    expect(news()).toContain('[WARNING] No files matching import glob pattern: none/*');
    expect(await digs('x.a.test')).toContain('10.0.0.1');
    expect(await digs('x.b.test')).toContain('10.0.0.2');
    expect(await digs('x.c.test')).toBe('NXDOMAIN');
    coredns.files.set('/etc/coredns/more', 'c.test {\n template ANY ANY {\n rcode NOERROR\n }\n}\n');
    await run(10);
    expect(news()).toContain('[INFO] Reloading complete');
    expect(await digs('x.c.test')).toBe('NOERROR');
    coredns.files.set('/etc/coredns/extra/d.conf/x', '');
    await run(10);
    expect(news()).toContain(
      `[WARNING] plugin/reload: Corefile parse failed: ${FILE}:7 - Error during parsing: Could not import /etc/coredns/extra/d.conf: is a directory`,
    );
  });

  test('SIGTERM: serves on in lameduck mode, then ends well', async () => {
    const { coredns, news, digs, run } = await lab(
      '.:53 {\n health {\n lameduck 5s\n }\n template IN A {\n answer "{{ .Name }} 60 IN A 10.0.0.1"\n }\n}\n',
    );
    news();
    coredns.signal('SIGTERM');
    await run(4);
    expect(await digs('x.test')).toBe('NOERROR x.test 60 A 10.0.0.1');
    expect(coredns.exit).toBeUndefined();
    await run(2);
    expect(coredns.exit).toBe(0);
    expect(await digs('x.test')).toBe('ECONNREFUSED');
    expect(news()).toEqual([
      '[INFO] SIGTERM: Shutting down servers then terminating',
      '[INFO] plugin/health: Going into lameduck mode for 5s',
    ]);
  });

  test('a loop is fatal', async () => {
    const { coredns, news } = await lab('.:53 {\n errors\n loop\n forward . /etc/resolv.conf\n}\n', {
      files: { '/etc/resolv.conf': 'nameserver 127.0.0.1\n' },
      settle: 5,
    });
    expect(news().at(-1)).toMatch(
      /^\[FATAL\] plugin\/loop: Loop \(127\.0\.0\.1:\d+ -> :53\) detected for zone "\.", see https:\/\/coredns\.io\/plugins\/loop#troubleshooting\. Query: "HINFO \d+\.\d+\."$/,
    );
    expect(coredns.exit).toBe(1);
  });

  test('an upstream that never answers is no loop, however often it is asked', async () => {
    const { coredns, news } = await lab('.:53 {\n errors\n loop\n forward . 10.244.0.99\n}\n', {
      settle: 60,
    });
    expect(news().join('\n')).not.toContain('detected for zone');
    expect(coredns.exit).toBeUndefined();
  });
});

async function page(
  world: World,
  from: NetworkStack,
  ip: string,
  port: number,
  path: string,
): Promise<string> {
  let body = '';
  from.http({ ip, port }, { method: 'GET', path, headers: { host: ip }, body: '' }, (result) => {
    if (!(result instanceof Error)) body = result.body;
  });
  await world.run(0.1);
  return body;
}

describe('other plugins, in their own order whatever the file says', () => {
  const UPSTREAM = {
    zones: ['up.test', 'ttl5.test', 'nx.test'],
    records: [
      { name: 'fx.up.test', type: 'A' as const, ttl: 3600, data: '10.1.1.1' },
      { name: 'fx.up.test', type: 'A' as const, ttl: 3600, data: '10.1.1.2' },
      { name: 'b.ttl5.test', type: 'A' as const, ttl: 5, data: '10.1.1.9' },
    ],
  };

  async function withUpstream(corefile: string, settle = 0.5) {
    const world = createWorld();
    const stack = world.addPod('upstream').stack;
    const behaviour: UpstreamBehaviour = { delayMs: 0, outage: false };
    runProgram(world, stack, upstreamDnsProgram(UPSTREAM, behaviour));
    const made = await lab(corefile.replaceAll('UPSTREAM', stack.ip), { world, settle });
    made.news();
    return { ...made, behaviour };
  }

  test('template and rewrite', async () => {
    const { digs } = await withUpstream(`.:53 {
    forward . UPSTREAM
    rewrite name exact old.test fx.up.test
    rewrite name suffix .alias.test .up.test answer auto
    rewrite name regex (.*)\\.re\\.test {1}.up.test
    template IN ANY shop.test {
       rcode NXDOMAIN
    }
    template IN A foo.test bar.test {
       match "^(?P<first>[a-z]+)[.](foo|bar)[.]test[.]$"
       answer "{{ .Name }} 60 IN A 10.9.8.7"
       answer "{{ .Group.first }}.baz.test. 60 IN A 10.9.8.{{ index .Match 2 }}1"
       additional "{{ .Name }} 60 IN TXT \\"type {{ .Type }} {{ .Class }}\\""
       fallthrough
    }
    template IN A bad.test {
       answer "{{ .Name }} 60 IN A nonsense"
    }
    template IN A only.test {
       match ^x[.]
       answer "{{ .Name }} 60 IN A 10.9.8.7"
    }
}`);
    expect(await digs('a.shop.test')).toBe('NXDOMAIN');
    expect(await digs('shop.test', 'SRV')).toBe('NXDOMAIN');
    expect(await digs('x.foo.test')).toBe('SERVFAIL');
    expect(await digs('x.bad.test')).toBe('SERVFAIL');
    expect(await digs('x.only.test')).toBe('NOERROR x.only.test 60 A 10.9.8.7');
    expect(await digs('y.only.test')).toBe('REFUSED');
    expect(await digs('old.test')).toBe('NOERROR old.test 3600 A 10.1.1.1; old.test 3600 A 10.1.1.2');
    expect(await digs('fx.alias.test')).toContain('fx.alias.test 3600 A 10.1.1.1');
    expect(await digs('fx.re.test')).toContain('fx.up.test 3600 A 10.1.1.1');
  });

  test('template and rewrite know every type that has a name', async () => {
    const { digs } = await lab(`.:53 {
    rewrite type SVCB HTTPS
    template IN HTTPS a.test {
       answer "{{ .Name }} 60 IN HTTPS 1 . alpn=h2"
    }
    template ANY CAA {
       answer "{{ .Name }} 60 IN CAA 0 issue ca.test"
       additional "{{ .Name }} IN NSAP-PTR x.test."
    }
}
`);
    expect(await digs('a.test', 'HTTPS')).toBe('NOERROR a.test 60 HTTPS 1 . alpn=h2');
    expect(await digs('a.test', 'SVCB')).toBe('NOERROR a.test 60 HTTPS 1 . alpn=h2');
    expect(await digs('a.test', 'CAA')).toBe(
      'NOERROR a.test 60 CAA 0 issue ca.test + a.test 3600 NSAP-PTR x.test.',
    );
    expect(await digs('a.test')).toBe('SERVFAIL');
  });

  test('acl: the first policy that fits decides', async () => {
    const made = await lab(`.:53 {
    prometheus 0.0.0.0:9153
    acl a.test {
       allow type AAAA net 10.244.0.0/16
       Block type A net 192.0.2.1 10.244.0.0/16
    }
    acl b.test {
       filter net 10.0.0.0/8
       block
    }
    acl c.test {
       drop type TXT * nonsense
    }
    acl d.test {
       block net 192.0.2.0/24 fd00::/8
       allow net * nonsense
       drop
    }
    template ANY ANY {
       rcode NXDOMAIN
    }
}
`);
    const { digs } = made;
    expect(await digs('x.a.test')).toBe('REFUSED');
    expect(await digs('x.a.test', 'AAAA')).toBe('NXDOMAIN');
    // No policy fits.
    expect(await digs('x.a.test', 'TXT')).toBe('NXDOMAIN');
    expect(await digs('x.b.test')).toBe('NOERROR');
    expect(await digs('x.c.test')).toBe('pending');
    expect(await digs('x.c.test', 'A', { protocol: 'TCP' })).toBe('pending');
    expect(await digs('x.d.test')).toBe('NXDOMAIN');
    expect(await digs('elsewhere.test')).toBe('NXDOMAIN');
    const text = await page(made, made.client, made.server.ip, 9153, '/metrics');
    expect(text).toContain('coredns_acl_allowed_requests_total{server="dns://:53",view=""} 4');
    expect(text).toContain('coredns_acl_blocked_requests_total{server="dns://:53",view="",zone="a.test."} 1');
    expect(text).toContain('coredns_acl_dropped_requests_total{server="dns://:53",view="",zone="c.test."} 2');
    expect(text).toContain(
      'coredns_acl_filtered_requests_total{server="dns://:53",view="",zone="b.test."} 1',
    );
  });

  test('hosts', async () => {
    const { digs, coredns, run } = await lab(
      '.:53 {\n hosts {\n 10.3.3.3 a.hosts.test b.hosts.test\n fallthrough up.test\n }\n erratic {\n drop 0\n }\n template IN A x.test {\n answer "{{ .Name }} 9 IN A 10.9.9.9"\n }\n}\n',
      { files: { '/etc/hosts': '127.0.0.1 localhost # me\n' } },
    );
    expect(await digs('a.hosts.test')).toBe('NOERROR a.hosts.test 3600 A 10.3.3.3');
    expect(await digs('a.hosts.test', 'AAAA')).toBe('NOERROR');
    expect(await digs('localhost')).toBe('NOERROR localhost 3600 A 127.0.0.1');
    expect(await digs('3.3.3.10.in-addr.arpa', 'PTR')).toBe(
      'NOERROR 3.3.3.10.in-addr.arpa 3600 PTR a.hosts.test.; 3.3.3.10.in-addr.arpa 3600 PTR b.hosts.test.',
    );
    expect(await digs('nosuch.test')).toBe('SERVFAIL');
    expect(await digs('new.x.test')).toBe('NOERROR new.x.test 9 A 10.9.9.9');
    expect(await digs('new.up.test')).toBe('NOERROR new.up.test 0 A 192.0.2.53');
    coredns.files.set('/etc/hosts', '10.4.4.4 nosuch.test\n');
    await run(6);
    expect(await digs('nosuch.test')).toBe('NOERROR nosuch.test 3600 A 10.4.4.4');
  });

  test('cache: capped, counted down, negative too, and not where it is disabled', async () => {
    const { digs, run, behaviour } = await withUpstream(
      '.:53 {\n forward . UPSTREAM\n cache 30 {\n disable success off.up.test\n }\n}\n',
    );
    expect(await digs('fx.up.test')).toBe('NOERROR fx.up.test 30 A 10.1.1.1; fx.up.test 30 A 10.1.1.2');
    expect(await digs('b.ttl5.test')).toBe('NOERROR b.ttl5.test 5 A 10.1.1.9');
    expect(await digs('none.nx.test')).toMatch(/^NXDOMAIN \| nx\.test 30 SOA/);
    behaviour.outage = true;
    await run(2);
    expect(await digs('fx.up.test')).toBe('NOERROR fx.up.test 28 A 10.1.1.1; fx.up.test 28 A 10.1.1.2');
    expect(await digs('b.ttl5.test')).toBe('NOERROR b.ttl5.test 3 A 10.1.1.9');
    expect(await digs('none.nx.test')).toMatch(/^NXDOMAIN \| nx\.test 28 SOA/);
    await run(3);
    expect(await digs('b.ttl5.test', 'A', { seconds: 1 })).toBe('pending');
    await run(30);
    expect(await digs('fx.up.test', 'A', { seconds: 7 })).toBe('SERVFAIL');
  });

  test('serve_stale answers from before an outage', async () => {
    const { digs, run, behaviour } = await withUpstream(
      '.:53 {\n forward . UPSTREAM\n cache 30 {\n serve_stale 1h\n }\n}\n',
    );
    await digs('fx.up.test');
    behaviour.outage = true;
    await run(60);
    expect(await digs('fx.up.test')).toBe('NOERROR fx.up.test 0 A 10.1.1.1; fx.up.test 0 A 10.1.1.2');
    await run(3600);
    expect(await digs('fx.up.test', 'A', { seconds: 1 })).toBe('pending');
  });

  test('forward: an upstream that is silent is tried for five seconds, then known to be down', async () => {
    const { digs, news, behaviour } = await withUpstream('.:53 {\n errors\n log\n forward . UPSTREAM\n}\n');
    behaviour.outage = true;
    expect(await digs('a.up.test', 'A', { seconds: 5.9 })).toBe('pending');
    expect(await digs('b.up.test', 'A', { seconds: 0.2 })).toBe('pending');
    const lines = news();
    expect(lines[0]).toMatch(
      /^\[INFO\] 10\.244\.1\.3:\d+ - 7 "A IN a\.up\.test\. udp 27 false 512" - - 0 6\.\d+s$/,
    );
    expect(lines[1]).toMatch(
      /^\[ERROR\] plugin\/errors: 2 a\.up\.test\. A: read udp 10\.244\.1\.4:\d+->10\.244\.1\.2:53: i\/o timeout$/,
    );
    expect(await digs('c.up.test', 'A', { seconds: 4.1 })).toBe('SERVFAIL');
    expect(await digs('d.up.test', 'A', { seconds: 2.1, protocol: 'TCP' })).toBe('SERVFAIL');
    expect(news().at(-1)).toMatch(/read tcp 10\.244\.1\.4:\d+->10\.244\.1\.2:53: i\/o timeout$/);
    behaviour.outage = false;
    expect(await digs('fx.up.test')).toContain('NOERROR');
  });

  test('forward: of a network that is several zones it takes the first, and says so', async () => {
    const { news } = await lab('.:53 {\n forward 10.96.0.0/12 10.0.0.1\n}\n');
    expect(news()).toContain(
      "[WARNING] plugin/forward: Unsupported CIDR notation: '10.96.0.0/12' expands to multiple zones. Using only '96.10.in-addr.arpa.'.",
    );
  });

  test('forward: refused for a second, then at once; delay passes through; other zones elsewhere', async () => {
    const { digs, news, behaviour } = await withUpstream(
      '.:53 {\n errors\n forward up.test UPSTREAM\n forward . 127.0.0.1:5399 {\n except in.test\n }\n}\n',
    );
    expect(await digs('x.test', 'A', { seconds: 0.9 })).toBe('pending');
    expect(await digs('x.test', 'A', { seconds: 0.2 })).toBe('SERVFAIL');
    expect(await digs('y.test', 'A', { seconds: 0.01 })).toBe('SERVFAIL');
    expect(news().at(-1)).toMatch(/read udp 10\.244\.1\.4:\d+->127\.0\.0\.1:5399: read: connection refused$/);
    expect(await digs('a.in.test')).toBe('SERVFAIL');
    expect(news().at(-1)).toBe('[ERROR] plugin/errors: 2 a.in.test. A: plugin/forward: no next plugin found');
    behaviour.delayMs = 800;
    expect(await digs('fx.up.test', 'A', { seconds: 0.79 })).toBe('pending');
    expect(await digs('fx.up.test', 'A', { seconds: 0.9 })).toContain('NOERROR');
  });

  test('log: the lines of the real server', async () => {
    const { digs, news, client } = await lab(
      '.:53 {\n log\n errors\n kubernetes cluster.local\n}\nquiet.test {\n log {\n class error\n }\n template IN A quiet.test {\n match ^ok\n answer "{{ .Name }} 60 IN A 10.0.0.1"\n }\n}\n',
      { world: recordedCluster() },
    );
    news();
    await digs('a.t.svc.cluster.local');
    await digs('a.t.svc.cluster.local', 'AAAA');
    await digs('nosuch.t.svc.cluster.local', 'A', { protocol: 'TCP' });
    await digs('nothing.test');
    await digs('ok.quiet.test');
    await digs('ko.quiet.test');
    const lines = news().map((line) => line.replace(/:\d+ - /, ':PORT - ').replace(/ 0\.000\d+s$/, ' TIME'));
    const from = `[INFO] ${client.ip}:PORT - 7`;
    expect(lines).toEqual([
      `${from} "A IN a.t.svc.cluster.local. udp 39 false 512" NOERROR qr,aa,rd 76 TIME`,
      `${from} "AAAA IN a.t.svc.cluster.local. udp 39 false 512" NOERROR qr,aa,rd 132 TIME`,
      `${from} "A IN nosuch.t.svc.cluster.local. tcp 44 false 65535" NXDOMAIN qr,aa,rd 137 TIME`,
      `${from} "A IN nothing.test. udp 30 false 512" - - 0 TIME`,
      '[ERROR] plugin/errors: 2 nothing.test. A: plugin/kubernetes: no next plugin found',
      `${from} "A IN ko.quiet.test. udp 31 false 512" - - 0 TIME`,
    ]);
  });

  test('prometheus counts what the real server counts', async () => {
    const made = await withUpstream(
      '.:53 {\n errors\n log\n prometheus :9153\n forward . UPSTREAM\n cache 30\n loadbalance\n}\n',
    );
    await made.digs('fx.up.test');
    await made.digs('fx.up.test');
    await made.digs('none.nx.test', 'HINFO');
    const text = await page(made, made.client, '10.244.1.4', 9153, '/metrics');
    const lines = text.split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        '# TYPE coredns_dns_requests_total counter',
        'coredns_dns_requests_total{family="1",proto="udp",server="dns://:53",type="A",view="",zone="."} 2',
        'coredns_dns_requests_total{family="1",proto="udp",server="dns://:53",type="other",view="",zone="."} 1',
        'coredns_dns_responses_total{plugin="errors",rcode="NOERROR",server="dns://:53",view="",zone="."} 2',
        'coredns_dns_responses_total{plugin="errors",rcode="NXDOMAIN",server="dns://:53",view="",zone="."} 1',
        'coredns_cache_hits_total{server="dns://:53",type="success",view="",zones="."} 1',
        'coredns_cache_misses_total{server="dns://:53",view="",zones="."} 2',
        'coredns_cache_requests_total{server="dns://:53",view="",zones="."} 3',
        'coredns_cache_entries{server="dns://:53",type="denial",view="",zones="."} 1',
        'coredns_plugin_enabled{name="cache",server="dns://:53",view="",zone="."} 1',
        'coredns_proxy_request_duration_seconds_count{proxy_name="forward",rcode="NOERROR",to="10.244.1.2:53"} 1',
        'coredns_dns_request_duration_seconds_bucket{server="dns://:53",view="",zone=".",le="+Inf"} 3',
        'coredns_dns_request_size_bytes_sum{proto="udp",server="dns://:53",view="",zone="."} 86',
      ]),
    );
  });

  test('loadbalance shuffles, erratic drops', async () => {
    const { digs } = await withUpstream(
      '.:53 {\n loadbalance\n forward . UPSTREAM\n}\nodd.test {\n erratic {\n drop 2\n }\n}\n',
    );
    const seen = new Set<string>();
    for (let count = 0; count < 12; count++) seen.add(await digs('fx.up.test'));
    expect(seen.size).toBe(2);
    expect(await digs('odd.test')).toBe('NOERROR odd.test 0 A 192.0.2.53');
    expect(await digs('odd.test')).toBe('pending');
  });

  test('an answer that is too large for UDP is cut, and whole over TCP', async () => {
    const world = recordedCluster();
    const many = Array.from({ length: 60 }, (_, index) => ready(`10.244.3.${index + 1}`));
    world.addService(
      'many',
      { clusterIP: 'None', ports: [{ name: 'pg', port: 1, targetPort: 1, protocol: 'TCP' }] },
      't',
    );
    world.addSlice('many', many, [tcp('pg', 1)], { namespace: 't' });
    const { client, server } = await lab(RECORDED, { world });
    const question = { name: 'many.t.svc.cluster.local', type: 'A' as const };
    const udp = await ask(world, client, server.ip, question);
    const whole = await ask(world, client, server.ip, question, { protocol: 'TCP' });
    expect(udp).toMatchObject({ truncated: true });
    expect(typeof udp === 'object' && udp.answers.length).toBe(29);
    expect(typeof whole === 'object' && whole.answers.length).toBe(60);
  });
});
