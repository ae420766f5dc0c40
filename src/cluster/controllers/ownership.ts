import { edit, equal } from '../../core/json.ts';
import type { KubeObject, LabelSelector, OwnerReference } from '../../model/objects.ts';
import { apiVersionOf } from '../../model/resources.ts';
import type { Resource } from '../../model/resources.ts';
import { matchesSelector } from '../../model/selector.ts';
import type { Api, WatchEvent } from '../api.ts';
import { hasFinalizer, withFinalizer, withoutFinalizer } from './finalizers.ts';

/** The owner reference with `controller: true`, if there is one. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true);
}

export function isControlledBy(object: KubeObject, owner: KubeObject): boolean {
  return controllerOf(object)?.uid === owner.metadata.uid;
}

export function controllerReference(resource: Resource, owner: KubeObject): OwnerReference {
  return {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** The controlling owner of an object, if it is of this resource and still the same object (by uid). */
export function resolveController<T extends KubeObject>(
  api: Api,
  resource: Resource<T>,
  object: KubeObject,
): T | undefined {
  const reference = controllerOf(object);
  if (reference?.kind !== resource.kind || reference.apiVersion !== apiVersionOf(resource)) return undefined;
  const owner = api.get(resource, object.metadata.namespace, reference.name);
  return owner?.metadata.uid === reference.uid ? owner : undefined;
}

/**
 * Whom a change of an object concerns: who controls it, who did before, and for one that has become an orphan, or has other
 * labels, all whose selector it matches: one of them may adopt it.
 * @param owners all that there are in a namespace
 */
export function concerned<T extends KubeObject>(
  api: Api,
  resource: Resource<T>,
  { object, old }: WatchEvent,
  owners: (
    namespace: string,
  ) => readonly (KubeObject & { readonly spec: { readonly selector: LabelSelector } })[],
): KubeObject[] {
  const { labels, namespace = '', ownerReferences } = object.metadata;
  const before = old === undefined ? undefined : resolveController(api, resource, old);
  const now = resolveController(api, resource, object);
  const found: KubeObject[] = [before, now].filter((owner) => owner !== undefined);
  const isSame =
    old !== undefined &&
    equal(old.metadata.labels, labels) &&
    equal(old.metadata.ownerReferences, ownerReferences);
  if (controllerOf(object) !== undefined || isSame) return found;
  return [...found, ...owners(namespace).filter(({ spec }) => matchesSelector(spec.selector, labels))];
}

/** A controller's object that others belong to. */
interface Claimant {
  readonly resource: Resource;
  readonly object: KubeObject;
  readonly selector: LabelSelector;
  /** What is put on whatever it adopts, and taken from what it releases. */
  readonly finalizer?: string;
}

/**
 * The objects that belong to a controller: its own ones that the selector matches, orphans that match (adopted
 * here) and without those that no longer match (released here).
 * @throws StatusError when an adoption or release is refused
 */
export function claim<T extends KubeObject>(
  api: Api,
  owner: Claimant,
  resource: Resource<T>,
  candidates: readonly T[],
): T[] {
  const claimed: T[] = [];
  for (const candidate of candidates) {
    const controller = controllerOf(candidate);
    if (controller !== undefined && controller.uid !== owner.object.metadata.uid) continue;
    const matches = matchesSelector(owner.selector, candidate.metadata.labels);
    if (controller !== undefined) {
      if (matches) claimed.push(candidate);
      else if (owner.object.metadata.deletionTimestamp === undefined) {
        release(api, resource, candidate, owner);
      }
      continue;
    }
    const isLeaving =
      owner.object.metadata.deletionTimestamp !== undefined ||
      candidate.metadata.deletionTimestamp !== undefined;
    if (!matches || isLeaving) continue;
    claimed.push(adopt(api, resource, candidate, owner));
  }
  return claimed;
}

function adopt<T extends KubeObject>(
  api: Api,
  resource: Resource<T>,
  object: T,
  { resource: kind, object: owner, finalizer }: Claimant,
): T {
  return api.update(
    resource,
    edit<KubeObject>(object, (draft) => {
      const { metadata } = draft;
      metadata.ownerReferences = [...(metadata.ownerReferences ?? []), controllerReference(kind, owner)];
      if (finalizer !== undefined && !hasFinalizer(draft, finalizer)) withFinalizer(finalizer)(draft);
    }) as T,
  );
}

function release<T extends KubeObject>(
  api: Api,
  resource: Resource<T>,
  object: T,
  { object: owner, finalizer }: Claimant,
): void {
  const { uid } = owner.metadata;
  api.update(
    resource,
    edit<KubeObject>(object, (draft) => {
      const { metadata } = draft;
      metadata.ownerReferences = metadata.ownerReferences?.filter((reference) => reference.uid !== uid) ?? [];
      if (metadata.ownerReferences.length === 0) delete metadata.ownerReferences;
      if (finalizer !== undefined) withoutFinalizer(finalizer)(draft);
    }) as T,
  );
}
