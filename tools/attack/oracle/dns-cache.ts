import { equal } from '../../../src/core/json.ts';
import { KubeError } from '../../../src/kube/client.ts';
import type { AnyObject, Deployment, Pod, Service } from '../../../src/model/objects.ts';
import { type Resource, resources } from '../../../src/model/resources.ts';
import { deploymentOf, isComplete, isReady, look, run, runningPods, SHOP, within } from './ask.ts';
import { clientsUnchanged } from './clients.ts';
import { partnerOf } from '../partner.ts';
import { refundsServed, shopRisesAgain } from './again.ts';
import { corednsRisesAgain, corednsWhole, freshService, resolves, serviceResolves } from './dns.ts';
import { type Complaint, type Oracle, type OracleView, question, service } from './view.ts';
import { nothingWrittenDown, noNamesWrittenDown } from './written-down.ts';

const CLIENTS = ['gateway', 'checkout', 'payments', 'refunds', 'notifier', 'fx'];
const PARTNER = 'partner';
/** What names of the partner resolve to that have no record of their own, and where they are moved to. */
const OTHERS = '198.51.100.9';
const MOVED = '198.51.100.8';
/** Where the host is moved to that clients use. */
const MOVED_HOST = '198.51.100.6';
/** What the partner's name server said is given for so long at most, in milliseconds. */
const KEPT_AT_MOST = 120_000;
/** Milliseconds for the API's watches. */
const GRACE = 2000;

/** A name that nobody has asked for yet: with the final dot, so that no search list is tried. */
const freshName = (view: OracleView): string => `oracle-${view.now()}.${partnerOf(view).zone}.`;

async function partnerPods(view: OracleView): Promise<Pod[]> {
  return runningPods(view, 'partner-dns', PARTNER);
}

/** How often the partner's name server was asked for a record of a name, by whichever of its pods. */
async function askedFor(
  view: OracleView,
  from: Pod,
  name: string,
  type: 'A' | 'AAAA',
): Promise<number | string> {
  let sum = 0;
  for (const { status } of await partnerPods(view)) {
    const url = `http://${status.podIP ?? ''}:8080/asked?name=${name.replace(/\.$/, '')}&type=${type}`;
    const { ok, text } = await run(view, from, 'fx', ['wget', '-q', '-T', '3', '-O', '-', url]);
    if (!ok) return `${url}: ${text}`;
    sum += (JSON.parse(text) as { asked: number }).asked;
  }
  return sum;
}

/** Of a hundred lookups of a name outside at most ten leave the cluster, from each pod of fx. */
const partnerAskedSeldom = question('the partner is asked seldom', async (view) => {
  const pods = await runningPods(view, 'fx');
  if (pods.length === 0) return 'no pod of fx runs';
  for (const pod of pods) {
    const name = freshName(view);
    const seen = await look(view, pod, 'fx', ['dns', name, '--count', '100', '--every', '50ms']);
    if (typeof seen === 'string') return seen;
    const answers = Object.keys(seen.outcomes).join(' or ');
    if (answers !== OTHERS) return `${pod.metadata.name} gets ${answers} for ${name}`;
    const asked = await askedFor(view, pod, name, 'A');
    if (typeof asked === 'string') return asked;
    if (asked === 0) return 'somebody else answers for the partner';
    if (asked > seen.attempts / 10) return `${asked} of ${seen.attempts} lookups reach the partner`;
    // What it has not is asked for as often by clients that would take it.
    const missing = [
      '--name',
      name.replace(/\.$/, ''),
      '--type',
      'AAAA',
      '--count',
      '100',
      '--every',
      '50ms',
    ];
    const denied = await look(view, pod, 'fx', ['ask', '10.96.0.10', ...missing]);
    if (typeof denied === 'string') return denied;
    const deniedThere = await askedFor(view, pod, name, 'AAAA');
    if (typeof deniedThere === 'string') return deniedThere;
    if (deniedThere > denied.attempts / 10)
      return `${deniedThere} of ${denied.attempts} lookups of what it has not reach the partner`;
  }
  return undefined;
});

const namesElsewhere = question('names elsewhere resolve', async (view) => {
  return (
    (await resolves(view, 'gateway', 'kube-dns.kube-system', '10.96.0.10')) ??
    (await resolves(view, 'checkout', 'kubernetes.default.svc.cluster.local', '10.96.0.1')) ??
    (await resolves(view, 'fx', partnerName(view), partnerOf(view).address))
  );
});

/** As fx asks for it, past the search list. */
const partnerName = (view: OracleView): string => `${partnerOf(view).name}.`;

/** Makes a Service that leads to the gateway. @param other an address that it must not get again */
async function made(view: OracleView, name: string, other?: string): Promise<string> {
  for (;;) {
    const { spec }: Service = await view.kube.create(resources.services, freshService(name, 'gateway'));
    if (spec.clusterIP !== undefined && spec.clusterIP !== other) return spec.clusterIP;
    await view.kube.delete(resources.services, SHOP, name);
  }
}

/**
 * Two Services that everybody has looked up are deleted and made again. One is asked for all the while, the other not
 * before it has to be found. Then that one is gone for so long that everybody knows it.
 */
function followed(seconds: number) {
  const apps = ['gateway', 'checkout'];
  return question('a Service that is made again is found', async (view) => {
    const names = [`busy-${view.now()}`, `idle-${view.now()}`] as const;
    const [busy, idle] = names;
    const found = async (name: string, address: string): Promise<Complaint> => {
      for (const app of apps) {
        const wrong = await resolves(view, app, name, address, { seconds: 8, every: '200ms' });
        if (wrong !== undefined) return wrong;
      }
      return undefined;
    };
    const asks = async (name: string, forSeconds: number): Promise<void> => {
      const length = ['--for', `${forSeconds}s`, '--every', '250ms'];
      await Promise.all(
        apps.map(async (app) => {
          const [pod] = await runningPods(view, app);
          if (pod !== undefined) await look(view, pod, app, ['dns', name, ...length]);
        }),
      );
    };
    try {
      const first = { [busy]: await made(view, busy), [idle]: await made(view, idle) };
      await view.wait(15_000);
      for (const name of names) {
        const unknown = await found(name, first[name] ?? '');
        if (unknown !== undefined) return unknown;
      }
      for (const name of names) await view.kube.delete(resources.services, SHOP, name);
      await asks(busy, 3);
      const second = {
        [busy]: await made(view, busy, first[busy]),
        [idle]: await made(view, idle, first[idle]),
      };
      const end = view.now() + seconds * 1000 + GRACE;
      await asks(busy, seconds);
      await view.wait(Math.max(0, end - view.now()));
      const lost = (await found(idle, second[idle] ?? '')) ?? (await found(busy, second[busy] ?? ''));
      if (lost !== undefined) return lost;
      await view.kube.delete(resources.services, SHOP, idle);
      await view.wait(seconds * 1000 + GRACE);
      await asks(idle, 3);
      const third = await made(view, idle, second[idle]);
      await view.wait(seconds * 1000 + GRACE);
      return await found(idle, third);
    } catch (error) {
      if (error instanceof KubeError && error.isRefusal) return `no new Service: ${error.message}`;
      throw error;
    } finally {
      for (const name of names) await view.kube.delete(resources.services, SHOP, name);
    }
  });
}

/** Many customers in a row, so that connections that are kept do not hide where new ones lead. */
function customersPay(mayFail: number) {
  return question('customers can pay', async (view) => {
    const [gateway] = await runningPods(view, 'gateway');
    if (gateway === undefined) return 'no gateway runs';
    const length = ['--count', '120', '--every', '250ms', '--timeout', mayFail > 0 ? '5s' : '2s'];
    const looks = await look(view, gateway, 'gateway', ['http', 'http://127.0.0.1:8080/pay', ...length]);
    if (typeof looks === 'string') return looks;
    const { attempts, failed, outcomes } = looks;
    return failed <= mayFail * attempts ? undefined : `of ${attempts} got ${JSON.stringify(outcomes)}`;
  });
}

/** The next deployment: the Service itself gets another address, and those who call it go there. */
function deployedAgain(seconds: number, name: (view: OracleView) => string) {
  return question('the next deployment goes well', async (view) => {
    const now = await view.kube.get(resources.services, SHOP, name(view));
    if (now === undefined) return `service/${name(view)} is gone`;
    const { clusterIP: old, clusterIPs: _all, ...spec } = now.spec;
    const { apiVersion, kind, metadata } = now;
    const labels = metadata.labels ?? {};
    for (let address = old; address === old;) {
      await view.kube.delete(resources.services, SHOP, metadata.name);
      await view.wait(1000);
      const again = { apiVersion, kind, metadata: { name: metadata.name, namespace: SHOP, labels }, spec };
      address = (await view.kube.create(resources.services, again)).spec.clusterIP;
    }
    await view.wait(seconds * 1000 + GRACE);
    for (const app of ['gateway', 'checkout', 'payments']) {
      const wrong = await serviceResolves(view, app, metadata.name);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  });
}

const clientsAsBefore = question('clients are as before', (view) => clientsUnchanged(view, CLIENTS));

/** What is in the partner's namespace, without what the server keeps; the rules leave all of it to the partner. */
const partnerUntouched = question('the partner has what it had', async (view) => {
  const kinds: readonly Resource[] = [
    resources.deployments,
    resources.services,
    resources.configMaps,
    resources.networkPolicies,
  ];
  const content = ({ spec, data }: AnyObject): unknown => [spec, data];
  for (const resource of kinds) {
    const now = (await view.kube.list(resource, { namespace: PARTNER })) as AnyObject[];
    const there = new Set(now.map(({ metadata }) => metadata.name));
    const gone = view.healthy.list(resource, PARTNER).find(({ metadata }) => !there.has(metadata.name));
    if (gone !== undefined) return `${resource.kind} ${gone.metadata.name} is gone`;
    for (const object of now) {
      const { name } = object.metadata;
      const before = view.healthy.get(resource, PARTNER, name) as AnyObject | undefined;
      if (before === undefined) return `${resource.kind} ${name} is new`;
      if (!equal(content(before), content(object))) return `${resource.kind} ${name} is not what it was`;
    }
  }
  return isComplete(view, 'partner-dns', PARTNER);
});

export const dnsStale: Oracle = {
  settle: 190_000,
  questions: [
    corednsWhole,
    partnerUntouched,
    clientsAsBefore,
    question('nothing is written down', (view) => nothingWrittenDown(view)),
    noNamesWrittenDown,
    question('the service is found', async (view) => {
      for (const app of ['gateway', 'checkout', 'refunds']) {
        const wrong = await serviceResolves(view, app, service(view));
        if (wrong !== undefined) return wrong;
      }
      return undefined;
    }),
    namesElsewhere,
    customersPay(0),
    refundsServed,
    partnerAskedSeldom,
    followed(60),
  ],
  afterwards: [
    deployedAgain(60, service),
    corednsRisesAgain,
    shopRisesAgain([customersPay(0), refundsServed]),
  ],
};

/** In each pod of fx 99 of 100 lookups of the partner's host are quick, once it has been asked for. */
const quickLookups = question('lookups are quick', async (view) => {
  const name = partnerName(view);
  for (const pod of await runningPods(view, 'fx')) {
    await look(view, pod, 'fx', ['dns', name, '--count', '20', '--every', '50ms']);
    const seen = await look(view, pod, 'fx', ['dns', name, '--for', '40s', '--every', '50ms']);
    if (typeof seen === 'string') return seen;
    if (seen.p99Ms > 400) return `${pod.metadata.name} waits ${seen.p99Ms} ms`;
  }
  return undefined;
});

/** The partner's records are other ones from now on. */
async function moveAll(view: OracleView, from: string, to: string): Promise<Complaint> {
  const deployment = await deploymentOf(view, 'partner-dns', PARTNER);
  const [container] = deployment?.spec.template.spec.containers ?? [];
  const records = container?.env?.find(({ name }) => name === 'DNS_RECORDS')?.value;
  if (container === undefined || records === undefined) return 'the partner has no records';
  const env = [
    { name: 'DNS_RECORDS', value: records.replaceAll(new RegExp(`=${from}(?!\\d)`, 'g'), `=${to}`) },
  ];
  const body = { spec: { template: { spec: { containers: [{ name: container.name, env }] } } } };
  await view.kube.patch<Deployment>(resources.deployments, PARTNER, 'partner-dns', body, {
    type: 'strategic',
  });
  return within(view, 60_000, () => isComplete(view, 'partner-dns', PARTNER));
}

/** The partner moves a name that fx has looked up: after two minutes of silence nobody gets the old address. */
const partnerMoves = question('the partner may move', async (view) => {
  const pods = (await runningPods(view, 'fx')).filter(isReady);
  const moves = [
    { name: freshName(view), from: OTHERS, to: MOVED },
    { name: partnerName(view), from: partnerOf(view).address, to: MOVED_HOST },
  ];
  const length = ['--count', '40', '--every', '50ms'];
  for (const pod of pods) for (const { name } of moves) await look(view, pod, 'fx', ['dns', name, ...length]);
  try {
    for (const { from, to } of moves) {
      const stuck = await moveAll(view, from, to);
      if (stuck !== undefined) return stuck;
    }
    await view.wait(KEPT_AT_MOST + GRACE);
    for (const pod of pods)
      for (const { name, to } of moves) {
        const seen = await look(view, pod, 'fx', ['dns', name, ...length]);
        if (typeof seen === 'string') return seen;
        const answers = Object.keys(seen.outcomes).join(' or ');
        if (answers !== to) return `${pod.metadata.name} still gets ${answers} for ${name}`;
      }
    return undefined;
  } finally {
    for (const { from, to } of moves) await moveAll(view, to, from);
    // Until nobody is led to the pod that is on its way out, and no cache may give the address that it moved to: the grader
    // asks next.
    await view.wait(KEPT_AT_MOST + 5 * GRACE);
  }
});

export const dnsSlow: Oracle = {
  settle: 190_000,
  questions: [
    corednsWhole,
    partnerUntouched,
    clientsAsBefore,
    question('nothing is written down', (view) => nothingWrittenDown(view, [partnerOf(view).address])),
    noNamesWrittenDown,
    namesElsewhere,
    partnerAskedSeldom,
    quickLookups,
    customersPay(0.05),
    refundsServed,
    followed(30),
    partnerMoves,
  ],
  afterwards: [
    deployedAgain(30, () => 'payments'),
    corednsRisesAgain,
    shopRisesAgain([customersPay(0.05), refundsServed]),
  ],
};
