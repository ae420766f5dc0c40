import type { ConfigMap, Deployment } from '../../../src/model/objects.ts';
import { resources } from '../../../src/model/resources.ts';
import {
  addressesOf,
  deploymentOf,
  fetches,
  isComplete,
  leadsHome,
  run,
  runningPods,
  SHOP,
  within,
} from './ask.ts';
import { foundAlive, staysUp } from './lives.ts';
import { type Complaint, judge, type OracleView, question, type Question } from './view.ts';

/** Milliseconds that a rollout may need, with an image that has to be fetched and a program that starts slowly. */
const ROLLOUT = 180_000;

/**
 * All pods of a Deployment are made again, as the next rollout would: what was right only for those that ran shows then.
 * Asked when the grader has been.
 * @param stillAsked what has to hold afterwards as before
 * @param least where so many pods are enough, whatever its Deployment says: one more may wait for a node
 */
export function risesAgain(
  nameOf: (view: OracleView) => string,
  namespace: string,
  stillAsked: readonly Question[],
  least?: number,
): Question {
  return question('after the next rollout', async (view) => {
    const name = nameOf(view);
    await restart(view, name, namespace);
    await view.wait(2000);
    const stuck = await within(view, ROLLOUT, () => isComplete(view, name, namespace, least));
    // Every node hears of new endpoints within seconds.
    await view.wait(5000);
    return stuck ?? judge(stillAsked, view);
  });
}

/** As `kubectl rollout restart`; who paused it will have resumed it by then. */
async function restart(view: OracleView, name: string, namespace: string): Promise<void> {
  const annotations = { 'kubectl.kubernetes.io/restartedAt': new Date(view.now()).toISOString() };
  const body = { spec: { paused: false, template: { metadata: { annotations } } } };
  await view.kube.patch<Deployment>(resources.deployments, namespace, name, body, { type: 'strategic' });
}

/**
 * The other Deployments of the shop are made again as well: what they were told meanwhile they read then. None is gone or has fewer
 * pods than before, and no Service leads to those that are not ready yet, or only to
 * those of the caller's node.
 */
async function othersRiseAgain(view: OracleView, own: string): Promise<Complaint> {
  const before = view.healthy.list<Deployment>(resources.deployments, SHOP);
  const names = before.map(({ metadata }) => metadata.name).filter((name) => name !== own);
  for (const name of names) {
    if ((await deploymentOf(view, name)) === undefined) return `deployment/${name} is not there`;
    await restart(view, name, SHOP);
  }
  await view.wait(2000);
  for (const name of names) {
    const stuck = await within(view, ROLLOUT, () => isComplete(view, name));
    if (stuck !== undefined) return stuck;
  }
  await view.wait(5000);
  return leadsElsewhere(view);
}

async function leadsElsewhere(view: OracleView): Promise<Complaint> {
  for (const { metadata, spec } of await view.kube.list(resources.services, { namespace: SHOP })) {
    const before = view.healthy.get(resources.services, SHOP, metadata.name)?.spec;
    if (before?.selector === undefined) continue;
    if (spec.internalTrafficPolicy === 'Local' && before.internalTrafficPolicy !== 'Local')
      return `service/${metadata.name} does not lead to pods of other nodes`;
    if (spec.publishNotReadyAddresses === true && before.publishNotReadyAddresses !== true)
      return `service/${metadata.name} leads to pods that are not ready`;
  }
  return undefined;
}

/** All of the shop, where the ticket is about none of its services. */
export const shopRisesAgain = (stillAsked: readonly Question[]): Question =>
  question(
    'after the next rollout of the shop',
    async (view) => (await othersRiseAgain(view, '')) ?? judge(stillAsked, view),
  );

// One endpoint of three that is dead stays unseen by chance once in 16,000 times.
const often = { times: 24, everySeconds: 0.1 };

const served = (name: string, path: string, contains: string): Question =>
  question(name, async (view) => {
    const [gateway] = await runningPods(view, 'gateway');
    if (gateway === undefined) return 'no gateway runs';
    return fetches(view, gateway, `http://gateway/${path}`, { ...often, contains });
  });

/** Money is given back, many times, by whichever pods are in turn. */
export const refundsServed = served('customers get their money back', 'refund', '"id"');

/** Whoever is always led to the same endpoint, as with session affinity, does not see those that are nobody's. */
async function leadsToNobody(view: OracleView): Promise<Complaint> {
  const pods = await view.kube.list(resources.pods, { namespace: SHOP });
  const known = new Set(pods.map(({ status }) => status.podIP));
  for (const { metadata } of await view.kube.list(resources.services, { namespace: SHOP })) {
    // A Service without a selector led to somebody else from the start: to a registry beside the cluster.
    if (view.healthy.get(resources.services, SHOP, metadata.name)?.spec.selector === undefined) continue;
    const nobody = (await addressesOf(view, metadata.name)).find((address) => !known.has(address));
    if (nobody !== undefined) return `service/${metadata.name} leads to ${nobody}, which is no pod`;
  }
  return undefined;
}

/** An order is paid and one is paid back. */
export const customersServed = question(
  'customers are served',
  async (view) =>
    (await served('customers pay', 'pay', '"paid"').ask(view)) ??
    (await refundsServed.ask(view)) ??
    leadsToNobody(view),
);

/** Who runs was told what the settings say, or what they said to the healthy shop: not what they said in between. */
async function livesOnSettings(view: OracleView, name: string): Promise<Complaint> {
  const was = view.healthy.get<ConfigMap>(resources.configMaps, SHOP, 'shop-settings')?.data ?? {};
  const is = (await view.kube.get<ConfigMap>(resources.configMaps, SHOP, 'shop-settings'))?.data ?? {};
  for (const pod of await runningPods(view, name)) {
    const container = pod.spec.containers.find((one) => one.name === name);
    const { ok, text } = await run(view, pod, name, ['env']);
    if (!ok) return `${pod.metadata.name} cannot be asked: ${text}`;
    for (const line of text.split('\n')) {
      const [key = '', value = ''] = line.split(/=(.*)/, 2);
      if (!(key in was || key in is) || container?.env?.some((one) => one.name === key) === true) continue;
      if (value !== was[key] && value !== is[key]) return `${pod.metadata.name} lives on ${line}`;
    }
  }
  return undefined;
}

/** A service of the shop, as it runs and after its next rollout. */
export const serviceRisesAgain = (nameOf: (view: OracleView) => string): Question =>
  question(
    'it lasts',
    async (view) => (await livesOnSettings(view, nameOf(view))) ?? nextService(nameOf).ask(view),
  );

const nextService = (nameOf: (view: OracleView) => string): Question =>
  risesAgain(nameOf, SHOP, [
    question('its Service leads to its pods', (view) =>
      within(view, 30_000, () => leadsHome(view, nameOf(view))),
    ),
    customersServed,
    question('nothing restarts', (view) => outlivesItsProbes(view, nameOf(view))),
    question('the others come up as well', (view) => othersRiseAgain(view, nameOf(view))),
    customersServed,
  ]);

/** Longer than that nobody waits for what a probe does, in milliseconds. */
const HALF_AN_HOUR = 1_800_000;

/** However late its liveness probe begins, and however patient it is: of one that takes hours the question is asked. */
async function outlivesItsProbes(view: OracleView, name: string): Promise<Complaint> {
  const { containers = [] } = (await deploymentOf(view, name))?.spec.template.spec ?? {};
  const needed = containers.map(({ livenessProbe }) => {
    if (livenessProbe === undefined) return 0;
    const { initialDelaySeconds = 0, periodSeconds, failureThreshold } = livenessProbe;
    return (initialDelaySeconds + periodSeconds * failureThreshold) * 1000;
  });
  const most = Math.max(...needed) + 60_000;
  return most > HALF_AN_HOUR
    ? ((await staysUp(view, name)) ?? foundAlive(view, name))
    : staysUp(view, name, most);
}
