import type { KubeObject, OwnerReference } from '../model/objects.ts';
import { type Resource, resources } from '../model/resources.ts';
import type { LabView } from './check.ts';
import { whyNotForLong } from './workloads.ts';

/** What comes and goes: what it owns, the garbage collector deletes after it. */
const PASSING: readonly string[] = [resources.pods, resources.jobs, resources.replicaSets].map(
  ({ kind }) => kind,
);

/**
 * @param seen uids of those that it owns itself: who own each other stay
 * @returns why an object will not be there tomorrow: it is being deleted, or none of its owners will be there
 *   https://kubernetes.io/docs/concepts/architecture/garbage-collection/#owners-dependents
 */
export async function whyGoing(
  lab: LabView,
  object: KubeObject,
  seen: readonly string[] = [],
): Promise<string | undefined> {
  const { kind, metadata } = object;
  const going = whyNotForLong(object);
  if (going !== undefined) return going;
  const reasons: string[] = [];
  for (const owner of metadata.ownerReferences ?? []) {
    const why = await whyOwnerGoes(lab, metadata.namespace, owner, [...seen, metadata.uid]);
    // One that stays is enough.
    if (why === undefined) return undefined;
    reasons.push(why);
  }
  return reasons.length === 0
    ? undefined
    : `${kind.toLowerCase()}/${metadata.name} will be deleted together with ${reasons[0]}`;
}

async function whyOwnerGoes(
  lab: LabView,
  namespace: string | undefined,
  { apiVersion, kind, name, uid }: OwnerReference,
  seen: readonly string[],
): Promise<string | undefined> {
  const owner = `${kind.toLowerCase()}/${name}`;
  if (PASSING.includes(kind)) return `${owner}, which owns it (ownerReferences)`;
  if (seen.includes(uid)) return undefined;
  const resource = Object.values<Resource>(resources).find(
    (one) => one.kind === kind && one.group === groupOf(apiVersion),
  );
  // Nobody here knows how long others' own kinds stay.
  if (resource === undefined) return undefined;
  const found = await lab.kube.get(resource, resource.namespaced ? namespace : undefined, name);
  if (found?.metadata.uid !== uid) return `${owner}, which owns it (ownerReferences) and does not exist`;
  const why = await whyGoing(lab, found, seen);
  return why && `its owner: ${why}`;
}

const groupOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
