import { copy, edit, equal } from '../../../core/json.ts';
import type {
  Deployment,
  LabelSelector,
  NewObject,
  PodTemplate,
  ReplicaSet,
} from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import { StatusError } from '../../api.ts';
import type { ControllerContext } from '../controller.ts';
import { controllerReference, isControlledBy } from '../ownership.ts';
import { isNamespaceTerminating } from '../pod-control.ts';
import { conditionOf } from '../pod-state.ts';
import { templateHash } from '../template-hash.ts';
import { hasProgressDeadline, newCondition, setCondition } from './deployment-status.ts';
import {
  HASH_LABEL,
  REVISION,
  newReplicaSetSize,
  replicaSetAnnotations,
  revisionOf,
  sameTemplate,
} from './replica-sets.ts';
import type { OwnReplicaSets } from './replica-sets.ts';

/** Finds or makes the ReplicaSet with a Deployment's template, and numbers the revisions. */
export class NewReplicaSets {
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  /** The same ReplicaSets, with the revision and annotations of the new one brought up to date. */
  find(deployment: Deployment, sets: OwnReplicaSets): OwnReplicaSets {
    const { current, old } = sets;
    if (current === undefined) return sets;
    const revision = nextRevision(old);
    const annotations = replicaSetAnnotations(
      deployment,
      { annotations: current.metadata.annotations ?? {}, isNew: false },
      revision,
    );
    const minReadySeconds = deployment.spec.minReadySeconds ?? 0;
    if (
      !equal(annotations, current.metadata.annotations ?? {}) ||
      minReadySeconds !== (current.spec.minReadySeconds ?? 0)
    ) {
      const changed = edit(current, (draft) => {
        draft.metadata.annotations = annotations;
        draft.spec.minReadySeconds = minReadySeconds;
        if (minReadySeconds === 0) delete draft.spec.minReadySeconds;
      });
      return { current: this.#context.api.update(resources.replicaSets, changed), old };
    }
    const isUnknown =
      hasProgressDeadline(deployment) &&
      conditionOf(deployment.status.conditions, 'Progressing') === undefined;
    this.#write(deployment, String(revisionOf(current)), {
      reason: isUnknown ? 'FoundNewReplicaSet' : undefined,
      message: `Found new replica set "${current.metadata.name}"`,
    });
    return sets;
  }

  /** @returns undefined when the name was taken by something else: the next sync takes another hash */
  findOrCreate(deployment: Deployment, sets: OwnReplicaSets): OwnReplicaSets | undefined {
    if (sets.current !== undefined) return this.find(deployment, sets);
    const hash = templateHash(deployment.spec.template, deployment.status.collisionCount);
    const revision = nextRevision(sets.old);
    const wanted = newReplicaSet(deployment, hash, newReplicaSetSize(deployment, sets.old, 0), revision);
    const created = this.#create(deployment, wanted);
    if (created === undefined) return undefined;
    this.#write(deployment, String(revision), {
      reason: hasProgressDeadline(deployment) ? 'NewReplicaSetCreated' : undefined,
      message: `Created new replica set "${created.metadata.name}"`,
    });
    return { current: created, old: sets.old };
  }

  #create(
    deployment: Deployment,
    wanted: NewObject<ReplicaSet> & { readonly metadata: { readonly name: string } },
  ): ReplicaSet | undefined {
    const { api, events } = this.#context;
    const { name } = wanted.metadata;
    try {
      const created = api.create(resources.replicaSets, wanted);
      const size = created.spec.replicas;
      if (size > 0) {
        events.event(
          deployment,
          'Normal',
          'ScalingReplicaSet',
          `Scaled up replica set ${name} from 0 to ${size}`,
        );
      }
      return created;
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      if (error.reason === 'AlreadyExists') return this.#resolveCollision(deployment, name);
      if (!isNamespaceTerminating(error)) this.#reportFailure(deployment, name, error);
      throw error;
    }
  }

  #resolveCollision(deployment: Deployment, name: string): ReplicaSet | undefined {
    const { api } = this.#context;
    const existing = api.get(resources.replicaSets, deployment.metadata.namespace, name);
    if (
      existing !== undefined &&
      isControlledBy(existing, deployment) &&
      sameTemplate(existing.spec.template, deployment.spec.template)
    ) {
      return existing;
    }
    api.updateStatus(
      resources.deployments,
      edit(deployment, (draft) => {
        draft.status.collisionCount = (draft.status.collisionCount ?? 0) + 1;
      }),
    );
    return undefined;
  }

  #reportFailure(deployment: Deployment, name: string, error: StatusError): void {
    const message = `Failed to create new replica set "${name}": ${error.message}`;
    if (hasProgressDeadline(deployment)) {
      const now = this.#context.simulation.timestamp();
      const condition = newCondition(now, 'Progressing', 'False', 'ReplicaSetCreateError', message);
      this.#context.api.updateStatus(
        resources.deployments,
        edit(deployment, (draft) => {
          draft.status.conditions = setCondition(draft.status.conditions, condition);
        }),
      );
    }
    this.#context.events.event(deployment, 'Warning', 'ReplicaSetCreateError', message);
  }

  /** Writes the Deployment's revision annotation and, where there is a reason, its Progressing condition. */
  #write(
    deployment: Deployment,
    revision: string,
    progress: { readonly reason: string | undefined; readonly message: string },
  ): void {
    const { api, simulation } = this.#context;
    const { reason, message } = progress;
    const { metadata, status } = deployment;
    const condition = newCondition(simulation.timestamp(), 'Progressing', 'True', reason ?? '', message);
    const changed = {
      ...deployment,
      metadata: { ...metadata, annotations: { ...metadata.annotations, [REVISION]: revision } },
      status:
        reason === undefined ? status : { ...status, conditions: setCondition(status.conditions, condition) },
    };
    if (!equal(changed, deployment)) api.updateStatus(resources.deployments, changed, { annotations: true });
  }
}

function nextRevision(old: readonly ReplicaSet[]): bigint {
  return old.map(revisionOf).reduce((last, each) => (each > last ? each : last), 0n) + 1n;
}

function newReplicaSet(
  deployment: Deployment,
  hash: string,
  replicas: number,
  revision: bigint,
): NewObject<ReplicaSet> & { readonly metadata: { readonly name: string } } {
  const template = withHash(deployment.spec.template, hash);
  const { namespace, name } = deployment.metadata;
  const { minReadySeconds } = deployment.spec;
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${name}-${hash}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...template.metadata?.labels },
      annotations: replicaSetAnnotations(deployment, { annotations: {}, isNew: true }, revision),
      ownerReferences: [controllerReference(resources.deployments, deployment)],
    },
    spec: {
      replicas,
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
      selector: withHashSelector(deployment.spec.selector, hash),
      template,
    },
  };
}

function withHash(template: PodTemplate, hash: string): PodTemplate {
  const draft = copy(template);
  draft.metadata = { ...draft.metadata, labels: { ...draft.metadata?.labels, [HASH_LABEL]: hash } };
  return draft;
}

function withHashSelector(selector: LabelSelector, hash: string): LabelSelector {
  const draft = copy(selector);
  draft.matchLabels = { ...draft.matchLabels, [HASH_LABEL]: hash };
  return draft;
}
