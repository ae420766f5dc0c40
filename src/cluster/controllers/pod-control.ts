import { copy } from '../../core/json.ts';
import type { KubeObject, NewObject, OwnerReference, Pod, PodTemplate } from '../../model/objects.ts';
import { resources } from '../../model/resources.ts';
import { StatusError } from '../api.ts';
import type { Api, EventRecorder } from '../api.ts';
import type { RequestPace } from './request-pace.ts';

/** Creates and deletes the pods of a controller, with the events that tell of it, as fast as it may. */
export class PodControl {
  readonly #api: Api;
  readonly #events: EventRecorder;
  readonly #pace: RequestPace;

  constructor(api: Api, events: EventRecorder, pace: RequestPace) {
    this.#api = api;
    this.#events = events;
    this.#pace = pace;
  }

  /** @throws StatusError after the FailedCreate event; a namespace that is being deleted gets no event. */
  create(owner: KubeObject, pod: NewObject<Pod>): Pod {
    this.#pace.spend();
    try {
      const created = this.#api.create(resources.pods, pod);
      this.#events.event(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${created.metadata.name}`);
      return created;
    } catch (error) {
      if (error instanceof StatusError && !isNamespaceTerminating(error)) {
        this.#events.event(owner, 'Warning', 'FailedCreate', `Error creating: ${error.message}`);
      }
      throw error;
    }
  }

  /** A pod that has gone already is no error. @throws StatusError after the FailedDelete event */
  delete(owner: KubeObject, pod: Pod): void {
    const { namespace, name } = pod.metadata;
    this.#pace.spend();
    try {
      this.#api.delete(resources.pods, namespace, name);
      this.#events.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      if (error.code === 404) return;
      this.#events.event(owner, 'Warning', 'FailedDelete', `Error deleting: ${error.message}`);
      throw error;
    }
  }
}

/** A pod as its controller's template says. */
export function podFromTemplate(
  template: PodTemplate,
  owner: KubeObject,
  reference: OwnerReference,
): NewObject<Pod> & { metadata: Pod['metadata'] } {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${owner.metadata.name}-`,
      ...(owner.metadata.namespace === undefined ? {} : { namespace: owner.metadata.namespace }),
      ...(labels === undefined ? {} : { labels: { ...labels } }),
      ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
      ...(finalizers === undefined ? {} : { finalizers: [...finalizers] }),
      ownerReferences: [reference],
    },
    spec: copy(template.spec),
  } as NewObject<Pod> & { metadata: Pod['metadata'] };
}

/**
 * Calls `create` in batches of 1, 2, 4, … and stops after the batch in which one failed, so that a full quota is
 * not hammered with a hundred requests.
 * @returns the first error, if there was one
 */
export function slowStart(count: number, create: () => void): StatusError | undefined {
  let remaining = count;
  for (let batch = 1; remaining > 0; batch = Math.min(2 * batch, remaining)) {
    let failure: StatusError | undefined;
    for (let index = 0; index < Math.min(batch, remaining); index++) {
      try {
        create();
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
        failure ??= error;
      }
    }
    if (failure !== undefined) return failure;
    remaining -= batch;
  }
  return undefined;
}

export function isNamespaceTerminating(error: StatusError): boolean {
  return error.status.details?.causes?.some((cause) => cause.reason === 'NamespaceTerminating') === true;
}
