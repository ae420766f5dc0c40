import { resources } from '../model/resources.ts';
import { type Check, fail, pass, unjudged } from './check.ts';
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
      const digest = await registry.digest(release.repository, release.tag);
      const deployment = await lab.kube.get(resources.deployments, of.namespace, of.name);
      if (deployment === undefined) return fail(`deployment/${of.name} does not exist`);
      const { current } = await podsOf(lab, deployment);
      if (current.length === 0) return fail('no pod runs');
      for (const pod of current) {
        const status = pod.status.containerStatuses?.find(({ name }) => name === of.name);
        if (status?.imageID === undefined || status.imageID === '')
          return fail(`pod ${pod.metadata.name} has no image`);
        if (!status.imageID.endsWith(digest))
          return fail(`pod ${pod.metadata.name} runs another image (${status.image})`);
      }
      return pass(`${current.length} pods run ${digest.slice(0, 19)}…`);
    },
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
