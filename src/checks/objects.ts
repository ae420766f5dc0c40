import { equal } from '../core/json.ts';
import type { AnyObject, KubeObject, PersistentVolumeClaim } from '../model/objects.ts';
import { type Resource, resources } from '../model/resources.ts';
import { objectsOf } from './baseline.ts';
import { type Check, fail, type LabView, pass } from './check.ts';
import { sameProgram } from './client-pod.ts';
import { whyGoing } from './owners.ts';
import { whyNoContainer, whyNotForLong } from './workloads.ts';

/** The object is still the one that was there when the shop was healthy: same uid, not a new one of its name. */
export function sameObject(resource: Resource, namespace: string | undefined, name: string): Check {
  const what = `${resource.kind.toLowerCase()}/${name}`;
  return {
    expected: `${what} is the same object as before`,
    look: async (lab) => {
      const before = lab.baseline.get(resource, namespace, name);
      const other = await whyNotTheSame(lab, what, before, await lab.kube.get(resource, namespace, name));
      return other === undefined ? pass('the same') : fail(other);
    },
  };
}

async function whyNotTheSame(
  lab: LabView,
  what: string,
  before: KubeObject | undefined,
  now: KubeObject | undefined,
): Promise<string | undefined> {
  if (now === undefined) return `${what} does not exist`;
  const going = await whyGoing(lab, now);
  if (going !== undefined) return going;
  return before?.metadata.uid === now.metadata.uid ? undefined : `${what} was deleted and created again`;
}

/** What is more than its text: a new claim is an empty disk, a new Service another address. */
const WITH_IDENTITY: readonly Resource[] = [
  resources.namespaces,
  resources.statefulSets,
  resources.persistentVolumeClaims,
];

/**
 * The namespace, and the StatefulSets, claims and Services that were in it while the shop was healthy, are still the same objects, and
 * the claims have their volumes. Pods and Deployments may be deleted and created again.
 * @param options `services: false` where the fault itself deleted a Service and created it again
 */
export function sameObjects(namespace: string, { services = true } = {}): Check {
  const kinds = services ? [...WITH_IDENTITY, resources.services] : WITH_IDENTITY;
  return {
    expected: `namespace ${namespace} and its StatefulSets, PersistentVolumeClaims${services ? ' and Services' : ''} are the same objects as before`,
    look: async (lab) => {
      for (const resource of kinds) {
        const found = await objectsOf(lab.kube, resource, namespace);
        const now = new Map(found.map((object) => [object.metadata.name, object]));
        for (const before of lab.baseline.list(resource, namespace)) {
          const { name } = before.metadata;
          const what = `${resource.kind.toLowerCase()}/${name}`;
          const wrong =
            (await whyNotTheSame(lab, what, before, now.get(name))) ??
            whyNoVolume(what, before, now.get(name));
          if (wrong !== undefined) return fail(wrong);
        }
      }
      return pass('the same');
    },
  };
}

/** Of a claim. https://kubernetes.io/docs/concepts/storage/persistent-volumes/#binding */
function whyNoVolume(what: string, before: KubeObject, now: KubeObject | undefined): string | undefined {
  if (before.kind !== resources.persistentVolumeClaims.kind) return undefined;
  const [was, is] = [before, now] as PersistentVolumeClaim[];
  return is?.status.phase === 'Bound' && is.spec.volumeName === was?.spec.volumeName
    ? undefined
    : `${what} has lost its volume`;
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
    expected: `${what} of ${kind}/${name} did not change`,
    look: async (lab) => {
      const before = lab.baseline.get(resource, namespace, name);
      const now = await lab.kube.get(resource, namespace, name);
      if (now === undefined) return fail(`${kind}/${name} does not exist`);
      if (before === undefined) return fail(`${kind}/${name} was not there before`);
      const going = whyNotForLong(now);
      if (going !== undefined) return fail(going);
      return equal(part(before), part(now)) ? pass('as before') : fail(`${what} of ${kind}/${name} changed`);
    },
  };
}

/** CoreDNS' ConfigMap is what it was. */
export const corefileKept = (): Check =>
  unchanged({
    resource: resources.configMaps,
    namespace: 'kube-system',
    name: 'coredns',
    what: 'the Corefile',
    part: ({ data }) => data,
  });

/** The namespace has the NetworkPolicies that it had, unchanged, and no other: policies add up. */
export function networkPoliciesKept(namespace: string): Check {
  return kept(namespace, [resources.networkPolicies], `the NetworkPolicies of namespace ${namespace}`);
}

/** What somebody else has in a namespace is theirs: its Deployments, Services, ConfigMaps and NetworkPolicies. */
export function namespaceKept(namespace: string): Check {
  const kinds = [
    resources.deployments,
    resources.services,
    resources.configMaps,
    resources.networkPolicies,
  ] as readonly Resource[];
  return kept(
    namespace,
    kinds,
    `the Deployments, Services, ConfigMaps and NetworkPolicies of namespace ${namespace}`,
  );
}

/** None of these objects is new, gone, or has another spec or other data. */
function kept(namespace: string, kinds: readonly Resource[], what: string): Check {
  const contents = (objects: readonly KubeObject[]): Record<string, unknown> =>
    Object.fromEntries(
      (objects as readonly AnyObject[]).map(({ metadata, spec, data }) => [metadata.name, [spec, data]]),
    );
  return {
    expected: `${what} did not change`,
    look: async (lab) => {
      for (const resource of kinds) {
        const before = contents(lab.baseline.list(resource, namespace));
        const now = contents(await lab.kube.list(resource, { namespace }));
        const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
        const changed = names.find((name) => !equal(before[name], now[name]));
        if (changed !== undefined) return fail(`${resource.kind.toLowerCase()}/${changed} is not as before`);
      }
      return pass('as before');
    },
  };
}

/**
 * The workload still runs its own program: same image, command and files in its own container.
 * @param options `newRelease`: the image is expected to change, the command and the files are not; `releases`: it may
 *   change to one of these images
 */
export function programKept(
  namespace: string,
  name: string,
  options: { newRelease?: boolean; releases?: readonly string[] } = {},
): Check {
  const { releases, newRelease = releases !== undefined } = options;
  return {
    expected: `deployment/${name} runs the program that it ran before`,
    look: async (lab) => {
      const before = lab.baseline.get(resources.deployments, namespace, name);
      const now = await lab.kube.get(resources.deployments, namespace, name);
      if (now === undefined) return fail(`deployment/${name} does not exist`);
      if (before === undefined) return fail(`deployment/${name} was not there before`);
      const nameless = whyNoContainer(name, now.spec.template);
      if (nameless !== undefined) return nameless;
      const image = now.spec.template.spec.containers.find((own) => own.name === name)?.image ?? '';
      if (releases?.includes(image) === false) return fail(`deployment/${name} runs ${image}`);
      return sameProgram(before.spec.template.spec, now.spec.template.spec, name, newRelease)
        ? pass('the same')
        : fail(`${newRelease ? '' : 'image, '}command or files of deployment/${name} changed`);
    },
  };
}
