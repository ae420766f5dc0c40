import { equal } from '../core/json.ts';
import type { Labels, Pod, PodSpec, PodTemplate } from '../model/objects.ts';
import { containersOf } from '../model/pod-containers.ts';
import { resources } from '../model/resources.ts';
import { type Check, fail, type LabView, type Observation, pass, unjudged } from './check.ts';
import { whyNoNewNode } from './new-node.ts';
import { keepsApart, podsOf, type SpreadRule, whyNoContainer, type WorkloadRef } from './workloads.ts';

/** A release as the registry has it. */
export interface ReleaseRef {
  /** `registry.shop.test:5000` */
  readonly host: string;
  readonly repository: string;
  readonly tag: string;
}

/**
 * Every pod of the workload runs the image that the registry has under a tag, by digest: neither another image
 * under the same name nor the right name with other content counts. The template asks for it, by that tag or that digest:
 * what the status of a pod says can be written by others than its kubelet.
 */
export function imageIs(of: WorkloadRef, release: ReleaseRef): Check {
  return {
    expected: `all pods of ${of.name} run the image that the registry has as release ${release.tag}`,
    look: async (lab) => {
      const registry = await lab.cluster.can.registry?.(release.host);
      if (registry === undefined) return unjudged(`the registry ${release.host} cannot be reached`);
      const digest = await registry.digest(release.repository, release.tag);
      return allRun(lab, of, { tag: release.tag, digest });
    },
  };
}

/**
 * Every pod of the workload runs, by digest, what its pods ran when the shop was healthy, wherever it comes from; the template
 * asks for it, by that digest or by the tag of before.
 */
export function imageAsBefore(of: WorkloadRef): Check {
  return {
    expected: `all pods of ${of.name} run the same image as before`,
    look: async (lab) => {
      const before = lab.baseline
        .list(resources.pods, of.namespace)
        .find(({ metadata }) => metadata.labels?.['app'] === of.name);
      const digest = before === undefined ? undefined : digestOf(before, of.name);
      if (digest === undefined) return unjudged(`no pod of ${of.name} was there before`);
      return allRun(lab, of, { tag: tagOf(imageOf(before?.spec, of.name)), digest });
    },
  };
}

interface Wanted {
  readonly tag: string;
  readonly digest: string;
}

async function allRun(lab: LabView, of: WorkloadRef, { tag, digest }: Wanted): Promise<Observation> {
  const deployment = await lab.kube.get(resources.deployments, of.namespace, of.name);
  if (deployment === undefined) return fail(`deployment/${of.name} does not exist`);
  const { current } = await podsOf(lab, deployment);
  if (current.length === 0) return fail('no pod runs');
  const nameless = whyNoContainer(of.name, deployment.spec.template);
  if (nameless !== undefined) return nameless;
  const reference = imageOf(deployment.spec.template.spec, of.name);
  const [, pinned] = reference.split('@');
  if (pinned === undefined ? tagOf(reference) !== tag : pinned !== digest)
    return fail(`the template has another image: ${reference}`);
  const runs = current.map((pod) => ({ pod: pod.metadata.name, image: digestOf(pod, of.name) }));
  // Names of pods are drawn: which of them is told about does not follow their order.
  const without = runs.find(({ image }) => image === undefined);
  if (without !== undefined) return fail(`pod ${without.pod} has no image yet`);
  const other = runs.find(({ image }) => image !== digest);
  if (other !== undefined) return fail(`pod ${other.pod} runs another image`);
  return pass(`${current.length} pods run ${digest.slice(0, 19)}…`);
}

/** `sha256:…` of what a container runs; undefined until it has an image. */
function digestOf({ status }: Pod, container: string): string | undefined {
  const { imageID = '' } = status.containerStatuses?.find(({ name }) => name === container) ?? {};
  return imageID === '' ? undefined : imageID.slice(imageID.lastIndexOf('@') + 1);
}

/**
 * A node that joins tomorrow can run the workload: it has no copies, so nothing of the pod may forbid it to pull, or be an
 * image that no registry has; and it has a name of its own, no labels but those that every node has, and none of the others'
 * pods: nothing else may be asked of it that was not asked before. That a node takes one of the workload's own pods at a time
 * keeps no node away.
 */
export function mayPull(of: WorkloadRef): Check {
  return {
    expected: `a new node can pull the images of ${of.name} and run its pods`,
    look: async (lab) => {
      const before = lab.baseline.get(resources.deployments, of.namespace, of.name)?.spec.template;
      const now = await lab.kube.get(resources.deployments, of.namespace, of.name);
      if (now === undefined) return fail(`deployment/${of.name} does not exist`);
      const { template } = now.spec;
      const { spec } = template;
      const others = lab.baseline
        .list(resources.deployments, of.namespace)
        .filter(({ metadata }) => metadata.name !== of.name)
        .map((other) => other.spec.template.metadata?.labels ?? {});
      const unfetchable = imagesOf(spec)
        .map(whyNotFetched)
        .find((why) => why !== undefined);
      if (unfetchable !== undefined) return fail(unfetchable);
      const unwelcome = await whyNoNewNode(lab, before?.spec, spec);
      if (unwelcome !== undefined) return fail(`deployment/${of.name} ${unwelcome}`);
      if (before === undefined) return pass('it can');
      return equal(companyOf(before, others), companyOf(template, others))
        ? pass('it can')
        : fail(
            `which nodes can run pods of deployment/${of.name} depends on where other pods are, and it did not before (affinity or topology spread)`,
          );
    },
  };
}

/** What the references of images begin with that were loaded by hand onto the nodes of today. */
const BY_HAND = 'shop.test/';

/** Whether no registry has an image: a node that loses its copy cannot get it again. */
export const isByHand = (reference: string): boolean => reference.startsWith(BY_HAND);

interface PodImage {
  /** `container refunds`, `volume notes` */
  readonly of: string;
  readonly reference: string;
  readonly policy: string | undefined;
}

/** All images that a node needs for a pod, in its containers and as its volumes. */
function imagesOf(spec: PodSpec): PodImage[] {
  return [
    ...containersOf(spec).map(({ name, image, imagePullPolicy }) => ({
      of: `container ${name}`,
      reference: image,
      policy: imagePullPolicy,
    })),
    ...(spec.volumes ?? []).flatMap(({ name, image }) =>
      image === undefined
        ? []
        : [{ of: `volume ${name}`, reference: image.reference ?? '', policy: image.pullPolicy }],
    ),
  ];
}

function whyNotFetched({ of, reference, policy }: PodImage): string | undefined {
  if (policy === 'Never') return `${of} has the pull policy Never, so a new node cannot pull its image`;
  return isByHand(reference)
    ? `${of} has the image ${reference}, which is in no registry: it was loaded by hand onto the nodes of today`
    : undefined;
}

/** Whose pods have to be where, or must not be, for a node to take the pod. */
function companyOf({ metadata, spec }: PodTemplate, others: readonly Labels[]): unknown {
  const { affinity, topologySpreadConstraints = [] } = spec;
  const spreadsOwn = (rule: SpreadRule): boolean =>
    keepsApart(rule, metadata?.labels) && !others.some((labels) => keepsApart(rule, labels));
  const near = affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const apart = affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const spread = topologySpreadConstraints.filter(
    ({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule',
  );
  return [near, ...[apart, spread].map((rules) => rules.filter((rule) => !spreadsOwn(rule)))];
}

/**
 * The workload's image still comes from the repository it came from.
 * @param mirrors repositories, with their hosts, that will do as well
 */
export function repositoryKept(of: WorkloadRef, mirrors: readonly string[] = []): Check {
  return {
    expected: `the image of ${of.name} comes from ${['the same repository as before', ...mirrors].join(' or ')}`,
    look: async (lab) => {
      const before = lab.baseline.get(resources.deployments, of.namespace, of.name);
      const now = await lab.kube.get(resources.deployments, of.namespace, of.name);
      if (now === undefined) return fail(`deployment/${of.name} does not exist`);
      const nameless = whyNoContainer(of.name, now.spec.template);
      if (nameless !== undefined) return nameless;
      const was = repositoryOf(imageOf(before?.spec.template.spec, of.name));
      const is = repositoryOf(imageOf(now.spec.template.spec, of.name));
      return [was, ...mirrors].includes(is) ? pass(is) : fail(`the image comes from ${is}`);
    },
  };
}

/** The reference of a container's image; empty where there is no such container. */
function imageOf(spec: PodSpec | undefined, container: string): string {
  return spec?.containers.find(({ name }) => name === container)?.image ?? '';
}

/** Reference without tag and digest. */
function repositoryOf(reference: string): string {
  const [name = ''] = reference.split('@');
  return name.slice(0, name.length - tagOf(reference).length).replace(/:$/, '');
}

/** Empty where the reference has none. A port of the host is no tag. */
function tagOf(reference: string): string {
  const [name = ''] = reference.split('@');
  return /:([^:/]*)$/.exec(name)?.[1] ?? '';
}
