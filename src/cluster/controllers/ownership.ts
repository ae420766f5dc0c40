import { edit } from '../../core/json.ts';
import type { KubeObject, LabelSelector, OwnerReference } from '../../model/objects.ts';
import { apiVersionOf } from '../../model/resources.ts';
import type { Resource } from '../../model/resources.ts';
import { matchesSelector } from '../../model/selector.ts';
import type { Api } from '../api.ts';

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
 * The objects that belong to a controller: its own ones that the selector matches, orphans that match (adopted
 * here) and without those that no longer match (released here).
 * @throws StatusError when an adoption or release is refused
 */
export function claim<T extends KubeObject>(
  api: Api,
  owner: { readonly resource: Resource; readonly object: KubeObject; readonly selector: LabelSelector },
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
        release(api, resource, candidate, controller.uid);
      }
      continue;
    }
    const isLeaving =
      owner.object.metadata.deletionTimestamp !== undefined ||
      candidate.metadata.deletionTimestamp !== undefined;
    if (!matches || isLeaving) continue;
    claimed.push(adopt(api, resource, candidate, controllerReference(owner.resource, owner.object)));
  }
  return claimed;
}

function adopt<T extends KubeObject>(
  api: Api,
  resource: Resource<T>,
  object: T,
  reference: OwnerReference,
): T {
  return api.update(
    resource,
    edit<KubeObject>(object, ({ metadata }) => {
      metadata.ownerReferences = [...(metadata.ownerReferences ?? []), reference];
    }) as T,
  );
}

function release<T extends KubeObject>(api: Api, resource: Resource<T>, object: T, uid: string): void {
  api.update(
    resource,
    edit<KubeObject>(object, ({ metadata }) => {
      metadata.ownerReferences = metadata.ownerReferences?.filter((reference) => reference.uid !== uid) ?? [];
      if (metadata.ownerReferences.length === 0) delete metadata.ownerReferences;
    }) as T,
  );
}
