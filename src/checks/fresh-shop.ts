import { equal } from '../core/json.ts';
import type {
  ConfigMap,
  Deployment,
  PodSpec,
  PodTemplate,
  Secret,
  ServiceAccount,
  StatefulSet,
  Volume,
} from '../model/objects.ts';
import { type Resource, resources } from '../model/resources.ts';
import { type Check, fail, gradeWithin, type LabView, type Observation, pass, patient } from './check.ts';
import { type Source, sourcesOf } from './client-settings.ts';
import { type Clone, probeClone, until } from './clones.ts';
import { nextPodComesUp } from './fresh-pods.ts';
import { type Maker, whyNoPod, whyNoRollout } from './next-rollout.ts';
import { whyGoing } from './owners.ts';
import { shopAsLarge } from './shop-size.ts';
import { httpArguments } from './traffic.ts';
import { UNTIL_REPLACED, type WorkloadRef } from './workloads.ts';

/** What a process of each role does for others, or asks them for; workload/README.md. Nobody calls the others. */
const WORK: Readonly<Record<string, readonly { readonly path: string; readonly method: string }[]>> = {
  gateway: [
    { path: '/pay', method: 'POST' },
    { path: '/refund', method: 'POST' },
  ],
  checkout: [{ path: '/checkout', method: 'POST' }],
  payments: [{ path: '/charge', method: 'POST' }],
  refunds: [{ path: '/refund', method: 'POST' }],
  ledger: [{ path: '/count', method: 'GET' }],
  fx: [{ path: '/rate', method: 'GET' }],
};

/** How long a pod that has just become ready may take until what it asks of others is answered, in milliseconds. */
const WORKS_WITHIN = 10_000;
const REQUEST_TIMEOUT = 5000;

interface Workload {
  readonly name: string;
  readonly live: Deployment | StatefulSet;
  readonly template: PodTemplate;
  readonly maker: Maker;
}

/** A namespace of the shop, and a workload of it whose template others look at, if one is. */
export type OwnWorkload = Pick<WorkloadRef, 'namespace'> & Partial<WorkloadRef>;

/**
 * New settings of the shop, which running pods have not read yet, work: of every workload whose template, ConfigMaps
 * or Secrets are not those of the healthy shop, a new pod comes up and does its work. Its work is not looked at where
 * there are NetworkPolicies that were not there: a pod beside the others has none of the labels that they ask for.
 * The others' next pods are accepted by the cluster (quotas, limits and policies are for them too), and one of them finds a node.
 * And none has fewer pods than before, or is deleted together with a pod that owns it.
 * @param own of its workload only what it reads counts
 * @param withinMs how long a pod may take to come up
 */
export function settingsWork(own: OwnWorkload, withinMs?: number): Check {
  const { namespace } = own;
  return {
    expected: `new pods of ${namespace} come up with the settings that they are given, and do their work`,
    disturbs: `a clone of a pod of each workload of ${namespace} whose template or settings changed`,
    look: () => Promise.resolve(pass('proven on clones when graded')),
    grade: async (lab) => {
      const sources = await changedSources(lab, namespace);
      const closed = await isClosed(lab, namespace);
      const shop = (await workloads(lab, namespace)).filter((workload) => wasThere(lab, namespace, workload));
      const going = await whatIsGoing(lab, namespace, shop);
      if (going !== undefined) return fail(going);
      const size = await gradeWithin(lab, UNTIL_REPLACED, shopAsLarge(namespace, own.name));
      if (size.status !== 'pass') return size;
      for (const workload of shop) {
        const refused = await whyRefused(lab, namespace, workload);
        if (refused !== undefined) return refused;
      }
      const given = shop.filter((one) => isChanged(lab, namespace, one, one.name === own.name, sources));
      // Where nobody else proves anything, one of them shows that there is a node for pods of the shop, not for the own ones only.
      const others = shop.filter(({ name }) => name !== own.name);
      const proven = given.some((one) => others.includes(one)) ? given : [...given, ...others.slice(0, 1)];
      for (const { name, template } of proven) {
        const of = { namespace, name };
        const works = (view: LabView, clone: Clone): Promise<Observation> =>
          doesItsWork(view, of, template, clone);
        const seen = await nextPodComesUp(lab, of, template, withinMs, closed ? undefined : works);
        if (seen.status !== 'pass') return { ...seen, seen: `${name}: ${seen.seen}` };
      }
      const came = proven.map(({ name }) => name).join(', ');
      return pass(proven.length === 0 ? 'there is no other workload' : `${came} came up`);
    },
  };
}

/** What pods are made with. */
const NEEDED: readonly Resource[] = [
  resources.configMaps,
  resources.secrets,
  resources.serviceAccounts,
  resources.persistentVolumeClaims,
];

/**
 * @returns what the next pods of these workloads need, and will not be there: it is being deleted, and a finalizer keeps it for
 *   those of today, or it is deleted together with a pod that owns it
 */
export async function whatIsGoing(
  lab: LabView,
  namespace: string,
  workloads: readonly Pick<Workload, 'template'>[],
): Promise<string | undefined> {
  const { kube, baseline } = lab;
  const accounts = await kube.list(resources.serviceAccounts, { namespace });
  // Of which set a claim is its template does not say.
  const isClaim = ({ id }: Resource, name: string): boolean =>
    id === resources.persistentVolumeClaims.id &&
    baseline.get(resources.persistentVolumeClaims, namespace, name) !== undefined;
  const needed = new Set(workloads.flatMap(({ template: { spec } }) => neededBy(spec, accounts)));
  for (const resource of NEEDED) {
    for (const now of await kube.list(resource, { namespace })) {
      const { name } = now.metadata;
      if (!needed.has(keyOf({ resource, name })) && !isClaim(resource, name)) continue;
      const going = await whyGoing(lab, now);
      if (going !== undefined) return going;
    }
  }
  return undefined;
}

/** What a pod is made with, by kind and name; the learner may have brought it along. */
function neededBy(spec: PodSpec, accounts: readonly ServiceAccount[]): string[] {
  const { serviceAccountName = 'default', imagePullSecrets = [], volumes = [] } = spec;
  const account = accounts.find(({ metadata }) => metadata.name === serviceAccountName);
  const pullSecrets = imagePullSecrets.length > 0 ? imagePullSecrets : (account?.imagePullSecrets ?? []);
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  const one = (resource: Resource, name: string | undefined): string[] =>
    name === undefined ? [] : [keyOf({ resource, name })];
  return [
    ...one(resources.serviceAccounts, serviceAccountName),
    ...pullSecrets.flatMap(({ name }) => one(resources.secrets, name)),
    ...sourcesOf({ ...spec, containers }).map(keyOf),
    ...volumes.flatMap(({ configMap, secret, persistentVolumeClaim, projected }) => [
      ...one(resources.configMaps, configMap?.name),
      ...one(resources.secrets, secret?.secretName),
      ...one(resources.persistentVolumeClaims, persistentVolumeClaim?.claimName),
      ...(projected?.sources ?? []).flatMap((source) => [
        ...one(resources.configMaps, source.configMap?.name),
        ...one(resources.secrets, source.secret?.name),
      ]),
    ]),
  ];
}

/** Who is there; that somebody is not shows elsewhere. */
async function workloads(lab: LabView, namespace: string): Promise<Workload[]> {
  const deployments = await lab.kube.list(resources.deployments, { namespace });
  const sets = await lab.kube.list(resources.statefulSets, { namespace });
  return [
    ...deployments.map((live) => ({
      name: live.metadata.name,
      live,
      template: live.spec.template,
      maker: 'ReplicaSet' as const,
    })),
    ...sets.map((live) => ({
      name: live.metadata.name,
      live,
      template: withoutClaims(live),
      maker: 'StatefulSet' as const,
    })),
  ];
}

/** What the learner has brought along is the learner's. */
const wasThere = ({ baseline }: LabView, namespace: string, { name }: Workload): boolean =>
  [resources.deployments, resources.statefulSets].some(
    (resource: Resource) => baseline.get(resource, namespace, name) !== undefined,
  );

/** @returns why there would be no next pod of a workload, or no next rollout */
async function whyRefused(
  lab: LabView,
  namespace: string,
  { name, live, template, maker }: Workload,
): Promise<Observation | undefined> {
  const going = await whyGoing(lab, live);
  if (going !== undefined) return fail(going);
  const of = { namespace, name };
  return maker === 'ReplicaSet' ? whyNoRollout(lab, of, template) : whyNoPod(lab, of, template, maker);
}

/** Data of its own has a pod for the moment of a proof none. */
function withoutClaims({ spec: { template, volumeClaimTemplates = [] } }: StatefulSet): PodTemplate {
  const empty = volumeClaimTemplates.map(({ metadata: { name } }): Volume => ({ name, emptyDir: {} }));
  return { ...template, spec: { ...template.spec, volumes: [...(template.spec.volumes ?? []), ...empty] } };
}

/** @param sources those that changed */
function isChanged(
  { baseline }: LabView,
  namespace: string,
  { name, template }: Workload,
  isOwn: boolean,
  sources: ReadonlySet<string>,
): boolean {
  const set = baseline.get(resources.statefulSets, namespace, name);
  const before =
    baseline.get(resources.deployments, namespace, name)?.spec.template ?? (set && withoutClaims(set));
  if (before === undefined) return false;
  if (!isOwn && !equal(before.spec, template.spec)) return true;
  return sourcesOf(before.spec, template.spec).some((source) => sources.has(keyOf(source)));
}

const keyOf = ({ resource, name }: { readonly resource: Resource; readonly name: string }): string =>
  `${resource.id} ${name}`;

/** ConfigMaps and Secrets that have other data than they had, are new, or are gone. */
async function changedSources(lab: LabView, namespace: string): Promise<ReadonlySet<string>> {
  const kinds: readonly Source['resource'][] = [resources.configMaps, resources.secrets];
  const changed = new Set<string>();
  for (const resource of kinds) {
    const before = dataByName(lab.baseline.list(resource, namespace));
    const now = dataByName(await lab.kube.list(resource, { namespace }));
    for (const name of [...before.keys(), ...now.keys()])
      if (!equal(before.get(name) ?? {}, now.get(name) ?? {})) changed.add(keyOf({ resource, name }));
  }
  return changed;
}

const dataByName = (objects: readonly (ConfigMap | Secret)[]): Map<string, ConfigMap['data']> =>
  new Map(objects.map(({ metadata, data }) => [metadata.name, data]));

async function isClosed(lab: LabView, namespace: string): Promise<boolean> {
  const before = new Set(
    lab.baseline.list(resources.networkPolicies, namespace).map(({ metadata }) => metadata.uid),
  );
  const now = await lab.kube.list(resources.networkPolicies, { namespace });
  return now.some(({ metadata }) => !before.has(metadata.uid));
}

async function doesItsWork(
  lab: LabView,
  of: WorkloadRef,
  template: PodTemplate,
  clone: Clone,
): Promise<Observation> {
  const own = template.spec.containers.find(({ name }) => name === of.name);
  const port = own?.ports?.find(({ name }) => name === 'http')?.containerPort ?? 8080;
  for (const { path, method } of WORK[of.name] ?? []) {
    const request = { url: `http://127.0.0.1:${port}${path}`, method, timeoutMs: REQUEST_TIMEOUT };
    let seen = fail('');
    await until(lab, patient(lab, WORKS_WITHIN), async () => {
      seen = await probeClone(lab, of, clone, httpArguments(request));
      return seen.status === 'pass';
    });
    if (seen.status !== 'pass')
      return fail(`a new pod comes up, but cannot do its work: ${path}: ${seen.seen}`);
  }
  return pass('it came up and did its work');
}
