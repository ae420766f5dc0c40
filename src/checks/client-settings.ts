import { canonical, equal } from '../core/json.ts';
import type { ConfigMap, KubeObject, PodSpec, Secret, Service } from '../model/objects.ts';
import { type Resource, resources } from '../model/resources.ts';
import { matchesSelector } from '../model/selector.ts';
import { type Check, converge, fail, type LabView, type Observation, pass } from './check.ts';
import { slicesOf } from './endpoints.ts';
import { differenceOf, type Environment, givenTo, readBefore, wereTold } from './environment.ts';
import { podAddresses } from './pods.ts';
import { sameProgram } from './client-pod.ts';
import { UNTIL_REPLACED, whyNoContainer, whyNotFollowed, type WorkloadRef } from './workloads.ts';

/** What a container may have its environment from. */
export interface Source {
  readonly resource: Resource<ConfigMap | Secret>;
  readonly name: string;
}

/** Whether a variable of that name can be an address that somebody calls. */
type IsAddress = (variable: string) => boolean;

/** The workloads run their own programs, keep their DNS settings, and call others under the addresses of before. */
export function clientsAsBefore(namespace: string, apps: readonly string[]): Check {
  return asBefore(namespace, apps, 'program, DNS settings and called addresses', changedSetting);
}

/**
 * The workloads run their own programs, call others under the names of before and look them up on the pod network;
 * which name servers they ask is free.
 */
export function addressesAsBefore(namespace: string, apps: readonly string[]): Check {
  return asBefore(namespace, apps, 'program and called addresses', changedAddress);
}

function asBefore(
  namespace: string,
  apps: readonly string[],
  what: string,
  changedIn: (before: PodSpec, now: PodSpec, isAddress: IsAddress) => string | undefined,
): Check {
  return converge(UNTIL_REPLACED, {
    expected: `${what} of ${apps.join(', ')} are as before`,
    look: async (lab) => {
      const isAddress = addressVariables(lab, namespace);
      for (const app of apps) {
        const before = lab.baseline.get(resources.deployments, namespace, app);
        const now = await lab.kube.get(resources.deployments, namespace, app);
        if (now === undefined) return fail(`deployment/${app} does not exist`);
        if (before === undefined) continue;
        const nameless = whyNoContainer(app, now.spec.template);
        if (nameless !== undefined) return nameless;
        const [was, is] = [before.spec.template.spec, now.spec.template.spec];
        // An old pod may go on for as long as the rollout of something else is stuck.
        if (!sameProgram(was, is, app, true)) return fail(`the program of deployment/${app} changed`);
        const changed = changedIn(was, is, isAddress);
        if (changed !== undefined) return fail(`${changed} of deployment/${app} changed`);
        const source = await changedSource(lab, namespace, was, is, isAddress);
        if (source !== undefined)
          return fail(`addresses that deployment/${app} takes from ${source} changed`);
        const running = await addressesRead(lab, { namespace, name: app }, was, isAddress);
        if (running.status !== 'pass') return running;
      }
      return pass('as before');
    },
  });
}

/** Its pods that run call others under the addresses that they were given before. */
async function addressesRead(
  lab: LabView,
  of: WorkloadRef,
  before: PodSpec,
  isAddress: IsAddress,
): Promise<Observation> {
  const own = before.containers.find(({ name }) => name === of.name);
  if (own === undefined) return pass('it has no container of its name');
  const addressesIn = (environment: Environment): Environment =>
    new Map([...environment].filter(([variable]) => isAddress(variable)));
  const given = addressesIn(await givenTo(readBefore(lab, of.namespace), own));
  return wereTold(lab, of, own.name, (told) => differenceOf(given, addressesIn(told)));
}

/** The environment comes from ConfigMaps and Secrets too: @returns the first whose addresses are not those of before */
async function changedSource(
  lab: LabView,
  namespace: string,
  before: PodSpec,
  now: PodSpec,
  isAddress: IsAddress,
): Promise<string | undefined> {
  const addressesOf = (data: Readonly<Record<string, string>> = {}): Record<string, string> =>
    Object.fromEntries(Object.entries(data).filter(([key]) => isAddress(key)));
  for (const { resource, name } of sourcesOf(before, now)) {
    const was = lab.baseline.get<ConfigMap | Secret>(resource, namespace, name);
    const is = await lab.kube.get<ConfigMap | Secret>(resource, namespace, name);
    if (!equal(addressesOf(was?.data), addressesOf(is?.data)))
      return `${resource.kind.toLowerCase()}/${name}`;
  }
  return undefined;
}

/** The ConfigMaps and Secrets that containers have in their environment. */
export function sourcesOf(...specs: readonly PodSpec[]): Source[] {
  const containers = specs.flatMap((spec) => spec.containers);
  const named = [
    ...containers.flatMap(({ envFrom = [] }) => envFrom),
    ...containers
      .flatMap(({ env = [] }) => env)
      .map(({ valueFrom = {} }) => ({
        configMapRef: valueFrom.configMapKeyRef,
        secretRef: valueFrom.secretKeyRef,
      })),
  ];
  return named.flatMap(({ configMapRef, secretRef }) => [
    ...(configMapRef === undefined ? [] : [{ resource: resources.configMaps, name: configMapRef.name }]),
    ...(secretRef === undefined ? [] : [{ resource: resources.secrets, name: secretRef.name }]),
  ]);
}

function changedSetting(before: PodSpec, now: PodSpec, isAddress: IsAddress): string | undefined {
  if (before.dnsPolicy !== now.dnsPolicy) return 'dnsPolicy';
  if (!equal(before.dnsConfig, now.dnsConfig)) return 'dnsConfig';
  return changedAddress(before, now, isAddress);
}

function changedAddress(before: PodSpec, now: PodSpec, isAddress: IsAddress): string | undefined {
  if (!equal(before.hostAliases ?? [], now.hostAliases ?? [])) return 'hostAliases';
  if ((before.hostNetwork ?? false) !== (now.hostNetwork ?? false)) return 'hostNetwork';
  // A container without any is not looked at: one beside it may be new.
  const environment = (spec: PodSpec): string =>
    canonical(
      spec.containers
        .map(({ name, env = [] }) => [name, env.filter(({ name: key }) => isAddress(key))] as const)
        .filter(([, addresses]) => addresses.length > 0),
    );
  return environment(before) === environment(now) ? undefined : 'an address in the environment';
}

/**
 * The shop's programs read `LEDGER_URL` for the Service `ledger`, and what they were given before the fault: a variable
 * of another name is read by nobody, and may be set by anybody.
 */
function addressVariables({ baseline }: LabView, namespace: string): IsAddress {
  const listed = <T extends KubeObject>(resource: Resource<T>): readonly T[] =>
    baseline.list(resource, namespace);
  const given = listed(resources.deployments)
    .flatMap(({ spec }) => spec.template.spec.containers)
    .flatMap(({ env = [] }) => env.map(({ name }) => name));
  const stored = [...listed(resources.configMaps), ...listed(resources.secrets)].flatMap(({ data = {} }) =>
    Object.keys(data),
  );
  const read = new Set([
    ...listed(resources.services).map(({ metadata }) => `${metadata.name.toUpperCase()}_URL`),
    ...[...given, ...stored].filter((name) => name.endsWith('_URL')),
  ]);
  return (variable) => read.has(variable);
}

/**
 * None of the name servers that a workload brings along is a pod, whose address goes when the pod does; and a Service among them
 * follows the pods that it leads to, or it leads nowhere after their next rollout.
 */
export function nameServersStay({ namespace, name }: WorkloadRef): Check {
  return {
    expected: `the name servers of deployment/${name} have addresses that stay when pods are replaced`,
    look: async (lab) => {
      const deployment = await lab.kube.get(resources.deployments, namespace, name);
      if (deployment === undefined) return fail(`deployment/${name} does not exist`);
      const servers = deployment.spec.template.spec.dnsConfig?.nameservers ?? [];
      if (servers.length === 0) return pass('it sets no name servers');
      const pods = await podAddresses(lab);
      const taken = servers.filter((server) => pods.includes(server));
      if (taken.length > 0) return fail(`${taken.join(', ')} is the address of a pod`);
      const services = await lab.kube.list(resources.services);
      for (const service of services.filter(({ spec }) => servers.includes(spec.clusterIP ?? ''))) {
        const stale = await whyNotTomorrow(lab, service);
        if (stale !== undefined) return fail(stale);
      }
      return pass(servers.join(', '));
    },
  };
}

/** Why a Service would not lead to the next pods of any workload. */
async function whyNotTomorrow(lab: LabView, service: Service): Promise<string | undefined> {
  const { name, namespace = '' } = service.metadata;
  const [slices, deployments, statefulSets, daemonSets] = await Promise.all([
    slicesOf(lab, namespace, name),
    lab.kube.list(resources.deployments, { namespace }),
    lab.kube.list(resources.statefulSets, { namespace }),
    lab.kube.list(resources.daemonSets, { namespace }),
  ]);
  const selector = { matchLabels: service.spec.selector ?? {} };
  const own = [...deployments, ...statefulSets, ...daemonSets].find(({ spec }) =>
    matchesSelector(selector, spec.template.metadata?.labels),
  );
  return own === undefined
    ? `service/${name} would not lead to new pods: its selector does not match their labels`
    : whyNotFollowed(service, slices, own);
}
