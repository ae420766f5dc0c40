import { KubeError } from '../kube/client.ts';
import type { ConfigMap, Container, Deployment, EnvFrom, EnvVar, Secret } from '../model/objects.ts';
import { type Resource, resources } from '../model/resources.ts';
import { fail, type LabView, type Observation, pass } from './check.ts';
import type { Clone } from './clones.ts';
import { isRunning, podsOf, type WorkloadRef } from './workloads.ts';

// The settings of containers: those in the objects that there are, and those that running containers were given when they started. A
// setting that was changed, read and changed back is in no object any more.

/** The environment of a container, by variable. */
export type Environment = ReadonlyMap<string, string>;

/** What is in a ConfigMap or a Secret, as text; undefined where there is none of that name. */
export type Read = (
  resource: Resource<ConfigMap | Secret>,
  name: string,
) => Promise<Readonly<Record<string, string>> | undefined>;

/** What is there now. */
export const readNow =
  (lab: LabView, namespace: string): Read =>
  async (resource, name) =>
    textOf(await lab.kube.get(resource, namespace, name));

/** What was there when the shop was healthy. */
export const readBefore =
  (lab: LabView, namespace: string): Read =>
  (resource, name) =>
    Promise.resolve(textOf(lab.baseline.get(resource, namespace, name)));

function textOf(source: ConfigMap | Secret | undefined): Readonly<Record<string, string>> | undefined {
  if (source?.kind !== 'Secret') return source?.data;
  const entries = Object.entries(source.data ?? {});
  return Object.fromEntries(entries.map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]));
}

/**
 * What a container is given by its template, ConfigMaps and Secrets: of two values the later one counts, and one in the
 * container's own `env` before all. What depends on the pod is not in it.
 */
export async function givenTo(read: Read, { env = [], envFrom = [] }: Container): Promise<Environment> {
  const given = new Map<string, string>();
  for (const source of envFrom) {
    for (const [key, value] of Object.entries(await dataOf(read, source)))
      given.set(`${source.prefix ?? ''}${key}`, value);
  }
  for (const variable of env) {
    const value = await valueOf(read, variable);
    if (value === undefined || dependsOnPod(variable)) given.delete(variable.name);
    else given.set(variable.name, value);
  }
  return given;
}

async function dataOf(read: Read, { configMapRef, secretRef }: EnvFrom): Promise<Record<string, string>> {
  return {
    ...(configMapRef?.name === undefined ? {} : await read(resources.configMaps, configMapRef.name)),
    ...(secretRef?.name === undefined ? {} : await read(resources.secrets, secretRef.name)),
  };
}

async function valueOf(read: Read, { value = '', valueFrom }: EnvVar): Promise<string | undefined> {
  if (valueFrom === undefined) return value;
  const { configMapKeyRef: map, secretKeyRef: secret } = valueFrom;
  if (map !== undefined) return (await read(resources.configMaps, map.name))?.[map.key];
  return secret === undefined ? undefined : (await read(resources.secrets, secret.name))?.[secret.key];
}

/** Its value is one for each pod, or made of other variables. */
const dependsOnPod = ({ value = '', valueFrom }: EnvVar): boolean =>
  valueFrom?.fieldRef !== undefined || valueFrom?.resourceFieldRef !== undefined || value.includes('$(');

/**
 * The environment that a running container was given when it started.
 * @returns undefined where it cannot be read
 */
async function toldTo(lab: LabView, pod: Clone, container: string): Promise<Environment | undefined> {
  try {
    const { code, stdout } = await lab.kube.exec(pod.namespace, pod.name, {
      container,
      command: ['env', '-0'],
      timeoutMs: 30_000,
      signal: lab.signal,
    });
    if (code !== 0) return undefined;
    const lines = stdout.split('\0').filter((line) => line !== '');
    return new Map(
      lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
  } catch (error) {
    if (error instanceof KubeError) return undefined;
    throw error;
  }
}

/**
 * Looks at the settings with which the pods of a Deployment run.
 * @param container which of its containers
 * @param differs a variable that is not what it should be, of those that a pod was given
 */
export async function wereTold(
  lab: LabView,
  { namespace, name }: WorkloadRef,
  container: string,
  differs: (told: Environment) => string | undefined,
): Promise<Observation> {
  const deployment = await lab.kube.get(resources.deployments, namespace, name);
  if (deployment === undefined) return fail(`deployment/${name} does not exist`);
  const { current } = await podsOf(lab, deployment);
  for (const pod of current) {
    if (!isRunning(pod, container)) continue;
    const told = await toldTo(lab, { namespace, name: pod.metadata.name }, container);
    const variable = told && differs(told);
    if (variable !== undefined)
      return fail(
        `pod/${pod.metadata.name} runs with another value of ${variable} than a new pod would be given`,
      );
  }
  return pass('no pod runs with other settings');
}

/** The first variable that is not the same in both. */
export const differenceOf = (one: Environment, other: Environment): string | undefined =>
  [...one.keys(), ...other.keys()].find((variable) => one.get(variable) !== other.get(variable));

/** What a kubelet tells a container of its pod and of the Services that are there at that moment. */
const OF_THE_MOMENT = /^HOSTNAME$|._(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_\w+)?)$/;

/**
 * The running pods of a workload have the settings that a new pod of it is given, or those of the healthy shop: nobody has to
 * restart pods that do not need a new setting, but no pod may run with settings that are no longer in the cluster.
 * @param fresh the new pod, which runs too
 */
export async function toldAsFresh(lab: LabView, of: WorkloadRef, fresh: Clone): Promise<Observation> {
  const { namespace, name } = of;
  const ownOf = (deployment: Deployment | undefined): Container | undefined =>
    deployment?.spec.template.spec.containers.find((container) => container.name === name);
  const own = ownOf(await lab.kube.get(resources.deployments, namespace, name));
  const told = await toldTo(lab, fresh, name);
  if (own === undefined || told === undefined) return fail('the settings of a new pod cannot be read');
  const each = new Set((own.env ?? []).filter(dependsOnPod).map((variable) => variable.name));
  const healthy = ownOf(lab.baseline.get(resources.deployments, namespace, name));
  const before: Environment =
    healthy === undefined ? new Map() : await givenTo(readBefore(lab, namespace), healthy);
  return wereTold(lab, of, name, (other) =>
    [...told.keys(), ...other.keys()].find((variable) => {
      if (OF_THE_MOMENT.test(variable) || each.has(variable)) return false;
      const value = other.get(variable);
      return value !== told.get(variable) && value !== before.get(variable);
    }),
  );
}
