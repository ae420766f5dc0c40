import { describe, expect, test } from '@jest/globals';
import type { Check } from '../../../src/checks/check.ts';
import { everyServerAnswers } from '../../../src/checks/dns-answers.ts';
import { dnsStartsAgain, onceLoaded } from '../../../src/checks/fresh-dns.ts';
import { Random } from '../../../src/core/random.ts';
import type { KubeClient, Manifest } from '../../../src/kube/client.ts';
import type { Pod } from '../../../src/model/objects.ts';
import { resources } from '../../../src/model/resources.ts';
import { labView, object, workload } from './support.ts';

const from = { namespace: 'shop', app: 'gateway' };
const outside = { name: 'rates.partner.test', address: '198.51.100.7' };
const coredns = workload(
  'coredns@kube-system',
  { containers: [{ name: 'coredns' }], volumes: [{ name: 'config', configMap: { name: 'coredns' } }] },
  [{ startTime: '2026-01-01T00:00:00Z' }],
  { 'k8s-app': 'kube-dns' },
);
Object.assign((coredns[0] as Manifest)['spec'] as object, { strategy: { type: 'RollingUpdate' } });
const service = (path: string, clusterIP: string, ...ports: object[]) =>
  object('v1', 'Service', path, { spec: { clusterIP, ports } });
const slice = (name: string, ...endpoints: object[]) => sliceOf(name, '1', 'dns', ...endpoints);
const sliceOf = (name: string, suffix: string, port: string, ...endpoints: object[]) =>
  object('discovery.k8s.io/v1', 'EndpointSlice', name.replace('@', `-${suffix}@`), {
    metadata: { labels: { 'kubernetes.io/service-name': name.split('@')[0] } },
    addressType: 'IPv4',
    endpoints,
    ports: [{ name: port, port: 53 }],
  });
const running = { phase: 'Running', containerStatuses: [{ name: 'gateway', state: { running: {} } }] };
const objects = [
  ...coredns,
  ...workload(
    'gateway@shop',
    { containers: [{ name: 'gateway', image: 'shop' }] },
    [running],
    { app: 'gateway' },
    coredns.length + 1,
  ),
  service('ledger@shop', '10.96.0.7', { port: 80 }, { name: 'http', port: 8080 }),
  service('ledger-pods@shop', 'None'),
  slice(
    'ledger-pods@shop',
    { hostname: 'ledger-0', addresses: ['10.244.0.8'], conditions: {} },
    { addresses: ['10.244.0.7'], conditions: {} },
  ),
  slice('kube-dns@kube-system', { addresses: ['10.244.0.2'], conditions: { ready: true } }),
  service('kubernetes@default', '10.96.0.1'),
  service('kube-dns@kube-system', '10.96.0.10', { name: 'dns', port: 53 }),
  // Of a port that the Service does not have: nobody gets there.
  sliceOf('kube-dns@kube-system', 'manual', 'http', { addresses: ['10.244.9.9'], conditions: {} }),
];

/** Plays `probe each`. @param wrong whether what such a probe asks is answered wrongly */
const probing =
  (wrong: (args: readonly string[]) => boolean): KubeClient['exec'] =>
  (_namespace, _pod, { command }) => {
    const reports: object[] = [];
    for (const args of JSON.parse(command[4] ?? '') as string[][]) {
      const failed = wrong(args) ? 1 : 0;
      reports.push({ attempts: 1, succeeded: 1 - failed, failed, outcomes: {}, last: 'queryA ENOTFOUND' });
      if (failed > 0) break;
    }
    return Promise.resolve({ code: 0, stdout: JSON.stringify(reports), stderr: '' });
  };

describe('a fresh pod of CoreDNS', () => {
  /** @param wrong whether it answers a question wrongly */
  const graded = async (
    wrong: (question: string) => boolean = () => false,
    without: string[] = [],
    more: Manifest[] = [],
  ) => {
    const questions: string[] = [];
    const exec = probing((args) => {
      const question = args.join(' ');
      questions.push(question);
      return wrong(question);
    });
    const lab = await labView(
      [...objects, ...more].filter(({ kind, metadata }) => !without.includes(`${kind} ${metadata.name}`)),
      { exec },
    );
    const create = (async (resource: typeof resources.pods, pod: Pod, options?: { dryRun: boolean }) => {
      if (options?.dryRun === true) return pod;
      const status = { podIP: '10.244.0.9', conditions: [{ type: 'Ready', status: 'True' }] };
      await lab.put(object('v1', 'Pod', `${pod.metadata.name}@${pod.metadata.namespace ?? ''}`, { status }));
      return lab.kube.get(resource, pod.metadata.namespace, pod.metadata.name);
    }) as unknown as KubeClient['create'];
    const view = { ...lab, kube: { ...lab.kube, create }, random: new Random('checks') };
    const seen = await dnsStartsAgain({ from, outside }).grade?.(view);
    const pods = await lab.kube.list(resources.pods, { namespace: 'kube-system' });
    return { seen, questions, left: pods.length };
  };

  test('is asked for names of here, of elsewhere and of outside, for addresses, and for other records', async () => {
    const { seen, questions, left } = await graded();
    expect(seen).toEqual({ status: 'pass', seen: 'it came up, and answers correctly' });
    expect(left).toBe(1);
    const asked = (name: string, type: string, answer?: string) =>
      `ask 10.244.0.9 --name ${name} --type ${type}${answer === undefined ? '' : ` --contains ${answer} --exactly`}`;
    const [ledger, kubernetes, kubeDns] = ['ledger.shop', 'kubernetes.default', 'kube-dns.kube-system'].map(
      (name) => `${name}.svc.cluster.local`,
    ) as [string, string, string];
    expect(questions).toEqual([
      asked(ledger, 'A', '10.96.0.7'),
      asked(kubernetes, 'A', '10.96.0.1'),
      asked(kubeDns, 'A', '10.96.0.10'),
      asked('7.0.96.10.in-addr.arpa', 'PTR', ledger),
      asked('1.0.96.10.in-addr.arpa', 'PTR', kubernetes),
      asked('10.0.96.10.in-addr.arpa', 'PTR', kubeDns),
      ...['AAAA', 'TXT', 'MX'].map((type) => asked(ledger, type)),
      asked(`_http._tcp.${ledger}`, 'SRV'),
      ...['AAAA', 'TXT', 'MX'].map((type) => asked(kubernetes, type)),
      asked(kubernetes, 'SRV'),
      ...['AAAA', 'TXT', 'MX'].map((type) => asked(kubeDns, type)),
      asked(`_dns._tcp.${kubeDns}`, 'SRV'),
      asked('ledger-0.ledger-pods.shop.svc.cluster.local', 'A', '10.244.0.8'),
      asked('ledger-pods.shop.svc.cluster.local', 'A'),
      asked('ledger-pods.shop.svc.cluster.local', 'AAAA'),
      asked(outside.name, 'A', outside.address),
    ]);
  });

  test.each([
    '--type PTR',
    '--type AAAA',
    'ledger.shop',
    'ledger-0.ledger-pods',
    '_http._tcp',
    'partner.test',
  ])('wrongly: %s', async (what) => {
    const { seen, left } = await graded((question) => question.includes(what));
    expect(seen?.status).toBe('fail');
    expect(seen?.seen).toMatch(/^a new pod of CoreDNS comes up, but an answer is wrong: .*ENOTFOUND/);
    expect(left).toBe(1);
  });

  test('who is asked for names outside knows them, all of them', async () => {
    const stub = (zone: string, ...to: string[]) => `${zone}:53 {\n    forward . ${to.join(' ')}\n}\n`;
    const text = [
      stub('.', '/etc/resolv.conf', '10.96.0.19'),
      stub('partner.test', '10.96.0.20', 'dns://10.96.0.21:5353', 'tls://9.9.9.9'),
      stub('bank.test', '10.96.0.22'),
    ].join('');
    const map = object('v1', 'ConfigMap', 'coredns@kube-system', { data: { Corefile: text } });
    const { seen, questions } = await graded(undefined, [], [map]);
    expect(seen?.status).toBe('pass');
    const upstreams = questions.flatMap((question) => /^ask (\S+) /.exec(question)?.[1] ?? []);
    expect(upstreams.filter((server) => server !== '10.244.0.9')).toEqual(['10.96.0.20', '10.96.0.21:5353']);
    const dead = await graded((question) => question.includes('10.96.0.21'), [], [map]);
    expect(dead.seen).toMatchObject({ status: 'fail' });
    expect(dead.seen?.seen).toMatch(
      /^the Corefile forwards to dns:\/\/10\.96\.0\.21:5353, which does not answer correctly: /,
    );
  });

  test('its Corefile is on its way out', async () => {
    const map = object('v1', 'ConfigMap', 'coredns@kube-system', {
      metadata: { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['example.com/kept'] },
      data: {},
    });
    expect((await graded(undefined, [], [map])).seen).toEqual({
      status: 'fail',
      seen: 'configmap/coredns is being deleted',
    });
  });

  test('what others need may be', async () => {
    const map = object('v1', 'ConfigMap', 'kube-proxy@kube-system', {
      metadata: { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['example.com/kept'] },
      data: {},
    });
    expect((await graded(undefined, [], [map])).seen).toMatchObject({ status: 'pass' });
  });

  test('of nothing', async () => {
    expect((await graded(undefined, ['Deployment coredns'])).seen).toEqual({
      status: 'fail',
      seen: 'deployment/coredns does not exist',
    });
  });
});

describe('whoever is behind kube-dns', () => {
  const looked = async (wrong: boolean, without: string[] = []) => {
    const servers = new Set<string>();
    const exec = probing(([, server = '']) => {
      servers.add(server);
      return wrong;
    });
    const lab = await labView(
      objects.filter(({ metadata }) => !without.includes(metadata.name)),
      { exec },
    );
    return { seen: await everyServerAnswers({ from, outside }).look(lab), servers: [...servers] };
  };

  test('answers correctly', async () => {
    expect(await looked(false)).toEqual({
      seen: { status: 'pass', seen: '1 servers answer correctly' },
      servers: ['10.244.0.2'],
    });
  });

  test('answers wrongly, or is nobody', async () => {
    expect((await looked(true)).seen).toMatchObject({
      status: 'fail',
      seen: expect.stringMatching(
        /^server 10\.244\.0\.2 behind service\/kube-dns: ledger\.shop\..*ENOTFOUND/,
      ),
    });
    expect((await looked(false, ['kube-dns-1'])).seen).toEqual({
      status: 'fail',
      seen: 'service/kube-dns has no ready endpoints',
    });
  });
});

describe('a proof of what is written', () => {
  const proof: Check = {
    expected: 'it is proven',
    disturbs: 'much',
    look: () => Promise.resolve({ status: 'pass', seen: 'looked' }),
    grade: () => Promise.resolve({ status: 'pass', seen: 'proven' }),
  };
  /** @param written how long ago, in milliseconds; @param started the pod of CoreDNS */
  const waited = async (written: number | undefined, started: number) => {
    const lab = await labView([]);
    const { ms } = lab.clock;
    const ago = (time: number) => new Date(ms - time).toISOString();
    const managedFields = written === undefined ? [] : [{ manager: 'kubectl-edit', time: ago(written) }];
    await lab.put(
      ...workload('coredns@kube-system', { containers: [] }, [{ startTime: ago(started) }], { app: 'dns' }),
      object('v1', 'ConfigMap', 'coredns@kube-system', { metadata: { managedFields } }),
    );
    expect(await onceLoaded(proof).grade?.(lab)).toEqual({ status: 'pass', seen: 'proven' });
    return lab.clock.ms - ms;
  };

  test('waits until it is read', async () => {
    expect(await waited(20_000, 600_000)).toBe(130_000);
  });

  test('does not wait where it has been read, with the start of a pod or since', async () => {
    expect(await waited(20_000, 10_000)).toBe(0);
    expect(await waited(200_000, 600_000)).toBe(0);
    expect(await waited(undefined, 600_000)).toBe(0);
  });

  test('is what it was otherwise', async () => {
    const lab = await labView([]);
    expect(onceLoaded(proof)).toMatchObject({ expected: 'it is proven', disturbs: 'much' });
    expect(await onceLoaded(proof).grade?.(lab)).toEqual({ status: 'pass', seen: 'proven' });
  });
});
