import { equal } from '../../../src/core/json.ts';
import type { Deployment, LimitRange, Pod } from '../../../src/model/objects.ts';
import { compareQuantities } from '../../../src/model/quantity.ts';
import { resources } from '../../../src/model/resources.ts';
import {
  deploymentOf,
  fetches,
  isComplete,
  isRunning,
  leadsHome,
  podsOf,
  realClients,
  runsImage,
  runsItsProgram,
  sameService,
  SHOP,
} from './ask.ts';
import { endings } from './copies.ts';
import { type Complaint, type Oracle, type OracleView, question } from './view.ts';

const name = 'checkout';

/** Limits of containers, as their template has them and as their pods do. */
function limitsOf({ containers }: Pod['spec']): Record<string, string> {
  return Object.fromEntries(
    containers.map((one) => [one.name, String(one.resources.limits?.['memory'] ?? '')]),
  );
}

async function limitsWithin(view: OracleView, floor: string, ceiling: string): Promise<Complaint> {
  const template = (await deploymentOf(view, name))?.spec.template.spec;
  if (template === undefined) return `deployment/${name} is not there`;
  const said = limitsOf(template);
  for (const [container, limit] of Object.entries(said)) {
    if (limit === '') return `${container} has no limit`;
    if (compareQuantities(limit, floor) < 0 || compareQuantities(limit, ceiling) > 0)
      return `${container} has ${limit}`;
  }
  for (const pod of await podsOf(view, name)) {
    for (const [container, limit] of Object.entries(limitsOf(pod.spec))) {
      const should = said[container];
      if (should === undefined || limit === '' || compareQuantities(limit, should) !== 0)
        return `${pod.metadata.name} has ${limit} and its template ${should ?? 'nothing'}`;
    }
  }
  return undefined;
}

/** A rush through the Service and one at every pod: all are answered, and nobody is killed. */
async function survivesRush(view: OracleView, requests: number, seconds: number): Promise<Complaint> {
  const clients = await realClients(view, name);
  if (typeof clients === 'string') return clients;
  const [client] = clients;
  if (client === undefined) return 'nobody calls';
  const lives = async (): Promise<string> =>
    (await podsOf(view, name))
      .map((pod) => `${pod.metadata.uid} ${endings(pod, name)}`)
      .sort()
      .join(', ');
  const before = await lives();
  const pods = (await podsOf(view, name)).filter((pod) => isRunning(pod, name));
  const rush = { times: Math.max(requests, (pods.length * requests) / 2), everySeconds: seconds };
  const wrong = await fetches(view, client, `http://${name}/quote`, rush);
  if (wrong !== undefined) return wrong;
  for (const pod of pods) {
    const refused = await fetches(view, client, `http://${pod.status.podIP ?? ''}:8080/quote`, {
      ...rush,
      times: requests / 2,
    });
    if (refused !== undefined) return refused;
  }
  return (await lives()) === before ? undefined : 'a container was killed or a pod replaced';
}

/** The gateway is not changed at all: that is a rule of the ticket. */
async function gatewayUnchanged(view: OracleView): Promise<Complaint> {
  const before = view.healthy.get<Deployment>(resources.deployments, SHOP, 'gateway')?.spec;
  const now = (await deploymentOf(view, 'gateway'))?.spec;
  if (before === undefined || now === undefined) return 'the gateway is gone';
  if (before.replicas !== now.replicas) return `the gateway has ${now.replicas} replicas`;
  return equal(before.template.spec, now.template.spec) ? undefined : 'the gateway was changed';
}

export const oomLimit: Oracle = {
  settle: 75_000,
  questions: [
    question('its pods are ready', (view) => isComplete(view, name)),
    question('its limits keep to the rule', (view) => limitsWithin(view, '48Mi', '224Mi')),
    question('the rule is still there', async (view) => {
      const of = 'memory-per-container';
      const before = view.healthy.get<LimitRange>(resources.limitRanges, SHOP, of);
      const now = await view.kube.get<LimitRange>(resources.limitRanges, SHOP, of);
      return equal(before?.spec, now?.spec) ? undefined : 'the LimitRange is not what it was';
    }),
    question('the load is still there', gatewayUnchanged),
    question(
      'it runs its own program',
      async (view) =>
        (await runsItsProgram(view, name)) ??
        (await runsImage(view, name, view.healthyDigests[name] ?? 'nothing')),
    ),
    question('it is still its Service', (view) => sameService(view, name)),
    question('its Service leads to its pods', (view) => leadsHome(view, name)),
    question('it survives a rush', (view) => survivesRush(view, 200, 0.06)),
  ],
};
