import fc from 'fast-check';
import type { Facts } from '../facts.ts';
import type { Weighted } from './arbitraries.ts';
import { resources } from '../../../src/model/resources.ts';
import { deploymentOf, type Edit, partsOf, type PodAct, type Reference, referenceOf } from './edit.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Edits of Deployments and their pods. */
export function workloadEdits(facts: Facts): Weighted {
  const { workload, container, deployments } = facts;
  const patch = (of: Reference, spec: Fields): Edit => ({
    edit: 'patch',
    of,
    type: 'strategic',
    body: { spec },
  });
  const inTemplate = (of: Reference, spec: Fields): Edit => patch(of, { template: { spec } });
  const inContainer = (of: Reference, name: string, fields: Fields): Edit =>
    inTemplate(of, { containers: [{ name, ...fields }] });
  const anyDeployment = fc.constantFrom(workload, workload, workload, ...deployments);
  return [
    {
      weight: 12,
      arbitrary: containerFields(facts).map((fields) => inContainer(workload, container, fields)),
    },
    { weight: 3, arbitrary: podFields(facts).map((fields) => inTemplate(workload, fields)) },
    { weight: 4, arbitrary: deploymentFields.map((fields) => patch(workload, fields)) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(anyDeployment, fc.constantFrom(0, 1, 2, 3, 5))
        .map(([of, replicas]) => patch(of, { replicas })),
    },
    {
      weight: 3,
      arbitrary: anyDeployment.map((of): Edit => ({ edit: 'restart', of })),
    },
    { weight: 3, arbitrary: podActs(facts).map((act): Edit => ({ edit: 'pods', of: workload, act })) },
    {
      weight: 2,
      arbitrary: clientEdits(facts).map(([of, fields]) => inContainer(of, partsOf(of).name, fields)),
    },
    { weight: 1, arbitrary: nextStart },
    { weight: 2, arbitrary: sidecars(facts).map((spec) => inTemplate(workload, spec)) },
  ];
}

/** Settings that only the next start of a pod reads. */
const nextStart: fc.Arbitrary<Edit> = fc
  .constantFrom({ CALL_TIMEOUT_MS: 'soon' }, { CALL_TIMEOUT_MS: '3000' }, { CACHE_MEGABYTES: '8' })
  .map((data) => ({
    edit: 'patch',
    of: referenceOf(resources.configMaps, { namespace: 'shop', name: 'shop-settings' }),
    type: 'merge',
    body: { data },
  }));

const handlers = ({ ports }: Facts): fc.Arbitrary<Fields> => {
  const none = { httpGet: null, tcpSocket: null, exec: null };
  const port = fc.constantFrom(...ports, 'http', 'http');
  return fc.oneof(
    fc
      .tuple(port, fc.constantFrom('/readyz', '/healthz', '/version', '/nothing'))
      .map(([on, path]) => ({ ...none, httpGet: { port: on, path, scheme: 'HTTP' } })),
    port.map((on) => ({ ...none, tcpSocket: { port: on } })),
    fc
      .constantFrom(['true'], ['sh', '-c', 'exit 1'], ['node', '/app/shop.mjs', 'ready'])
      .map((command) => ({ ...none, exec: { command } })),
    fc.constant({}),
  );
};

/** Patience that is clearly short or clearly long: where a proof ends after a minute, nothing is near it. */
const timing: fc.Arbitrary<Fields> = fc.oneof(
  fc.constant({}),
  fc.constantFrom(
    { periodSeconds: 1 },
    { periodSeconds: 5, failureThreshold: 3 },
    { timeoutSeconds: 5 },
    { initialDelaySeconds: 10 },
    { initialDelaySeconds: 600 },
    { failureThreshold: 1 },
    { failureThreshold: 5000 },
    { periodSeconds: 3600 },
    { successThreshold: 2 },
  ),
);

const probes = (facts: Facts): fc.Arbitrary<Fields> =>
  fc
    .tuple(
      fc.constantFrom('readinessProbe', 'readinessProbe', 'livenessProbe', 'startupProbe'),
      fc.oneof(
        { weight: 1, arbitrary: fc.constant(null) },
        {
          weight: 6,
          arbitrary: fc
            .tuple(handlers(facts), timing)
            .map(([handler, patience]) => ({ ...handler, ...patience })),
        },
      ),
    )
    .map(([name, probe]) => ({ [name]: probe }));

const knobs: fc.Arbitrary<Fields> = fc
  .constantFrom<[string, string]>(
    ['CACHE_MEGABYTES', '4'],
    ['CACHE_MEGABYTES', '16'],
    ['CACHE_MEGABYTES', '200'],
    ['CACHE_RECEIPTS', '32'],
    ['CACHE_RECEIPTS', '100000'],
    ['REPORT_BATCH_ROWS', '200'],
    ['CALL_TIMEOUT_MS', '3000'],
    ['PORT', '9090'],
    ['ROLE', 'payments'],
    ['LEDGER_PASSWORD', 'guess'],
  )
  .map(([name, value]) => ({ env: [{ name, value }] }));

function containerFields(facts: Facts): fc.Arbitrary<Fields> {
  const memory = fc.constantFrom(...facts.memory);
  const image =
    facts.images.length === 0
      ? fc.constant({})
      : fc.constantFrom(...facts.images).map((image) => ({ image }));
  return fc.oneof(
    { weight: 5, arbitrary: probes(facts) },
    { weight: 3, arbitrary: image },
    {
      weight: 3,
      arbitrary: fc.oneof(
        memory.map((limit) => ({ resources: { limits: { memory: limit } } })),
        memory.map((limit) => ({ resources: { limits: { memory: limit }, requests: { memory: '48Mi' } } })),
        memory.map((request) => ({ resources: { requests: { memory: request } } })),
        fc.constant({ resources: { limits: null } }),
      ),
    },
    { weight: 2, arbitrary: knobs },
    {
      weight: 2,
      arbitrary: fc
        .constantFrom('Always', 'IfNotPresent', 'Never')
        .map((imagePullPolicy) => ({ imagePullPolicy })),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom<Fields>(
        { command: ['sleep', '3600'] },
        { command: ['sh', '-c', 'while true; do sleep 1; done'] },
        { args: ['--verbose'] },
        { command: null, args: null },
        { workingDir: '/tmp' },
        { tty: true },
        { lifecycle: { preStop: { exec: { command: ['sleep', '2'] } } } },
      ),
    },
  );
}

function podFields({ addresses }: Facts): fc.Arbitrary<Fields> {
  const hostAliases = Object.entries(addresses).map(([name, ip]) => ({ ip, hostnames: [name] }));
  return fc.constantFrom<Fields>(
    { dnsPolicy: 'Default' },
    { dnsPolicy: 'ClusterFirst', dnsConfig: null },
    { dnsConfig: { options: [{ name: 'ndots', value: '2' }] } },
    { hostAliases },
    { hostAliases: null },
    { terminationGracePeriodSeconds: 1 },
    { terminationGracePeriodSeconds: 30 },
    { serviceAccountName: 'default' },
    { serviceAccountName: 'nobody' },
    { nodeSelector: { disk: 'fast' } },
    { nodeSelector: null },
    { imagePullSecrets: null },
    { priorityClassName: 'system-cluster-critical' },
    { hostNetwork: true },
  );
}

const deploymentFields: fc.Arbitrary<Fields> = fc.constantFrom<Fields>(
  { strategy: { type: 'Recreate', rollingUpdate: null } },
  { strategy: { type: 'RollingUpdate' } },
  { strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } } },
  { paused: true },
  { paused: false },
  { minReadySeconds: 5 },
  { minReadySeconds: 3600 },
  { progressDeadlineSeconds: 60 },
  { revisionHistoryLimit: 0 },
  { template: { metadata: { labels: { team: 'payments' } } } },
  { template: { metadata: { annotations: { note: 'looked at' } } } },
);

const podActs = ({ memory, images }: Facts): fc.Arbitrary<PodAct> =>
  fc.oneof(
    ...(images.length === 0
      ? []
      : [fc.constantFrom(...images).map((image): PodAct => ({ act: 'image', image }))]),
    fc.boolean().map((all): PodAct => ({ act: 'delete', all })),
    fc
      .constantFrom<Record<string, string | null>>({ debug: 'yes' }, { app: 'quarantine' }, { app: null })
      .map((labels): PodAct => ({ act: 'label', labels })),
    fc.constantFrom(...memory).map((size): PodAct => ({ act: 'resize', memory: size })),
    fc.constant<PodAct>({ act: 'say-ready' }),
  );

/** What is changed at those who call. */
function clientEdits({ addresses }: Facts): fc.Arbitrary<[Reference, Fields]> {
  const urls = Object.entries(addresses).flatMap(([name, address]): Fields[] => [
    { env: [{ name: `${name.toUpperCase()}_URL`, value: `http://${address}` }] },
    { env: [{ name: `${name.toUpperCase()}_URL`, value: 'http://payments' }] },
  ]);
  return fc.tuple(
    fc.constantFrom('gateway', 'gateway', 'checkout', 'payments').map((name) => deploymentOf('shop', name)),
    fc.constantFrom<Fields>(
      ...urls,
      { env: [{ name: 'ORDERS_PER_MINUTE', value: '0' }] },
      { env: [{ name: 'CALL_TIMEOUT_MS', value: '5000' }] },
      { resources: { limits: { memory: '224Mi' } } },
      { command: ['sleep', '3600'] },
    ),
  );
}

function sidecars({ images, ports }: Facts): fc.Arbitrary<Fields> {
  const image = images[0] ?? 'busybox:1.37';
  return fc.constantFrom(...ports.filter((port) => typeof port === 'number')).map((port) => ({
    containers: [
      {
        name: 'helper',
        image,
        env: [
          { name: 'ROLE', value: 'fx' },
          { name: 'PORT', value: String(port === 8080 ? 8099 : port) },
        ],
        resources: { limits: { memory: '64Mi' }, requests: { memory: '48Mi' } },
      },
    ],
  }));
}
