import { equal } from '../core/json.ts';
import type { Pod, PodSpec } from '../model/objects.ts';
import { resources } from '../model/resources.ts';
import { type Check, fail, type LabView, type Observation, pass, unjudged } from './check.ts';
import { podsOf, type WorkloadRef } from './workloads.ts';

/** A release as the registry has it. */
export interface ReleaseRef {
  /** `registry.shop.test:5000` */
  readonly host: string;
  readonly repository: string;
  readonly tag: string;
}

/**
 * Every pod of the workload runs the image that the registry has under a tag, by digest: neither another image
 * under the same name nor the right name with other content counts.
 */
export function imageIs(of: WorkloadRef, release: ReleaseRef): Check {
  return {
    expected: `all pods of ${of.name} run release ${release.tag} as the registry has it`,
    look: async (lab) => {
      const registry = await lab.cluster.can.registry?.(release.host);
      if (registry === undefined) return unjudged(`the registry ${release.host} cannot be asked`);
      return allRun(lab, of, await registry.digest(release.repository, release.tag));
    },
  };
}

/** Every pod of the workload runs, by digest, what its pods ran when the shop was healthy, wherever it comes from. */
export function imageAsBefore(of: WorkloadRef): Check {
  return {
    expected: `all pods of ${of.name} run the image of before`,
    look: async (lab) => {
      const before = lab.baseline
        .list(resources.pods, of.namespace)
        .find(({ metadata }) => metadata.labels?.['app'] === of.name);
      const digest = before === undefined ? undefined : digestOf(before, of.name);
      if (digest === undefined) return unjudged(`no pod of ${of.name} was there before`);
      return allRun(lab, of, digest);
    },
  };
}

async function allRun(lab: LabView, of: WorkloadRef, digest: string): Promise<Observation> {
  const deployment = await lab.kube.get(resources.deployments, of.namespace, of.name);
  if (deployment === undefined) return fail(`deployment/${of.name} does not exist`);
  const { current } = await podsOf(lab, deployment);
  if (current.length === 0) return fail('no pod runs');
  for (const pod of current) {
    const runs = digestOf(pod, of.name);
    if (runs === undefined) return fail(`pod ${pod.metadata.name} has no image`);
    if (runs !== digest) return fail(`pod ${pod.metadata.name} runs another image`);
  }
  return pass(`${current.length} pods run ${digest.slice(0, 19)}…`);
}

/** `sha256:…` of what a container runs; undefined until it has an image. */
function digestOf({ status }: Pod, container: string): string | undefined {
  const { imageID = '' } = status.containerStatuses?.find(({ name }) => name === container) ?? {};
  return imageID === '' ? undefined : imageID.slice(imageID.lastIndexOf('@') + 1);
}

/**
 * A node that joins tomorrow can run the workload: it has no copies, so no container may forbid it to pull; and it has a
 * name of its own, so which nodes take the pods is as before.
 */
export function mayPull(of: WorkloadRef): Check {
  return {
    expected: `a new node may pull the images of ${of.name} and run it`,
    look: async (lab) => {
      const before = lab.baseline.get(resources.deployments, of.namespace, of.name)?.spec.template.spec;
      const now = await lab.kube.get(resources.deployments, of.namespace, of.name);
      if (now === undefined) return fail(`deployment/${of.name} does not exist`);
      const { spec } = now.spec.template;
      const never = [...(spec.initContainers ?? []), ...spec.containers].find(
        ({ imagePullPolicy }) => imagePullPolicy === 'Never',
      );
      if (never !== undefined) return fail(`container ${never.name} takes only what is there`);
      return before === undefined || equal(nodesOf(before), nodesOf(spec))
        ? pass('it may')
        : fail(`the nodes that may run deployment/${of.name} are not those of before`);
    },
  };
}

/** What a node must be like to take the pod. What it should be like (preferred) keeps no node away. */
function nodesOf({ nodeName, nodeSelector = {}, affinity }: PodSpec): unknown {
  return {
    nodeName,
    nodeSelector,
    required: affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution,
  };
}

/** The workload's image still comes from the repository it came from. */
export function repositoryKept(of: WorkloadRef): Check {
  return {
    expected: `the image of ${of.name} comes from the same repository as before`,
    look: async (lab) => {
      const before = lab.baseline.get(resources.deployments, of.namespace, of.name);
      const now = await lab.kube.get(resources.deployments, of.namespace, of.name);
      if (now === undefined) return fail(`deployment/${of.name} does not exist`);
      const was = repositoryOf(
        before?.spec.template.spec.containers.find(({ name }) => name === of.name)?.image ?? '',
      );
      const is = repositoryOf(
        now.spec.template.spec.containers.find(({ name }) => name === of.name)?.image ?? '',
      );
      return was === is ? pass(is) : fail(`the image comes from ${is === '' ? 'nowhere' : is}`);
    },
  };
}

/** Reference without tag and digest. */
function repositoryOf(reference: string): string {
  const name = reference.split('@')[0] ?? '';
  const slash = name.lastIndexOf('/');
  const colon = name.indexOf(':', slash + 1);
  return colon === -1 ? name : name.slice(0, colon);
}
