import { equal } from '../../../src/core/json.ts';
import type { LimitRange, Pod } from '../../../src/model/objects.ts';
import { compareQuantities } from '../../../src/model/quantity.ts';
import { resources } from '../../../src/model/resources.ts';
import { customersServed, serviceRisesAgain } from './again.ts';
import {
  containerOf,
  deploymentOf,
  fetches,
  imageOf,
  isComplete,
  leadsHome,
  podsOf,
  realClients,
  run,
  runningPods,
  runsImage,
  runsItsProgram,
  runsItsTemplate,
  SHOP,
} from './ask.ts';
import { gatewayUnchanged } from './clients.ts';
import { livesOf, staysUp } from './lives.ts';
import { type Complaint, type Oracle, type OracleView, question, word } from './view.ts';

const name = 'checkout';
/** What the settings say to checkout alone. */
const KNOBS = ['CACHE_MEGABYTES', 'CACHE_RECEIPTS', 'REPORT_BATCH_ROWS'];

/** Limits of containers, as their template has them and as their pods do. */
function limitsOf({ containers, initContainers = [] }: Pod['spec']): Record<string, string> {
  return Object.fromEntries(
    [...initContainers, ...containers].map((one) => [
      one.name,
      String(one.resources.limits?.['memory'] ?? ''),
    ]),
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

interface Rush {
  /** Through the Service. */
  readonly requests: number;
  /** At every pod, after that. */
  readonly each: number;
  readonly everySeconds: number;
}

/** A rush through the Service and one at every pod: all are answered, and nobody is killed. */
async function survivesRush(view: OracleView, { requests, each, everySeconds }: Rush): Promise<Complaint> {
  const clients = await realClients(view, name);
  if (typeof clients === 'string') return clients;
  const [client] = clients;
  if (client === undefined) return 'nobody calls';
  const before = await livesOf(view, name);
  const pods = await runningPods(view, name);
  const rush = { times: Math.max(requests, (pods.length * requests) / 2), everySeconds };
  const wrong = await fetches(view, client, `http://${name}/quote`, rush);
  if (wrong !== undefined) return wrong;
  for (const pod of pods) {
    const refused = await fetches(view, client, `http://${pod.status.podIP ?? ''}:8080/quote`, {
      ...rush,
      times: each,
    });
    if (refused !== undefined) return refused;
  }
  return (await livesOf(view, name)) === before ? undefined : 'a container was killed or a pod replaced';
}

const risesAgain = serviceRisesAgain(() => name);

const itsProgram = question(
  'it runs its own program',
  async (view) =>
    (await runsItsProgram(view, name)) ??
    (await runsImage(view, name, view.healthyDigests[name] ?? 'nothing')),
);

export const oomLimit: Oracle = {
  settle: 75_000,
  afterwards: [risesAgain, itsProgram],
  questions: [
    question('its pods are ready', (view) => isComplete(view, name)),
    question('nothing restarts', (view) => staysUp(view, name)),
    question('its limits keep to the rule', (view) => limitsWithin(view, '48Mi', word(view, 'ceiling'))),
    question('the rule is still there', async (view) => {
      const of = 'memory-per-container';
      const before = view.healthy.get<LimitRange>(resources.limitRanges, SHOP, of);
      const now = await view.kube.get<LimitRange>(resources.limitRanges, SHOP, of);
      return equal(before?.spec, now?.spec) ? undefined : 'the LimitRange is not what it was';
    }),
    question('the load is still there', (view) => gatewayUnchanged(view, KNOBS)),
    itsProgram,
    question('its Service leads to its pods', (view) => leadsHome(view, name)),
    customersServed,
    question('it survives a rush', (view) =>
      survivesRush(view, { requests: 200, each: 200, everySeconds: 0.06 }),
    ),
  ],
};

const BUDGET = 256 * 1024 * 1024;

/** What a process has taken at most in its life, as it says itself. */
async function peakOf(view: OracleView, client: Pod, address: string): Promise<number> {
  const command = ['node', '/app/shop.mjs', 'get', `http://${address}:8080/metrics`];
  const { text } = await run(view, client, containerOf(client), command);
  return Number(/^process_peak_memory_bytes (\d+)/m.exec(text)?.[1] ?? 'NaN');
}

/** A quiet day and the large reports of the ticket at every process: answered, in one life, within the budget. */
async function needsNoMore(view: OracleView): Promise<Complaint> {
  const clients = await realClients(view, name);
  if (typeof clients === 'string') return clients;
  const [client] = clients;
  if (client === undefined) return 'nobody calls';
  const pods = await podsOf(view, name);
  const before = await livesOf(view, name);
  for (const pod of pods) {
    const address = pod.status.podIP ?? '';
    const loads = [
      { path: '/report?rows=16000', times: 2, contains: '"rows":16000' },
      { path: '/quote', times: 900, contains: '' },
      { path: '/report?rows=2000', times: 2, contains: '"rows":2000' },
    ];
    for (const { path, ...load } of loads) {
      const often = { ...load, everySeconds: 0, timeout: '10s' };
      const wrong = await fetches(view, client, `http://${address}:8080${path}`, often);
      if (wrong !== undefined) return wrong;
    }
    const peak = await peakOf(view, client, address);
    if (!(peak <= BUDGET)) return `a process had taken ${Math.round(peak / 1024 / 1024)}Mi`;
  }
  return before === (await livesOf(view, name)) ? undefined : 'a container was killed or a pod replaced';
}

/** The release of the ticket or the one before, and nothing else. */
async function releaseOfTheTicket(view: OracleView): Promise<Complaint> {
  const allowed = [
    'shop.test/shop:1.6.0',
    view.values['cause'] === 'report' ? 'shop.test/shop:1.7.1' : 'shop.test/shop:1.7.0',
  ];
  const image = await imageOf(view, name);
  return allowed.includes(image) ? runsItsTemplate(view, name) : `it runs ${image}`;
}

export const oomLeak: Oracle = {
  settle: 120_000,
  afterwards: [risesAgain],
  questions: [
    question('its pods are ready', (view) => isComplete(view, name)),
    question('nothing restarts', (view) => staysUp(view, name)),
    question('its limits keep to the rule', (view) => limitsWithin(view, '0', '1Gi')),
    question('the load is still there', (view) => gatewayUnchanged(view, KNOBS)),
    question('it runs its own program', (view) => runsItsProgram(view, name)),
    question('it runs a release of the ticket', releaseOfTheTicket),
    question('its Service leads to its pods', (view) => leadsHome(view, name)),
    customersServed,
    question('a process needs no more than the budget', needsNoMore),
    question('callers are answered', (view) =>
      survivesRush(view, { requests: 100, each: 50, everySeconds: 0.06 }),
    ),
  ],
};
