import type { AnyObject, Namespace, ObjectMeta, Pod } from '../../../model/objects.ts';
import { isOver } from '../../../model/pod-phase.ts';
import type { DeleteOptions } from '../../api.ts';
import type { Simulation } from '../../simulation/simulation.ts';
import { SECOND } from '../../simulation/simulation.ts';
import type { Store } from '../../store/store.ts';
import { definitions } from '../custom/definition.ts';
import { CLEANUP_FINALIZER } from '../custom/establishing.ts';
import type { ResourceInfo } from '../resource-registry.ts';
import { conflict, notFound } from '../status.ts';
import { inOrder } from './metadata.ts';
import type { WriteContext } from './write-context.ts';
import type { Target, Writer } from './writer.ts';

const FOREGROUND_FINALIZER = 'foregroundDeletion';
const ORPHAN_FINALIZER = 'orphan';

/** Kinds whose dependents stay when a client says nothing, for the sake of very old clients. */
const ORPHANS_BY_DEFAULT: ReadonlySet<string> = new Set(['jobs.batch', 'replicationcontrollers']);

/** What a deletion led to. */
export interface Deletion {
  /** The last state: removed, or waiting for its finalizers or for the end of its grace period. */
  readonly object: AnyObject;
  readonly removed: boolean;
}

/**
 * Deletes as the API does: pods gracefully, everything only after its finalizers, dependents as the propagation
 * policy says. https://kubernetes.io/docs/concepts/architecture/garbage-collection/
 */
export class Deleter {
  readonly #simulation: Simulation;
  readonly #store: Store;
  readonly #writer: Writer;

  constructor(parts: { simulation: Simulation; store: Store; writer: Writer }) {
    this.#simulation = parts.simulation;
    this.#store = parts.store;
    this.#writer = parts.writer;
  }

  /** @throws StatusError 404, or 409 where a precondition does not hold, or what an admission plugin says */
  delete(context: WriteContext, { info, namespace, name }: Target, options: DeleteOptions): Deletion {
    const old = this.#store.get(info.storage, namespace, name);
    if (old === undefined) throw notFound(info.resource, name);
    checkPreconditions(info, old, options);
    this.#writer.admit(context, info, 'DELETE', { old });
    if (info.storage === 'namespaces') {
      const waiting = this.#terminateNamespace(context, info, old as AnyObject & Namespace);
      if (waiting !== undefined) return waiting;
    }
    const grace = info.storage === 'pods' ? gracePeriodOf(old as AnyObject & Pod, options) : 0;
    const finalizers = finalizersFor(info, old, options);

    if (old.metadata.deletionTimestamp !== undefined) {
      return this.#deleteAgain(context, info, old, finalizers, options);
    }
    const marked = { ...old, metadata: this.#marked(old.metadata, grace, finalizers) };
    if (grace > 0 || finalizers.length > 0)
      return { object: this.#put(context, info, marked), removed: false };
    // A pod without grace is marked and removed, as two changes; anything else just goes.
    return this.#remove(context, info, info.storage === 'pods' ? this.#put(context, info, marked) : old);
  }

  /** Someone has asked before: only a shorter grace period or other finalizers make a difference. */
  #deleteAgain(
    context: WriteContext,
    info: ResourceInfo,
    old: AnyObject,
    finalizers: string[],
    options: DeleteOptions,
  ): Deletion {
    const { deletionGracePeriodSeconds: before = 0, deletionTimestamp = '' } = old.metadata;
    const asked = options.gracePeriodSeconds;
    const period = asked === undefined ? before : Math.min(before, asked < 0 ? 1 : asked);
    const due = Date.parse(deletionTimestamp) * 1000 - (before - period) * SECOND;
    const metadata: ObjectMeta = {
      ...old.metadata,
      finalizers,
      ...(period < before && {
        deletionTimestamp: this.#simulation.timestamp(due),
        deletionGracePeriodSeconds: period,
      }),
    };
    const changed = period < before || finalizers.join() !== (old.metadata.finalizers ?? []).join();
    const object = changed ? this.#put(context, info, { ...old, metadata }) : old;
    if (period > 0 || finalizers.length > 0) return { object, removed: false };
    return this.#remove(context, info, object);
  }

  #marked(metadata: ObjectMeta, grace: number, finalizers: string[]): ObjectMeta {
    return {
      ...metadata,
      ...(metadata.generation !== undefined && { generation: metadata.generation + 1 }),
      deletionTimestamp: this.#simulation.timestamp(this.#simulation.now + grace * SECOND),
      deletionGracePeriodSeconds: grace,
      finalizers,
    };
  }

  /** A namespace goes when the namespace controller has emptied it and taken `kubernetes` off its finalizers. */
  #terminateNamespace(
    context: WriteContext,
    info: ResourceInfo,
    old: AnyObject & Namespace,
  ): Deletion | undefined {
    const finalizers = (old['spec'] as { finalizers?: string[] } | undefined)?.finalizers ?? [];
    if (finalizers.length === 0) return undefined;
    if (old.metadata.deletionTimestamp !== undefined) return { object: old, removed: false };
    const metadata = { ...old.metadata, deletionTimestamp: this.#simulation.timestamp() };
    const object = { ...old, metadata, status: { ...old.status, phase: 'Terminating' } };
    return { object: this.#put(context, info, object), removed: false };
  }

  #put(context: WriteContext, info: ResourceInfo, object: AnyObject): AnyObject {
    const result = inOrder(object);
    return context.dryRun ? result : this.#store.put(info.storage, result);
  }

  #remove(context: WriteContext, info: ResourceInfo, object: AnyObject): Deletion {
    if (context.dryRun) return { object, removed: true };
    const { namespace = '', name } = object.metadata;
    return { object: this.#store.remove(info.storage, namespace, name) ?? object, removed: true };
  }
}

function checkPreconditions(info: ResourceInfo, old: AnyObject, { preconditions }: DeleteOptions): void {
  // The server names the kind here where it names the resource elsewhere.
  const { group, kind } = info.resource;
  const named = { group, plural: kind, id: group === '' ? kind : `${kind}.${group}` };
  const { uid, resourceVersion, name } = old.metadata;
  if (preconditions?.uid !== undefined && preconditions.uid !== uid) {
    throw conflict(
      named,
      name,
      `the UID in the precondition (${preconditions.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
    );
  }
  if (preconditions?.resourceVersion !== undefined && preconditions.resourceVersion !== resourceVersion) {
    throw conflict(
      named,
      name,
      `the ResourceVersion in the precondition (${preconditions.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`,
    );
  }
}

/** https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination */
function gracePeriodOf(pod: Pod, { gracePeriodSeconds }: DeleteOptions): number {
  const running = (pod.spec.nodeName ?? '') !== '';
  if (!running || isOver(pod.status)) return 0;
  const period = gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds;
  return period < 0 ? 1 : period;
}

/** The finalizers that the garbage collector works through, as the propagation policy asks for. */
function finalizersFor(info: ResourceInfo, old: AnyObject, options: DeleteOptions): string[] {
  const existing = cleanedUp(info, old);
  const others = existing.filter((name) => name !== FOREGROUND_FINALIZER && name !== ORPHAN_FINALIZER);
  switch (options.propagationPolicy) {
    case 'Foreground':
      return [...others, FOREGROUND_FINALIZER];
    case 'Orphan':
      return [...others, ORPHAN_FINALIZER];
    case 'Background':
      return others;
    default:
      if (existing.length > others.length || !ORPHANS_BY_DEFAULT.has(info.storage)) return [...existing];
      return [...others, ORPHAN_FINALIZER];
  }
}

/** A definition goes after its objects. */
function cleanedUp(info: ResourceInfo, { metadata }: AnyObject): readonly string[] {
  const { finalizers = [], deletionTimestamp } = metadata;
  const holds = info.storage === definitions.id && deletionTimestamp === undefined;
  return holds && !finalizers.includes(CLEANUP_FINALIZER) ? [...finalizers, CLEANUP_FINALIZER] : finalizers;
}
