import { equal } from '../core/json.ts';
import type { Container, Deployment, Pod, PodSpec } from '../model/objects.ts';
import { containersOf } from '../model/pod-containers.ts';
import { resources } from '../model/resources.ts';
import { matchesSelector } from '../model/selector.ts';
import { type Check, converge, fail, type LabView, type Observation, pass } from './check.ts';
import {
  differenceOf,
  type Environment,
  givenTo,
  type Read,
  readBefore,
  readNow,
  wereTold,
} from './environment.ts';
import { changedAlive, podsOf, sameImage, UNTIL_REPLACED, type WorkloadRef } from './workloads.ts';

/**
 * Nobody has touched the workload: it has its replicas, its pods are what they were, and so is what they take from
 * ConfigMaps and Secrets, in those that run as well. A restart touches nothing.
 * https://kubernetes.io/docs/tasks/configure-pod-container/configure-pod-configmap/#configure-all-key-value-pairs-in-a-configmap-as-container-environment-variables
 * @param options `free`: variables that a ConfigMap or Secret may set to whatever it likes: knobs of others, who take from
 *   the same one
 */
export function untouched(of: WorkloadRef, { free = [] }: { readonly free?: readonly string[] } = {}): Check {
  const { namespace, name } = of;
  return converge(UNTIL_REPLACED, {
    expected: `replicas, pods and settings of deployment/${name} are as before`,
    look: async (lab) => {
      const before = lab.baseline.get(resources.deployments, namespace, name)?.spec;
      const deployment = await lab.kube.get(resources.deployments, namespace, name);
      if (deployment === undefined) return fail(`deployment/${name} does not exist`);
      const now = deployment.spec;
      if (before === undefined) return fail(`deployment/${name} was not there before`);
      if (before.replicas !== now.replicas)
        return fail(`deployment/${name} has ${now.replicas} replicas; there were ${before.replicas} before`);
      if (!equal(before.template.spec, now.template.spec))
        return fail(`the pod template of deployment/${name} changed`);
      const { newest } = await podsOf(lab, deployment);
      const changed = changedAlive(newest, deployment, sameImage);
      if (changed !== undefined) return fail(`pod/${changed} has another image than its template`);
      const sizes = sizesBefore(lab, deployment);
      const resized = newest.find((pod) => !sizes.some((before) => equal(before, sizesOf(pod))));
      if (resized !== undefined) return fail(`pod/${resized.metadata.name} has other resources than before`);
      return settingsKept(lab, of, before.template.spec, free);
    },
  });
}

/** What the containers of a pod may take: what its template says, and what a LimitRange gave it when it was created. */
const sizesOf = ({ spec }: Pod): Readonly<Record<string, Container['resources']>> =>
  Object.fromEntries(containersOf(spec).map((container) => [container.name, container.resources]));

/** Of each pod that was there when the shop was healthy. */
const sizesBefore = ({ baseline }: LabView, { metadata, spec }: Deployment): ReturnType<typeof sizesOf>[] =>
  baseline
    .list(resources.pods, metadata.namespace ?? '')
    .filter((pod) => matchesSelector(spec.selector, pod.metadata.labels ?? {}))
    .map(sizesOf);

/** @param spec of its pods, which is that of before */
async function settingsKept(
  lab: LabView,
  of: WorkloadRef,
  spec: PodSpec,
  free: readonly string[],
): Promise<Observation> {
  for (const container of containersOf(spec)) {
    const given = await settingsOf(readBefore(lab, of.namespace), container, free);
    const now = await settingsOf(readNow(lab, of.namespace), container, free);
    const changed = differenceOf(given, now);
    if (changed !== undefined) return fail(`${changed} of container ${container.name} changed`);
    const running = await wereTold(lab, of, container.name, (told) =>
      [...given.keys()].find((variable) => told.get(variable) !== given.get(variable)),
    );
    if (running.status !== 'pass') return running;
  }
  return pass('as before');
}

async function settingsOf(read: Read, container: Container, free: readonly string[]): Promise<Environment> {
  const given = await givenTo(read, container);
  return new Map([...given].filter(([variable]) => !free.includes(variable)));
}
