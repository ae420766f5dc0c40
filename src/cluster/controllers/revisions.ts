import { canonical, edit, equal } from '../../core/json.ts';
import type {
  ControllerRevision,
  KubeObject,
  LabelSelector,
  NewObject,
  PodTemplate,
} from '../../model/objects.ts';
import { resources } from '../../model/resources.ts';
import type { Resource } from '../../model/resources.ts';
import { StatusError } from '../api.ts';
import type { Api } from '../api.ts';
import { claim, controllerReference } from './ownership.ts';
import { templateHash } from './template-hash.ts';

/** A StatefulSet or DaemonSet: what keeps its history in ControllerRevisions. */
export interface RevisionOwner extends KubeObject {
  readonly spec: {
    readonly selector: LabelSelector;
    readonly template: PodTemplate;
    readonly revisionHistoryLimit: number;
  };
}

/** Oldest first. */
export function ownRevisions(api: Api, resource: Resource, owner: RevisionOwner): ControllerRevision[] {
  const { namespace = '' } = owner.metadata;
  return claim(
    api,
    { resource, object: owner, selector: owner.spec.selector },
    resources.controllerRevisions,
    api.list(resources.controllerRevisions, { namespace }),
  ).sort((a, b) => a.revision - b.revision || (a.metadata.name < b.metadata.name ? -1 : 1));
}

/**
 * The revision with the owner's template: a new one, or an old one with the newest number (a rollback).
 * https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/controller-revision-v1/
 * @param hashLabel the label that carries the hash
 */
export function updateRevision(
  api: Api,
  resource: Resource,
  owner: RevisionOwner,
  revisions: readonly ControllerRevision[],
  hashLabel: string,
): ControllerRevision {
  const data = { spec: { template: { $patch: 'replace', ...owner.spec.template } } };
  const newest = revisions.at(-1);
  const next = (newest?.revision ?? 0) + 1;
  const same = revisions.filter((revision) => equal(revision.data, data)).at(-1);
  if (same !== undefined) {
    if (same === newest) return same;
    return api.update(
      resources.controllerRevisions,
      edit(same, (draft) => {
        draft.revision = next;
      }),
    );
  }
  return createRevision(api, resource, owner, { data, revision: next, hashLabel });
}

function createRevision(
  api: Api,
  resource: Resource,
  owner: RevisionOwner,
  wanted: { readonly data: unknown; readonly revision: number; readonly hashLabel: string },
): ControllerRevision {
  const { namespace, name, annotations } = owner.metadata;
  for (let collisions = 0; ; collisions++) {
    const hash = templateHash(wanted.data, collisions);
    const revision: NewObject<ControllerRevision> = {
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      metadata: {
        name: `${name}-${hash}`,
        ...(namespace === undefined ? {} : { namespace }),
        labels: { ...owner.spec.template.metadata?.labels, [wanted.hashLabel]: hash },
        ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
        ownerReferences: [controllerReference(resource, owner)],
      },
      // Clients compare it as text, in the order in which Go writes maps.
      data: JSON.parse(canonical(wanted.data)) as unknown,
      revision: wanted.revision,
    };
    try {
      return api.create(resources.controllerRevisions, revision);
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error;
      const existing = api.get(resources.controllerRevisions, namespace, `${name}-${hash}`);
      if (existing !== undefined && equal(existing.data, wanted.data)) return existing;
    }
  }
}

/** The template that a revision holds. */
export function templateOf(revision: ControllerRevision): PodTemplate {
  const { $patch: _patch, ...template } = (
    revision.data as { spec: { template: PodTemplate & { $patch?: string } } }
  ).spec.template;
  return template;
}

/** Deletes the oldest revisions beyond the limit that no pod is of. */
export function truncateHistory(
  api: Api,
  owner: RevisionOwner,
  revisions: readonly ControllerRevision[],
  live: ReadonlySet<string>,
): void {
  const unused = revisions.filter(({ metadata }) => !live.has(metadata.name));
  for (const { metadata } of unused.slice(0, Math.max(0, unused.length - owner.spec.revisionHistoryLimit))) {
    api.delete(resources.controllerRevisions, metadata.namespace, metadata.name);
  }
}
