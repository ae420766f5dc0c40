import { equal } from '../../../src/core/json.ts';
import type { ConfigMap, Deployment, PodSpec, Secret } from '../../../src/model/objects.ts';
import { resources } from '../../../src/model/resources.ts';
import { deploymentOf, run, runningPods, runsItsProgram, SHOP } from './ask.ts';
import type { Complaint, OracleView } from './view.ts';

/** How a pod of a template finds others. */
function findsBy({ dnsPolicy, dnsConfig, hostAliases = [], hostNetwork = false }: PodSpec): unknown {
  return { dnsPolicy, dnsConfig, hostAliases, hostNetwork };
}

/** The addresses that a template gives its own container, as `env` prints them. */
function urlsOf({ containers }: PodSpec, container: string): string[] {
  const { env = [] } = containers.find(({ name }) => name === container) ?? {};
  return env
    .filter(({ name }) => name.endsWith('_URL'))
    .map(({ name, value = '' }) => `${name}=${value}`)
    .sort();
}

/** Every program of the shop reads where the others are, under the names of their Services. */
function isRead(view: OracleView, variable: string): boolean {
  const service = /^([A-Z]+)_URL$/.exec(variable)?.[1]?.toLowerCase();
  return service !== undefined && view.healthy.get(resources.services, SHOP, service) !== undefined;
}

/** @param line `NAME=value`, as `env` prints it */
const variableOf = (line: string): string => line.split('=', 1)[0] ?? '';

/**
 * Clients find and call others as they did: their templates say so, and the pods that run have it: no name in
 * /etc/hosts, the cluster's name server, no address in the environment that was not there.
 */
export async function clientsUnchanged(
  view: OracleView,
  names: readonly string[],
  { servers = true }: { readonly servers?: boolean } = {},
): Promise<Complaint> {
  for (const name of names) {
    const before = view.healthy.get<Deployment>(resources.deployments, SHOP, name)?.spec.template.spec;
    const now = (await deploymentOf(view, name))?.spec.template.spec;
    if (before === undefined || now === undefined) return `deployment/${name} is not there`;
    // An old pod may go on for as long as the rollout is stuck.
    const other = await runsItsProgram(view, name);
    if (other !== undefined) return other;
    if (servers && !equal(findsBy(before), findsBy(now))) return `${name} finds others in another way`;
    const [expected, asked] = [before, now].map((spec) => urlsOf(spec, name)) as [string[], string[]];
    const given = new Set(expected.map(variableOf));
    const counts = (line: string): boolean => given.has(variableOf(line)) || isRead(view, variableOf(line));
    if (!equal(asked.filter(counts), expected)) return `${name} is to call others elsewhere`;
    for (const pod of await runningPods(view, name)) {
      const { ok, text } = await run(view, pod, name, ['sh', '-c', 'cat /etc/hosts; env']);
      if (!ok) return `${pod.metadata.name} cannot be asked: ${text}`;
      const lines = text.split('\n');
      const written = lines.find(
        (line) => /^\d+\.\S+\s+(?!localhost)/.test(line) && !line.includes(pod.metadata.name),
      );
      if (written !== undefined) return `${pod.metadata.name} has "${written}" in its hosts`;
      const urls = lines.filter(counts);
      if (!equal(urls.sort(), expected))
        return `${pod.metadata.name} has ${urls.join(', ') || 'lost an address'}`;
    }
  }
  return undefined;
}

/**
 * The gateway is not changed at all, where that is a rule of the ticket: neither it nor what it is given by the settings of
 * all and by the ledger's secret.
 * @param others what these say to somebody else
 */
export async function gatewayUnchanged(view: OracleView, others: readonly string[] = []): Promise<Complaint> {
  const before = view.healthy.get<Deployment>(resources.deployments, SHOP, 'gateway')?.spec;
  const now = (await deploymentOf(view, 'gateway'))?.spec;
  if (before === undefined || now === undefined) return 'the gateway is gone';
  if (before.replicas !== now.replicas) return `the gateway has ${now.replicas} replicas`;
  if (!equal(before.template.spec, now.template.spec)) return 'the gateway was changed';
  const own = now.template.spec.containers.flatMap(({ env = [] }) => env.map(({ name }) => name));
  const said = (data: Readonly<Record<string, string>> = {}): string =>
    Object.entries(data)
      .filter(([key]) => !own.includes(key) && !others.includes(key))
      .map((pair) => pair.join('='))
      .sort()
      .join('\n');
  const settings = await view.kube.get<ConfigMap>(resources.configMaps, SHOP, 'shop-settings');
  const secret = await view.kube.get<Secret>(resources.secrets, SHOP, 'ledger');
  const were = view.healthy.get<ConfigMap>(resources.configMaps, SHOP, 'shop-settings');
  const was = view.healthy.get<Secret>(resources.secrets, SHOP, 'ledger');
  return said(were?.data) === said(settings?.data) && said(was?.data) === said(secret?.data)
    ? undefined
    : 'the gateway is given other settings';
}
