import { edit, equal } from '../../../core/json.ts';
import type { KubeObject, OwnerReference } from '../../../model/objects.ts';
import type { Resource } from '../../../model/resources.ts';
import { StatusError } from '../../api.ts';
import type { WatchEvent } from '../../api.ts';
import { SECOND } from '../../simulation/simulation.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { hasFinalizer, withoutFinalizer } from '../finalizers.ts';
import { WorkQueue } from '../work-queue.ts';
import { OwnershipGraph } from './ownership-graph.ts';
import type { GraphNode } from './ownership-graph.ts';

const FOREGROUND = 'foregroundDeletion';
const ORPHAN = 'orphan';
/** How often new kinds of resources (custom ones) are looked for. */
const DISCOVERY_PERIOD = 30 * SECOND;
/** Its objects own nothing and are owned by nothing. */
const IGNORED = new Set(['events', 'events.events.k8s.io']);

/** Deletes what has lost its owners. https://kubernetes.io/docs/concepts/architecture/garbage-collection/ */
export function createGarbageCollector(context: ControllerContext): Controller {
  const { api, events, simulation, watches } = context;
  const graph = new OwnershipGraph();
  const queue = new WorkQueue(simulation, 'garbage-collector', sync);
  const watched = new Set<string>();

  function sync(uid: string): void {
    const node = graph.node(uid);
    if (node === undefined) return;
    const object = current(node);
    if (object === undefined) return;
    if (object.metadata.deletionTimestamp !== undefined) {
      finishDeletion(node, object);
      return;
    }
    collect(node, object);
  }

  /** Works through the finalizers that a deletion left for the garbage collector. */
  function finishDeletion(node: GraphNode, object: KubeObject): void {
    if (hasFinalizer(object, ORPHAN)) {
      for (const dependent of graph.dependentsOf(node.uid)) removeOwners(dependent, new Set([node.uid]));
      removeFinalizer(node, object, ORPHAN);
      return;
    }
    if (!hasFinalizer(object, FOREGROUND)) return;
    const dependents = graph.dependentsOf(node.uid);
    const blocking = dependents.filter((dependent) =>
      dependent.owners.some((owner) => owner.uid === node.uid && owner.blockOwnerDeletion === true),
    );
    for (const dependent of dependents) queue.add(dependent.uid);
    if (blocking.length === 0) removeFinalizer(node, object, FOREGROUND);
  }

  /** Deletes the object if nobody owns it any more. */
  function collect(node: GraphNode, object: KubeObject): void {
    const owners = object.metadata.ownerReferences ?? [];
    if (owners.length === 0) return;
    const solid: OwnerReference[] = [];
    const dangling: OwnerReference[] = [];
    const waiting: OwnerReference[] = [];
    for (const owner of owners) {
      const found = resolve(node, owner);
      if (found === undefined) dangling.push(owner);
      else if (isWaitingForDependents(found)) waiting.push(owner);
      else solid.push(owner);
    }
    if (solid.length > 0) {
      const gone = [...dangling, ...waiting];
      if (gone.length > 0) removeOwners(node, new Set(gone.map(({ uid }) => uid)));
      return;
    }
    const hasDependents = graph.dependentsOf(node.uid).length > 0;
    if (waiting.length > 0 && hasDependents) {
      // In a circle each would wait for the next for ever.
      if (graph.dependentsOf(node.uid).some(isBeingEmptied)) unblockOwners(node);
      remove(node, object, 'Foreground');
      return;
    }
    remove(node, object, policyOf(object));
  }

  function isBeingEmptied(node: GraphNode): boolean {
    const object = current(node);
    return object !== undefined && isWaitingForDependents(object);
  }

  function unblockOwners(node: GraphNode): void {
    editMetadata(node, (metadata) => {
      for (const owner of metadata.ownerReferences ?? []) owner.blockOwnerDeletion = false;
    });
  }

  /** The object of a node as it is now; undefined where it is gone, or another one has its name. */
  function current({ resource, namespace, name, uid }: GraphNode): KubeObject | undefined {
    const object = api.get(resource, namespace, name);
    return object?.metadata.uid === uid ? object : undefined;
  }

  function editMetadata(node: GraphNode, change: (metadata: KubeObject['metadata']) => void): void {
    const object = current(node);
    if (object === undefined) return;
    ignoringAbsence(() => {
      api.update(
        node.resource,
        edit(object, (draft) => change(draft.metadata)),
      );
    });
  }

  /** The owner as it is now. An owner with another namespace than its dependent counts as absent. */
  function resolve(node: GraphNode, reference: OwnerReference): KubeObject | undefined {
    const resource = context
      .resources()
      .find(({ group, kind }) => kind === reference.kind && group === groupOf(reference.apiVersion));
    if (resource === undefined) return undefined;
    const found = api.get(resource, resource.namespaced ? node.namespace : undefined, reference.name);
    if (found?.metadata.uid === reference.uid) return found;
    const elsewhere = graph.node(reference.uid);
    if (elsewhere !== undefined && elsewhere.namespace !== node.namespace && resource.namespaced) {
      events.event(
        node.reference,
        'Warning',
        'OwnerRefInvalidNamespace',
        `ownerRef [${describe(reference)}] does not exist in namespace "${node.namespace ?? ''}"`,
      );
    }
    return undefined;
  }

  function remove(
    node: GraphNode,
    object: KubeObject,
    propagationPolicy: 'Background' | 'Foreground' | 'Orphan',
  ): void {
    const { uid } = object.metadata;
    const { resourceVersion } = (api.get(node.resource, node.namespace, node.name) ?? object).metadata;
    ignoringAbsence(() => {
      api.delete(node.resource, node.namespace, node.name, {
        propagationPolicy,
        preconditions: { uid, resourceVersion },
      });
    });
  }

  function removeOwners(node: GraphNode, uids: ReadonlySet<string>): void {
    editMetadata(node, (metadata) => {
      const left = metadata.ownerReferences?.filter(({ uid }) => !uids.has(uid)) ?? [];
      if (left.length > 0) metadata.ownerReferences = left;
      else delete metadata.ownerReferences;
    });
  }

  function removeFinalizer(node: GraphNode, object: KubeObject, finalizer: string): void {
    ignoringAbsence(() => {
      api.update(node.resource, edit(object, withoutFinalizer(finalizer)));
    });
  }

  function onChange(resource: Resource, { type, object, old }: WatchEvent): void {
    const { uid } = object.metadata;
    if (type === 'MODIFIED' && old !== undefined && !concerns(old, object)) return;
    if (type === 'DELETED') {
      const node = graph.node(uid);
      for (const dependent of graph.dependentsOf(uid)) queue.add(dependent.uid);
      // An owner that waits for its dependents may be done.
      for (const owner of node?.owners ?? []) queue.add(owner.uid);
      graph.delete(uid);
      return;
    }
    // An owner that waits may no longer have to.
    for (const owner of graph.node(uid)?.owners ?? []) {
      if (owner.blockOwnerDeletion === true) queue.add(owner.uid);
    }
    graph.set(resource, object);
    const isDeleted = object.metadata.deletionTimestamp !== undefined;
    if (isDeleted || (object.metadata.ownerReferences ?? []).length > 0) queue.add(uid);
  }

  function discover(): void {
    for (const resource of context.resources()) {
      if (watched.has(resource.id) || IGNORED.has(resource.id)) continue;
      watched.add(resource.id);
      watches.on(resource, (event) => {
        onChange(resource, event);
      });
    }
  }

  function rediscover(): void {
    simulation.after(DISCOVERY_PERIOD, 'controller/garbage-collector', () => {
      discover();
      watches.open();
      rediscover();
    });
  }

  return {
    name: 'garbage-collector-controller',
    start: () => {
      discover();
      rediscover();
    },
  };
}

/** Whether a change has to do with ownership or deletion; most (statuses, leases) have not. */
function concerns({ metadata: old }: KubeObject, { metadata }: KubeObject): boolean {
  return (
    old.deletionTimestamp !== metadata.deletionTimestamp ||
    !equal(old.ownerReferences, metadata.ownerReferences) ||
    !equal(old.finalizers, metadata.finalizers)
  );
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

function isWaitingForDependents(object: KubeObject): boolean {
  return object.metadata.deletionTimestamp !== undefined && hasFinalizer(object, FOREGROUND);
}

/** A deletion that the object itself was asked for goes on in the way it was asked. */
function policyOf(object: KubeObject): 'Background' | 'Foreground' | 'Orphan' {
  if (hasFinalizer(object, ORPHAN)) return 'Orphan';
  return hasFinalizer(object, FOREGROUND) ? 'Foreground' : 'Background';
}

/** As Go prints the reference in the event. */
function describe({
  apiVersion,
  kind,
  namespace,
  name,
  uid,
}: OwnerReference & { namespace?: string }): string {
  return `${apiVersion}/${kind}, namespace: ${namespace ?? ''}, name: ${name}, uid: ${uid}`;
}

/** What has gone or changed in the meantime is told by a watch. */
function ignoringAbsence(write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 404) throw error;
  }
}
