import { edit, equal } from '../../../core/json.ts';
import type { Condition, Namespace, Pod } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import type { Resource } from '../../../model/resources.ts';
import { StatusError } from '../../api.ts';
import { SECOND } from '../../simulation/simulation.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { WorkQueue } from '../work-queue.ts';
import { deletionConditions } from './deletion-conditions.ts';
import type { Remains } from './deletion-conditions.ts';

/** Time for every API server to see the deletion, before its content goes. */
const GRACE = 5 * SECOND;
/** How long an object with finalizers is expected to stay, in seconds. */
const FINALIZER_ESTIMATE = 15;
const FINALIZER = 'kubernetes';
/** Events of the content's end would only be deleted again; the server removes them without finalizers. */
const SYNCHRONOUS = { propagationPolicy: 'Background' } as const;

/** Empties namespaces that are being deleted. https://kubernetes.io/docs/tasks/administer-cluster/namespaces/#deleting-a-namespace */
export function createNamespaceController(context: ControllerContext): Controller {
  const { api, simulation, watches } = context;
  const queue = new WorkQueue(simulation, 'namespace', sync);

  function sync(name: string): void {
    const namespace = api.get(resources.namespaces, undefined, name);
    if (namespace?.metadata.deletionTimestamp === undefined) return;
    if (!(namespace.spec.finalizers ?? []).includes(FINALIZER)) return;
    const remains = deleteContent(name);
    const conditions = deletionConditions(namespace.status.conditions, remains, simulation.timestamp());
    const stored = writeConditions(namespace, conditions);
    if (remains.seconds > 0) {
      queue.after(name, (Math.floor(remains.seconds / 2) + 1) * SECOND);
      return;
    }
    if (remains.errors.length > 0) {
      queue.retry(name);
      return;
    }
    finalize(stored);
  }

  /** Pods first, so that nothing that protects them goes while they still run; the conditions leave them out. */
  function deleteContent(namespace: string): Remains {
    const running = emptyRemains();
    deleteAll(resources.pods, namespace, running);
    if (running.counts.size > 0) {
      return { ...emptyRemains(), errors: running.errors, seconds: running.seconds };
    }
    const remains = emptyRemains();
    for (const resource of context.resources()) {
      if (resource.namespaced && resource.id !== resources.pods.id) deleteAll(resource, namespace, remains);
    }
    return remains;
  }

  function deleteAll(resource: Resource, namespace: string, remains: Remains): void {
    for (const { metadata } of api.list(resource, { namespace })) {
      if (metadata.deletionTimestamp !== undefined && resource.id === resources.pods.id) continue;
      try {
        api.delete(resource, namespace, metadata.name, SYNCHRONOUS);
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
        if (error.code !== 404) remains.errors.push(error.message);
      }
    }
    const left = api.list(resource, { namespace });
    if (left.length === 0) return;
    remains.counts.set(`${resource.plural}.${resource.group}`, left.length);
    for (const object of left) {
      for (const finalizer of object.metadata.finalizers ?? []) {
        remains.finalizers.set(finalizer, (remains.finalizers.get(finalizer) ?? 0) + 1);
      }
      const hasFinalizers = (object.metadata.finalizers ?? []).length > 0;
      const estimate =
        resource.id === resources.pods.id && !hasFinalizers ? graceOf(object as Pod) : FINALIZER_ESTIMATE;
      remains.seconds = Math.max(remains.seconds, estimate);
    }
  }

  function writeConditions(namespace: Namespace, conditions: Condition[]): Namespace {
    if (equal(namespace.status.conditions ?? [], conditions)) return namespace;
    return api.updateStatus(
      resources.namespaces,
      edit(namespace, (draft) => {
        draft.status.conditions = conditions;
      }),
    );
  }

  /** Without its finalizer the namespace can be deleted for good. */
  function finalize(namespace: Namespace): void {
    const { name } = namespace.metadata;
    api.update(
      resources.namespaces,
      edit(namespace, (draft) => {
        draft.spec.finalizers = (draft.spec.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER);
      }),
    );
    const left = api.get(resources.namespaces, undefined, name);
    if (left?.metadata.uid === namespace.metadata.uid && (left.spec.finalizers ?? []).length === 0) {
      api.delete(resources.namespaces, undefined, name, { preconditions: { uid: namespace.metadata.uid } });
    }
  }

  return {
    name: 'namespace-controller',
    start: () => {
      watches.on(resources.namespaces, ({ type, object: { metadata } }) => {
        if (type !== 'DELETED' && metadata.deletionTimestamp !== undefined) queue.after(metadata.name, GRACE);
      });
    },
  };
}

function graceOf(pod: Pod): number {
  return pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds;
}

function emptyRemains(): Remains {
  return { counts: new Map(), finalizers: new Map(), errors: [], seconds: 0 };
}
