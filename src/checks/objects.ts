import { canonical, equal } from '../core/json.ts';
import type { ConfigMap, KubeObject, NetworkPolicy, PodSpec, Secret } from '../model/objects.ts';
import { type Resource, resources } from '../model/resources.ts';
import { type Check, fail, type LabView, pass } from './check.ts';
import { sameProgram } from './client-pod.ts';

/** The object is still the one that was there when the shop was healthy: same uid, not a new one of its name. */
export function sameObject(resource: Resource, namespace: string | undefined, name: string): Check {
  const what = `${resource.kind.toLowerCase()}/${name}`;
  return {
    expected: `${what} is the one that was there before`,
    look: async (lab) => {
      const before = lab.baseline.get(resource, namespace, name);
      const now = await lab.kube.get(resource, namespace, name);
      if (now === undefined) return fail(`${what} does not exist`);
      return before?.metadata.uid === now.metadata.uid ? pass('the same') : fail(`${what} was replaced`);
    },
  };
}

/** A part of an object is what it was when the shop was healthy. */
export function unchanged<T extends KubeObject>(options: {
  readonly resource: Resource<T>;
  readonly namespace?: string;
  readonly name: string;
  /** What of it must not change, in words for the learner. */
  readonly what: string;
  readonly part: (object: T) => unknown;
}): Check {
  const { resource, namespace, name, what, part } = options;
  const kind = resource.kind.toLowerCase();
  return {
    expected: `${what} of ${kind}/${name} as before`,
    look: async (lab) => {
      const before = lab.baseline.get(resource, namespace, name);
      const now = await lab.kube.get(resource, namespace, name);
      if (now === undefined) return fail(`${kind}/${name} does not exist`);
      if (before === undefined) return fail(`${kind}/${name} was not there before`);
      return equal(part(before), part(now)) ? pass('as before') : fail(`${what} of ${kind}/${name} changed`);
    },
  };
}

/** The namespace has the NetworkPolicies that it had, unchanged, and no other: policies add up. */
export function networkPoliciesKept(namespace: string): Check {
  const specsOf = (policies: readonly NetworkPolicy[]): Record<string, unknown> =>
    Object.fromEntries(policies.map(({ metadata, spec }) => [metadata.name, spec]));
  return {
    expected: `the network policies of namespace ${namespace} as before`,
    look: async (lab) => {
      const before = specsOf(lab.baseline.list(resources.networkPolicies, namespace));
      const now = specsOf(await lab.kube.list(resources.networkPolicies, { namespace }));
      const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
      const changed = names.filter((name) => !equal(before[name], now[name]));
      return changed.length === 0 ? pass('as before') : fail(`networkpolicy/${changed[0] ?? ''} changed`);
    },
  };
}

/**
 * The workload still runs its own program: same image, command and files in its own container.
 * @param options `newRelease`: the image is expected to change, the command and the files are not
 */
export function programKept(namespace: string, name: string, options: { newRelease?: boolean } = {}): Check {
  const { newRelease = false } = options;
  return {
    expected: `deployment/${name} runs the program that it ran before`,
    look: async (lab) => {
      const before = lab.baseline.get(resources.deployments, namespace, name);
      const now = await lab.kube.get(resources.deployments, namespace, name);
      if (now === undefined) return fail(`deployment/${name} does not exist`);
      if (before === undefined) return fail(`deployment/${name} was not there before`);
      return sameProgram(before.spec.template.spec, now.spec.template.spec, name, newRelease)
        ? pass('the same')
        : fail(`${newRelease ? '' : 'image, '}command or files of deployment/${name} changed`);
    },
  };
}

/** How the pods of a workload look names up, and under which addresses they call others. */
export function clientsAsBefore(namespace: string, apps: readonly string[]): Check {
  return {
    expected: `DNS settings and addresses of ${apps.join(', ')} as before`,
    look: async (lab) => {
      for (const app of apps) {
        const before = lab.baseline.get(resources.deployments, namespace, app);
        const now = await lab.kube.get(resources.deployments, namespace, app);
        if (now === undefined) return fail(`deployment/${app} does not exist`);
        if (before === undefined) continue;
        const [was, is] = [before.spec.template.spec, now.spec.template.spec];
        const changed = changedSetting(was, is);
        if (changed !== undefined) return fail(`${changed} of deployment/${app} changed`);
        const source = await changedSource(lab, namespace, was, is);
        if (source !== undefined)
          return fail(`addresses that deployment/${app} takes from ${source} changed`);
      }
      return pass('as before');
    },
  };
}

/** The environment comes from ConfigMaps and Secrets too: @returns the first whose addresses are not those of before */
async function changedSource(
  lab: LabView,
  namespace: string,
  before: PodSpec,
  now: PodSpec,
): Promise<string | undefined> {
  for (const { resource, name } of sourcesOf(before, now)) {
    const was = lab.baseline.get<ConfigMap | Secret>(resource, namespace, name);
    const is = await lab.kube.get<ConfigMap | Secret>(resource, namespace, name);
    if (!equal(urlsOf(was?.data), urlsOf(is?.data))) return `${resource.kind.toLowerCase()}/${name}`;
  }
  return undefined;
}

function sourcesOf(...specs: readonly PodSpec[]): { resource: Resource<ConfigMap | Secret>; name: string }[] {
  return specs
    .flatMap(({ containers }) => containers.flatMap(({ envFrom = [] }) => envFrom))
    .flatMap(({ configMapRef, secretRef }) => [
      ...(configMapRef?.name === undefined
        ? []
        : [{ resource: resources.configMaps, name: configMapRef.name }]),
      ...(secretRef?.name === undefined ? [] : [{ resource: resources.secrets, name: secretRef.name }]),
    ]);
}

function changedSetting(before: PodSpec, now: PodSpec): string | undefined {
  if (before.dnsPolicy !== now.dnsPolicy) return 'dnsPolicy';
  if (!equal(before.dnsConfig, now.dnsConfig)) return 'dnsConfig';
  if (!equal(before.hostAliases ?? [], now.hostAliases ?? [])) return 'hostAliases';
  if ((before.hostNetwork ?? false) !== (now.hostNetwork ?? false)) return 'hostNetwork';
  const environment = (spec: PodSpec): string =>
    canonical(
      spec.containers.map(({ name, env = [] }) => [
        name,
        env.filter(({ name: key }) => key.endsWith('_URL')),
      ]),
    );
  return environment(before) === environment(now) ? undefined : 'an address in the environment';
}

function urlsOf(data: Readonly<Record<string, string>> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(data ?? {}).filter(([key]) => key.endsWith('_URL')));
}
