import { equal } from '../../../src/core/json.ts';
import { fitsNodeAffinity } from '../../../src/model/node-affinity.ts';
import type { NetworkPolicy, Node, PodSpec } from '../../../src/model/objects.ts';
import { resources } from '../../../src/model/resources.ts';
import { customersServed, serviceRisesAgain } from './again.ts';
import {
  deploymentOf,
  imageOf,
  isComplete,
  isReady,
  leadsHome,
  podsOf,
  realClients,
  run,
  runsImage,
  runsItsProgram,
  runsItsTemplate,
  servesCallers,
  SHOP,
  within,
} from './ask.ts';
import { podNamed, withCopy } from './copies.ts';
import { staysUp } from './lives.ts';
import { type Complaint, type Oracle, type OracleView, question, type Question, service } from './view.ts';

/** The release to ship. */
const newRelease = ({ values }: OracleView): string =>
  typeof values['release'] === 'string' ? values['release'] : '1.5.0';
const OLD = '1.4.2';
const REGISTRY = 'registry.shop.test:5000';

/** Everything before tag and digest. */
const repositoryOf = (image: string): string => image.replace(/@.*$/, '').replace(/:[^:/]*$/, '');

const comesFrom = (allowed: readonly string[]): Question =>
  question('it comes from where it should', async (view) => {
    const now = repositoryOf(await imageOf(view, service(view)));
    return allowed.includes(now) ? undefined : `${service(view)} comes from ${now}`;
  });

const runsNew = (host: string): Question =>
  question('all pods run the release', async (view) =>
    runsImage(view, service(view), await (await view.registry(host)).digest('shop', newRelease(view))),
  );

const runsAsBefore = question('all pods run what they ran', (view) =>
  runsImage(view, service(view), view.healthyDigests[service(view)] ?? 'nothing'),
);

const callersGet = (releaseOf: (view: OracleView) => string): Question =>
  question('callers get the release', (view) =>
    servesCallers(view, service(view), `{"role":"${service(view)}","version":"${releaseOf(view)}"}`),
  );

const whole: readonly Question[] = [
  // Registries may have the same content: digests do not tell.
  question('its pods run what their template says', (view) => runsItsTemplate(view, service(view))),
  question('its pods are ready', (view) => isComplete(view, service(view))),
  question('its Service leads to them', (view) => leadsHome(view, service(view))),
  question('nothing restarts', (view) => staysUp(view, service(view))),
  customersServed,
];

/** What runs may have been given an image that its template does not have: the next rollout shows it. */
const afterwards = (...runs: readonly Question[]): Question[] => [serviceRisesAgain(service), ...runs];

/** A further pod gets its image and becomes ready. */
async function startsAgain(view: OracleView, change: (spec: PodSpec) => PodSpec): Promise<Complaint> {
  const name = service(view);
  return withCopy(view, name, change, (pod) =>
    within(view, 60_000, async () => {
      const now = await podNamed(view, pod);
      const own = now?.status.containerStatuses?.find((one) => one.name === name);
      return now !== undefined && isReady(now)
        ? undefined
        : `one more pod does not start: ${own?.state.waiting?.reason ?? 'it is not there'}`;
    }),
  );
}

const workers = async (view: OracleView): Promise<string[]> =>
  (await view.kube.list<Node>(resources.nodes))
    .filter(
      ({ metadata }) => !Object.keys(metadata.labels ?? {}).some((label) => label.endsWith('/control-plane')),
    )
    .map(({ metadata }) => metadata.name);

async function startsOnEach(view: OracleView): Promise<Complaint> {
  for (const nodeName of await workers(view)) {
    const wrong = await startsAgain(view, (spec) => ({ ...spec, nodeName }));
    if (wrong !== undefined) return `${nodeName}: ${wrong}`;
  }
  return undefined;
}

/** A node that never had the image is no different from one that lost it. */
async function startsOnNewNode(view: OracleView): Promise<Complaint> {
  const image = await imageOf(view, service(view));
  const nodes = await workers(view);
  for (const nodeName of nodes) {
    await view.forget(nodeName, image);
    const wrong = await startsAgain(view, (spec) => ({ ...spec, nodeName }));
    if (wrong !== undefined) return `${nodeName} without a copy: ${wrong}`;
  }
  return undefined;
}

/** Whatever a new node lacks, it is not forbidden to fetch. */
async function mayFetch(view: OracleView): Promise<Complaint> {
  const spec = (await deploymentOf(view, service(view)))?.spec.template.spec;
  if (spec === undefined) return 'nobody says what a new node is to run';
  const { containers, initContainers = [] } = spec;
  if ([...initContainers, ...containers].some(({ imagePullPolicy }) => imagePullPolicy === 'Never'))
    return 'a new node may not fetch an image';
  // Its name is none of those that nodes have today, and nobody gives it labels but its kubelet.
  const arch = (await view.kube.list<Node>(resources.nodes))[0]?.status.nodeInfo['architecture'] ?? '';
  const name = `joined-${view.now()}`;
  const own = { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': arch, 'kubernetes.io/hostname': name };
  const beta = { 'beta.kubernetes.io/os': 'linux', 'beta.kubernetes.io/arch': arch };
  const node = { metadata: { name, labels: { ...own, ...beta } } };
  return spec.nodeName === undefined && fitsNodeAffinity(spec, node)
    ? undefined
    : 'a new node would not take it';
}

async function policiesKept(view: OracleView, names: readonly string[]): Promise<Complaint> {
  const now = await view.kube.list<NetworkPolicy>(resources.networkPolicies, { namespace: SHOP });
  if (now.length !== names.length) return `there are ${now.length} policies`;
  for (const policy of now) {
    const before = view.healthy.get<NetworkPolicy>(resources.networkPolicies, SHOP, policy.metadata.name);
    if (!equal(before?.spec, policy.spec)) return `policy ${policy.metadata.name} is not what it was`;
  }
  return undefined;
}

export const imageTagTypo: Oracle = {
  settle: 75_000,
  afterwards: afterwards(runsNew(REGISTRY)),
  questions: [
    runsNew(REGISTRY),
    ...whole,
    comesFrom([`${REGISTRY}/shop`]),
    question('it runs what is in its image', (view) => runsItsProgram(view, service(view))),
    question('a new node may fetch it', mayFetch),
    callersGet(newRelease),
  ],
};

/** The registry does not answer whoever comes without a password. */
async function registryIsClosed(view: OracleView): Promise<Complaint> {
  const clients = await realClients(view, service(view));
  if (typeof clients === 'string') return clients;
  const [client] = clients;
  if (client === undefined) return 'nobody calls';
  const command = ['sh', '-c', 'wget -q -T 2 -O - http://registry/v2/ 2>&1; true'];
  const { text } = await run(view, client, client.spec.containers[0]?.name ?? '', command);
  return text.includes('401') ? undefined : `the registry answers ${text.slice(0, 80)}`;
}

export const imagePullSecret: Oracle = {
  settle: 400_000,
  afterwards: afterwards(runsNew('images.shop.test:5000')),
  questions: [
    runsNew('images.shop.test:5000'),
    ...whole,
    comesFrom(['images.shop.test:5000/shop']),
    callersGet(newRelease),
    question('the registry is closed', registryIsClosed),
    question('a new node may fetch it', mayFetch),
    question('what is pushed tomorrow is pulled', async (view) => {
      await (
        await view.registry('images.shop.test:5000')
      ).tag('shop', newRelease(view), `tomorrow-${view.now()}`);
      const image = `images.shop.test:5000/shop:tomorrow-${view.now()}`;
      const name = service(view);
      return startsAgain(view, (spec) => ({
        ...spec,
        containers: spec.containers.map((one) => (one.name === name ? { ...one, image } : one)),
      }));
    }),
  ],
};

const onEachNode = question('it is on both nodes', async (view) => {
  const ready = (await podsOf(view, service(view))).filter(isReady);
  const nodes = new Set(ready.map(({ spec }) => spec.nodeName));
  return nodes.size >= 2 ? undefined : `it is on ${nodes.size}`;
});

/** Two incidents by the draw: nobody may pull, or everybody must while the registry is down. */
const byCause = (cause: string, questions: readonly Question[]): Question[] =>
  questions.map(({ about, ask }) =>
    question(about, async (view) => (view.values['cause'] === cause ? ask(view) : undefined)),
  );

const release = [...byCause('never', [runsNew(REGISTRY)]), ...byCause('always', [runsAsBefore])];

export const imagePullPolicy: Oracle = {
  settle: 330_000,
  afterwards: afterwards(...release),
  questions: [
    ...release,
    ...byCause('never', [callersGet(newRelease)]),
    ...byCause('always', [callersGet(() => OLD)]),
    comesFrom([`${REGISTRY}/shop`]),
    ...whole,
    onEachNode,
    question('a new node may fetch it', mayFetch),
    ...byCause('never', [question('it starts on a new node', startsOnNewNode)]),
    ...byCause('always', [question('it starts again on each', startsOnEach)]),
  ],
};

export const imageRegistry: Oracle = {
  // Until the registry is back (its twelve minutes at most begin with the lab here), and everybody has asked it again.
  settle: 1_080_000,
  // It stays up then; a pod may have been backed off for five minutes.
  settleAgain: 420_000,
  afterwards: afterwards(runsAsBefore),
  questions: [
    runsAsBefore,
    ...whole,
    comesFrom([`${REGISTRY}/shop`, 'mirror.shop.test:5000/shop']),
    callersGet(() => OLD),
    question('a new node may fetch it', mayFetch),
    question('it starts again', startsOnEach),
    question('the policies are what they were', (view) => policiesKept(view, ['default-deny', 'inside'])),
  ],
};
