import { equal } from '../core/json.ts';
import type { ConfigMap, Container, EnvFrom, PodSpec, Secret } from '../model/objects.ts';
import { containersOf } from '../model/pod-containers.ts';
import { type Resource, resources } from '../model/resources.ts';
import { type Check, fail, pass } from './check.ts';
import type { WorkloadRef } from './workloads.ts';

/** The data of a ConfigMap or a Secret; undefined where there is none of that name. */
type Read = (
  resource: Resource<ConfigMap | Secret>,
  name: string,
) => Promise<Readonly<Record<string, string>> | undefined>;

/**
 * Nobody has touched the workload: it has its replicas, its pods are what they were, and so is what they take whole from
 * ConfigMaps and Secrets (`envFrom`). A restart touches nothing.
 * https://kubernetes.io/docs/tasks/configure-pod-container/configure-pod-configmap/#configure-all-key-value-pairs-in-a-configmap-as-container-environment-variables
 * @param options `free`: variables that a ConfigMap or Secret may set to whatever it likes: knobs of others, who take from
 *   the same one
 */
export function untouched(of: WorkloadRef, { free = [] }: { readonly free?: readonly string[] } = {}): Check {
  const { namespace, name } = of;
  return {
    expected: `replicas, pods and settings of deployment/${name} as before`,
    look: async (lab) => {
      const before = lab.baseline.get(resources.deployments, namespace, name)?.spec;
      const now = (await lab.kube.get(resources.deployments, namespace, name))?.spec;
      if (now === undefined) return fail(`deployment/${name} does not exist`);
      if (before === undefined) return fail(`deployment/${name} was not there before`);
      if (before.replicas !== now.replicas)
        return fail(`deployment/${name} has ${now.replicas} replicas; there were ${before.replicas}`);
      if (!equal(before.template.spec, now.template.spec))
        return fail(`the pods of deployment/${name} changed`);
      const was: Read = (resource, from) =>
        Promise.resolve(lab.baseline.get(resource, namespace, from)?.data);
      const is: Read = async (resource, from) => (await lab.kube.get(resource, namespace, from))?.data;
      const [given, taken] = await Promise.all([
        settingsOf(was, before.template.spec, free),
        settingsOf(is, now.template.spec, free),
      ]);
      const changed = [...given.keys(), ...taken.keys()].find(
        (variable) => given.get(variable) !== taken.get(variable),
      );
      return changed === undefined ? pass('as before') : fail(`${changed} changed`);
    },
  };
}

/** What the containers of a pod are given by `envFrom`, by `container/VARIABLE`. */
async function settingsOf(read: Read, spec: PodSpec, free: readonly string[]): Promise<Map<string, string>> {
  const settings = new Map<string, string>();
  for (const container of containersOf(spec)) {
    for (const [variable, value] of await takenBy(read, container))
      if (!free.includes(variable)) settings.set(`${variable} of container ${container.name}`, value);
  }
  return settings;
}

/** What is said later counts, and what the container says itself before all. */
async function takenBy(read: Read, { env = [], envFrom = [] }: Container): Promise<Map<string, string>> {
  const taken = new Map<string, string>();
  for (const source of envFrom) {
    for (const [key, value] of Object.entries(await dataOf(read, source)))
      taken.set(`${source.prefix ?? ''}${key}`, value);
  }
  for (const { name } of env) taken.delete(name);
  return taken;
}

async function dataOf(read: Read, { configMapRef, secretRef }: EnvFrom): Promise<Record<string, string>> {
  return {
    ...(configMapRef?.name === undefined ? {} : await read(resources.configMaps, configMapRef.name)),
    ...(secretRef?.name === undefined ? {} : await read(resources.secrets, secretRef.name)),
  };
}
