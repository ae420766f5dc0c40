import type { Container, PodSpec } from '../model/objects.ts';
import { resources } from '../model/resources.ts';
import { withClone } from './clones.ts';
import { type Check, fail, type LabView, type Observation, pass, patient, unjudged } from './check.ts';
import type { ReleaseRef } from './images.ts';
import type { WorkloadRef } from './workloads.ts';

/** How long a fresh pod may take until its container is made, in milliseconds. */
const STARTS_WITHIN = 60_000;

/**
 * A pod of the live template can get an image that no node has: its release under a tag that is put into the registry
 * while this is graded. What a node has kept, and what was allowed once, does not help.
 */
export function freshTagPulls(of: WorkloadRef, release: ReleaseRef): Check {
  return {
    expected: `a fresh pod of ${of.name} gets a tag that was pushed to ${release.host} just now`,
    disturbs: `a clone of a pod of ${of.name}, and a tag in the registry`,
    look: () => Promise.resolve(pass('proven on a clone when graded')),
    grade: async (lab) => {
      const registry = await lab.cluster.can.registry?.(release.host);
      if (registry === undefined) return unjudged(`the registry ${release.host} cannot be asked`);
      const tag = `check-${lab.random.suffix(8)}`;
      await registry.tag(release.repository, release.tag, tag);
      const image = `${release.host}/${release.repository}:${tag}`;
      return startsFresh(lab, of, (spec) => ({ ...spec, containers: withImage(spec, of.name, image) }));
    },
  };
}

function withImage({ containers }: PodSpec, name: string, image: string): Container[] {
  return containers.map((container) => (container.name === name ? { ...container, image } : container));
}

/**
 * A pod of the live template starts on a node from which its image was removed. Where it does not, the copy is put
 * back.
 */
export function startsWithoutCopy(of: WorkloadRef): Check {
  return {
    expected: `a fresh pod of ${of.name} starts on a node that has no copy of its image`,
    disturbs: `a clone of a pod of ${of.name}, on a node that loses its copy of the image`,
    look: () => Promise.resolve(pass('proven on a clone when graded')),
    grade: async (lab) => {
      const { node: access } = lab.cluster.can;
      const [nodeName] = await workers(lab);
      if (access === undefined || nodeName === undefined) return unjudged('no node can be reached');
      const deployment = await lab.kube.get(resources.deployments, of.namespace, of.name);
      const image = deployment?.spec.template.spec.containers.find(({ name }) => name === of.name)?.image;
      if (image === undefined) return fail(`deployment/${of.name} has no container ${of.name}`);
      await access(nodeName).removeImage(image);
      const seen = await startsFresh(lab, of, (spec) => ({ ...spec, nodeName }));
      if (seen.status !== 'pass') {
        await startsFresh(lab, of, (spec) => ({
          ...spec,
          nodeName,
          containers: spec.containers.map((one) => ({ ...one, imagePullPolicy: 'IfNotPresent' })),
        }));
      }
      return seen;
    },
  };
}

/** A pod of the live template starts on every node that takes pods, with what is there. */
export function startsOnEveryNode(of: WorkloadRef): Check {
  return {
    expected: `a fresh pod of ${of.name} starts on every node`,
    disturbs: `a clone of a pod of ${of.name} on every node, one after the other`,
    look: () => Promise.resolve(pass('proven on clones when graded')),
    grade: async (lab) => {
      const nodes = await workers(lab);
      for (const nodeName of nodes) {
        const seen = await startsFresh(lab, of, (spec) => ({ ...spec, nodeName }));
        if (seen.status !== 'pass') return { ...seen, seen: `on ${nodeName} ${seen.seen}` };
      }
      return nodes.length === 0 ? fail('no node takes pods') : pass(`on ${nodes.join(', ')}`);
    },
  };
}

/** Names of the nodes that are not of the control plane. */
async function workers(lab: LabView): Promise<string[]> {
  const nodes = await lab.kube.list(resources.nodes);
  return nodes
    .filter(({ metadata }) => metadata.labels?.['node-role.kubernetes.io/control-plane'] === undefined)
    .map(({ metadata }) => metadata.name)
    .sort();
}

/** Whether a changed clone of the live template gets its image and is started. */
async function startsFresh(
  lab: LabView,
  of: WorkloadRef,
  change: (spec: PodSpec) => PodSpec,
): Promise<Observation> {
  const deployment = await lab.kube.get(resources.deployments, of.namespace, of.name);
  if (deployment === undefined) return fail(`deployment/${of.name} does not exist`);
  const { template } = deployment.spec;
  const changed = { ...template, spec: change(template.spec) };
  return withClone(lab, of, changed, { liveness: false }, async ({ name }) => {
    const end = lab.clock.now().getTime() + patient(lab, STARTS_WITHIN);
    for (;;) {
      const now = await lab.kube.get(resources.pods, of.namespace, name);
      const status = now?.status.containerStatuses?.find((container) => container.name === of.name);
      if (status !== undefined && status.imageID !== '') return pass('it started');
      if (now?.status.phase === 'Failed') return fail(`it was refused: ${now.status.reason ?? 'Failed'}`);
      if (lab.clock.now().getTime() >= end) {
        return fail(
          `it did not start: ${status?.state.waiting?.reason ?? now?.status.phase ?? 'it is gone'}`,
        );
      }
      await lab.clock.wait(1000, lab.signal);
    }
  });
}
