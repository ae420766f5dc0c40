import type { LabView } from '../checks/check.ts';
import type { ReleaseRef } from '../checks/images.ts';
import { copy } from '../core/json.ts';
import type { NewObject, Pod, Secret } from '../model/objects.ts';
import { resources } from '../model/resources.ts';
import { workersOf } from '../model/worker-nodes.ts';
import { DEPLOYER, type DeploymentRef } from './deployments.ts';
import type { Fault } from './fault.ts';

/**
 * Merges fields into the pod template of a Deployment, as `kubectl patch --type strategic` does: one new revision,
 * whatever changes in it.
 */
export function podTemplate(of: DeploymentRef, spec: object, describe: string): Fault {
  return {
    name: 'pod-template',
    describe,
    inject: async (lab) => {
      const before = await lab.kube.get(resources.deployments, of.namespace, of.name);
      await patchPods(lab, of, spec);
      return async (again) => {
        const value = [{ op: 'replace', path: '/spec/template', value: before?.spec.template }];
        await again.kube.patch(resources.deployments, of.namespace, of.name, value, { type: 'json' });
      };
    },
  };
}

/** What a tag stands for now, `sha256:…`; empty where the registry cannot be asked. */
export async function digestOf(lab: LabView, { host, repository, tag }: ReleaseRef): Promise<string> {
  const access = await lab.cluster.can.registry?.(host);
  return (await access?.digest(repository, tag)) ?? '';
}

/** What a tag stands for is there under another one too, as after a push. */
export async function tagAs(lab: LabView, { host, repository, tag }: ReleaseRef, as: string): Promise<void> {
  const access = await lab.cluster.can.registry?.(host);
  await access?.tag(repository, tag, as);
}

/** Merges fields into the pod template of a Deployment. */
export async function patchPods(lab: LabView, of: DeploymentRef, spec: object): Promise<void> {
  await lab.kube.patch(
    resources.deployments,
    of.namespace,
    of.name,
    { spec: { template: { spec } } },
    { type: 'strategic', fieldManager: DEPLOYER },
  );
}

/** What became of a secret: it is gone, or there again with another type or in another namespace. */
export type Loss = 'gone' | { readonly type: string } | { readonly namespace: string };

/** A secret is not any more what its users need. */
export function secretLost(of: { readonly namespace: string; readonly name: string }, loss: Loss): Fault {
  return {
    name: 'secret-lost',
    describe: `secret/${of.name} of namespace ${of.namespace} ${lossInWords(loss)}`,
    inject: async (lab) => {
      const before = await lab.kube.get(resources.secrets, of.namespace, of.name);
      if (before === undefined) throw new Error(`there is no secret/${of.name} that could get lost`);
      await lab.kube.delete(resources.secrets, of.namespace, of.name);
      if (loss !== 'gone') await lab.kube.create(resources.secrets, secretLike(before, loss));
      return async (again) => {
        if (loss !== 'gone') {
          const namespace = 'namespace' in loss ? loss.namespace : of.namespace;
          await again.kube.delete(resources.secrets, namespace, of.name);
        }
        await again.kube.create(resources.secrets, secretLike(before, {}));
      };
    },
  };
}

function lossInWords(loss: Loss): string {
  if (loss === 'gone') return 'was deleted.';
  if ('type' in loss) return `was made again with type ${loss.type}, in which nobody looks for a login.`;
  return `was moved to namespace ${loss.namespace}; a pod has the secrets of its own namespace only.`;
}

function secretLike(
  secret: Secret,
  change: { readonly type?: string; readonly namespace?: string },
): NewObject<Secret> {
  const { apiVersion, kind, metadata, data = {} } = secret;
  const { namespace = metadata.namespace ?? '', type = secret.type } = change;
  return { apiVersion, kind, metadata: { name: metadata.name, namespace }, type, data: copy(data) };
}

/** A registry refuses connections from now on; `forMs`: it comes back by itself. */
export function registryDown(host: string, outage: true | { readonly forMs: number }): Fault {
  return {
    name: 'registry-down',
    describe: `The registry ${host} went down: its connections were refused.`,
    inject: async (lab) => {
      const registry = await lab.cluster.can.registry?.(host);
      if (registry === undefined) throw new Error(`the cluster has no registry ${host}`);
      await registry.setOutage(outage);
      return () => registry.setOutage(false);
    },
  };
}

/** How long a pod that only fetches an image may take, in milliseconds. */
const PULLED_WITHIN = 120_000;

/**
 * A pod of its own runs on one node and is deleted again: that node, and no other, has the image from then on.
 * @param pod what ran there; its node is chosen here
 */
export function imageOnOneNode(pod: NewObject<Pod>): Fault {
  const { namespace = 'default', name = '' } = pod.metadata;
  const image = pod.spec.containers[0]?.image ?? '';
  return {
    name: 'image-on-one-node',
    describe: `pod/${name} ran on one node, which has a copy of ${image} since then.`,
    inject: async (lab) => {
      // Always the same one: a seed is a lab.
      const [nodeName = ''] = workersOf(await lab.kube.list(resources.nodes));
      await lab.kube.create(resources.pods, { ...pod, spec: { ...pod.spec, nodeName } });
      const end = lab.clock.now().getTime() + PULLED_WITHIN;
      while ((await lab.kube.get(resources.pods, namespace, name))?.status.phase !== 'Running') {
        if (lab.clock.now().getTime() > end) throw new Error(`pod/${name} does not run`);
        await lab.clock.wait(1000, lab.signal);
      }
      await lab.kube.delete(resources.pods, namespace, name);
      return async (again) => again.cluster.can.node?.(nodeName).removeImage(image);
    },
  };
}
