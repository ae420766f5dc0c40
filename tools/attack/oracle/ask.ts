import { equal } from '../../../src/core/json.ts';
import { KubeError } from '../../../src/kube/client.ts';
import type { Container, Deployment, Pod, PodSpec } from '../../../src/model/objects.ts';
import { type Resource, resources } from '../../../src/model/resources.ts';
import type { Complaint, OracleView } from './view.ts';

export const SHOP = 'shop';
export const SYSTEM = 'kube-system';

/** For each request to the gateway, who is called in turn, and by whom; workload/README.md. */
export const CALLERS = {
  '/pay': { checkout: 'gateway', payments: 'checkout', fx: 'checkout', ledger: 'payments' },
  '/refund': { refunds: 'gateway', ledger: 'refunds' },
} as const satisfies Record<string, Record<string, string>>;

/** The path of a request to the gateway. */
export type ShopRequest = keyof typeof CALLERS;

/** Who calls a Service, whatever for. */
function callersOf(service: string): readonly string[] {
  const requests: readonly Readonly<Record<string, string>>[] = Object.values(CALLERS);
  return requests.flatMap((calls) => calls[service] ?? []);
}

export async function deploymentOf(
  view: OracleView,
  name: string,
  namespace = SHOP,
): Promise<Deployment | undefined> {
  return view.kube.get<Deployment>(resources.deployments, namespace, name);
}

/** Pods that a Deployment's ReplicaSets made and that are not on their way out. */
export async function podsOf(view: OracleView, name: string, namespace = SHOP): Promise<Pod[]> {
  const deployment = await deploymentOf(view, name, namespace);
  if (deployment === undefined) return [];
  // Whoever made a pod lets go of it when these labels do not fit any more.
  const labels = Object.entries(deployment.spec.selector.matchLabels ?? {});
  const asked = { namespace, labelSelector: labels.map(([key, value]) => `${key}=${value}`).join(',') };
  const sets = await view.kube.list(resources.replicaSets, asked);
  const own = new Set(
    sets
      .filter(({ metadata }) => metadata.ownerReferences?.[0]?.uid === deployment.metadata.uid)
      .map(({ metadata }) => metadata.uid),
  );
  const pods = await view.kube.list(resources.pods, asked);
  return pods.filter(
    ({ metadata }) =>
      metadata.deletionTimestamp === undefined && own.has(metadata.ownerReferences?.[0]?.uid ?? ''),
  );
}

export const isReady = ({ status }: Pod): boolean =>
  status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;

const isRunning = ({ status }: Pod, container: string): boolean =>
  status.containerStatuses?.some(({ name, state }) => name === container && state.running !== undefined) ??
  false;

/** Pods of a Deployment whose container of its name runs. */
export async function runningPods(view: OracleView, name: string, namespace = SHOP): Promise<Pod[]> {
  return (await podsOf(view, name, namespace)).filter((pod) => isRunning(pod, name));
}

/** Runs a command in a pod. @returns what it printed; a complaint in words where it failed or could not be run */
export async function run(
  view: OracleView,
  pod: Pod,
  container: string,
  command: readonly string[],
): Promise<{ readonly ok: boolean; readonly text: string }> {
  const { namespace = '', name } = pod.metadata;
  try {
    const { code, stdout, stderr } = await view.kube.exec(namespace, name, {
      container,
      command,
      timeoutMs: 300_000,
    });
    return { ok: code === 0, text: code === 0 ? stdout : `${stdout}${stderr}`.slice(-300) };
  } catch (error) {
    if (error instanceof KubeError) return { ok: false, text: error.message };
    throw error;
  }
}

/** What the shop's program says of looking again and again; `workload/README.md`. */
export interface Looks {
  readonly attempts: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly last: string;
  readonly p99Ms: number;
}

/**
 * The shop's program in a pod looks again and again: a connection for each.
 * @param asked as its `probe` takes it
 * @returns a complaint where it cannot be run
 */
export async function look(
  view: OracleView,
  pod: Pod,
  app: string,
  asked: readonly string[],
): Promise<Looks | string> {
  const { ok, text } = await run(view, pod, app, ['node', '/app/shop.mjs', 'probe', ...asked]);
  return ok ? (JSON.parse(text) as Looks) : `${pod.metadata.name}: ${text.trim()}`;
}

/**
 * Fetches a URL again and again from a pod of the shop.
 * @param everySeconds from the beginning of one question to that of the next, at least
 * @returns what is wrong
 */
export async function fetches(
  view: OracleView,
  from: Pod,
  url: string,
  {
    times = 1,
    everySeconds = 1,
    contains = '',
    timeout = '2s',
  }: { times?: number; everySeconds?: number; contains?: string; timeout?: string },
): Promise<Complaint> {
  const often = ['--count', `${times}`, '--every', `${everySeconds * 1000}ms`, '--timeout', timeout];
  const asked = ['http', url, ...often, '--until-failure', '--contains', contains];
  const seen = await look(view, from, containerOf(from), asked);
  if (typeof seen === 'string') return seen;
  return seen.failed === 0 ? undefined : `${from.metadata.name} → ${url}: ${seen.last}`;
}

/** The shop's container of a pod has the name of its app. */
export const containerOf = ({ spec, metadata }: Pod): string =>
  spec.containers.find(({ name }) => metadata.name.startsWith(name))?.name ?? spec.containers[0]?.name ?? '';

/** What kind of program a template runs, without what may be tuned. */
function programOf({ containers, volumes = [], initContainers = [] }: PodSpec, name: string): unknown {
  const own = containers.find((one) => one.name === name);
  const files = (list: Container['volumeMounts'] = []) =>
    list.filter((one) => !one.name.startsWith('kube-api-access'));
  const reads = (volume: string): boolean => files(own?.volumeMounts).some((mount) => mount.name === volume);
  return {
    there: own !== undefined,
    command: own?.command ?? [],
    args: own?.args ?? [],
    beside: own?.lifecycle?.postStart,
    mounts: files(own?.volumeMounts),
    volumes: volumes.filter((one) => reads(one.name)),
    // Who else may write into what it reads.
    others: [...initContainers, ...containers].filter(
      (one) => one !== own && files(one.volumeMounts).some((mount) => reads(mount.name)),
    ),
  };
}

/** Its command and files are those of the healthy shop. */
export async function runsItsProgram(view: OracleView, name: string, namespace = SHOP): Promise<Complaint> {
  const before = view.healthy.get<Deployment>(resources.deployments, namespace, name);
  const now = await deploymentOf(view, name, namespace);
  if (before === undefined || now === undefined) return `deployment/${name} is not there`;
  const [was, is] = [before, now].map(({ spec }) => programOf(spec.template.spec, name));
  return equal(was, is) ? undefined : `${name} does not run its own program`;
}

const imageIn = (spec: PodSpec | undefined, name: string): string =>
  spec?.containers.find((one) => one.name === name)?.image ?? 'nothing';

/** What the next pods of a Deployment will run in their own container. */
export const imageOf = async (view: OracleView, name: string): Promise<string> =>
  imageIn((await deploymentOf(view, name))?.spec.template.spec, name);

/** Those of now must run it as well. */
export async function runsItsTemplate(view: OracleView, name: string): Promise<Complaint> {
  const image = await imageOf(view, name);
  const other = (await podsOf(view, name)).find(({ spec }) => imageIn(spec, name) !== image);
  return other && `${other.metadata.name} was given another image than its template has`;
}

/** Every pod of a Deployment runs an image, by digest. */
export async function runsImage(view: OracleView, name: string, digest: string): Promise<Complaint> {
  const pods = await podsOf(view, name);
  if (pods.length === 0) return `no pod of ${name}`;
  const other = pods.find(({ status }) => {
    const own = status.containerStatuses?.find((one) => one.name === name);
    return own?.imageID.endsWith(digest) !== true;
  });
  return other === undefined ? undefined : `${other.metadata.name} runs another image`;
}

/**
 * As many ready pods as the healthy shop had at least, all of them of the newest template, and none on the way.
 * @param least so many are enough, and more may be on the way
 */
export async function isComplete(
  view: OracleView,
  name: string,
  namespace = SHOP,
  least?: number,
): Promise<Complaint> {
  const now = await deploymentOf(view, name, namespace);
  if (now === undefined) return `deployment/${name} is not there`;
  const before = view.healthy.get<Deployment>(resources.deployments, namespace, name);
  const wanted = least ?? Math.max(before?.spec.replicas ?? 1, now.spec.replicas);
  const pods = await podsOf(view, name, namespace);
  const ready = pods.filter(isReady);
  if (ready.length < wanted) return `${ready.length} of ${wanted} pods of ${name} are ready`;
  if (pods.length > ready.length && least === undefined)
    return `${pods.length - ready.length} pods of ${name} more are there and not ready`;
  const { updatedReplicas = 0, replicas = 0, availableReplicas = 0, observedGeneration = 0 } = now.status;
  if (observedGeneration < (now.metadata.generation ?? 0)) return `the newest ${name} is not observed`;
  if (updatedReplicas < replicas || updatedReplicas < wanted) return `old pods of ${name} are left`;
  return availableReplicas < wanted ? `${availableReplicas} pods of ${name} are available` : undefined;
}

/** Addresses that a Service leads to, whoever wrote them down. */
export async function addressesOf(view: OracleView, service: string, namespace = SHOP): Promise<string[]> {
  const slices = await view.kube.list(resources.endpointSlices, {
    namespace,
    labelSelector: `kubernetes.io/service-name=${service}`,
  });
  return slices.flatMap(({ endpoints }) =>
    (endpoints ?? [])
      .filter(({ conditions }) => conditions.ready !== false)
      .flatMap(({ addresses }) => addresses),
  );
}

/** A Service leads to exactly the ready pods of its Deployment. */
export async function leadsHome(view: OracleView, name: string): Promise<Complaint> {
  const own = (await podsOf(view, name)).filter(isReady).map(({ status }) => status.podIP ?? '');
  const led = [...new Set(await addressesOf(view, name))];
  const strangers = led.filter((address) => !own.includes(address));
  if (strangers.length > 0) return `service/${name} leads to ${strangers.join(', ')}`;
  const missed = own.filter((address) => !led.includes(address));
  return missed.length > 0 ? `service/${name} does not lead to ${missed.join(', ')}` : undefined;
}

export async function sameService(view: OracleView, name: string, namespace = SHOP): Promise<Complaint> {
  const before = view.healthy.get(resources.services, namespace, name);
  const now = await view.kube.get(resources.services, namespace, name);
  if (now === undefined) return `service/${name} is gone`;
  return before?.metadata.uid === now.metadata.uid ? undefined : `service/${name} is another one`;
}

/** Whatever of these is made again has its name, and neither the data nor the address of the one before. */
export async function nothingMadeAgain(view: OracleView, kinds: readonly Resource[]): Promise<Complaint> {
  for (const resource of kinds) {
    for (const { kind, metadata } of view.healthy.list(resource, SHOP)) {
      const now = await view.kube.get(resource, SHOP, metadata.name);
      if (now?.metadata.uid !== metadata.uid) return `${kind} ${metadata.name} is not the one of before`;
      if (now.metadata.deletionTimestamp !== undefined) return `${kind} ${metadata.name} is on its way out`;
    }
  }
  return undefined;
}

/** Pods of those who really call a service, each of which runs what it ran. */
export async function realClients(view: OracleView, service: string): Promise<Pod[] | string> {
  const found: Pod[] = [];
  for (const app of callersOf(service)) {
    const strange = (await runsItsProgram(view, app)) ?? (await runsHealthyImage(view, app));
    if (strange !== undefined) return strange;
    const pods = await runningPods(view, app);
    if (pods.length === 0) return `no pod of ${app} runs`;
    found.push(...pods);
  }
  return found;
}

async function runsHealthyImage(view: OracleView, app: string): Promise<Complaint> {
  const digest = view.healthyDigests[app];
  return digest === undefined ? undefined : runsImage(view, app, digest);
}

/** Everybody who calls a service gets its answer for a while, through the Service and from each of its pods. */
export async function servesCallers(view: OracleView, name: string, contains: string): Promise<Complaint> {
  const clients = await realClients(view, name);
  if (typeof clients === 'string') return clients;
  for (const client of clients) {
    const wrong = await fetches(view, client, `http://${name}/version`, { times: 8, contains });
    if (wrong !== undefined) return wrong;
  }
  const [client] = clients;
  if (client === undefined) return `nobody calls ${name}`;
  for (const pod of await podsOf(view, name)) {
    const service = await view.kube.get(resources.services, SHOP, name);
    const target = service?.spec.ports?.[0]?.targetPort;
    const port = typeof target === 'number' ? target : portNamed(pod, String(target));
    const wrong = await fetches(view, client, `http://${pod.status.podIP ?? ''}:${port}/version`, {
      contains,
    });
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

const portNamed = ({ spec }: Pod, name: string): number =>
  spec.containers.flatMap(({ ports = [] }) => ports).find((one) => one.name === name)?.containerPort ?? 8080;

/** Waits until something holds. @returns what was wrong at last */
export async function within(
  view: OracleView,
  ms: number,
  ask: () => Promise<Complaint>,
): Promise<Complaint> {
  const end = view.now() + ms;
  for (;;) {
    const wrong = await ask();
    if (wrong === undefined || view.now() >= end) return wrong;
    await view.wait(2000);
  }
}
