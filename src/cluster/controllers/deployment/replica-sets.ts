import { edit, equal } from '../../../core/json.ts';
import type { Deployment, Labels, PodTemplate, ReplicaSet } from '../../../model/objects.ts';
import { DESIRED_REPLICAS, maxSurge } from '../../../model/rollout.ts';
import { byCreation } from '../by-creation.ts';

export const HASH_LABEL = 'pod-template-hash';
export const REVISION = 'deployment.kubernetes.io/revision';
const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';
const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas';
const NOT_COPIED = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  'deprecated.deployment.rollback.to',
]);
const REVISION_HISTORY_LENGTH = 2000;

/** The ReplicaSets of a Deployment: the one with its template, and all others, oldest first. */
export interface OwnReplicaSets {
  readonly current: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
}

export function partitionReplicaSets(deployment: Deployment, sets: readonly ReplicaSet[]): OwnReplicaSets {
  const sorted = [...sets].sort(byCreation);
  const current = sorted.find((set) => sameTemplate(set.spec.template, deployment.spec.template));
  return { current, old: sorted.filter((set) => set !== current) };
}

export function allOf(sets: OwnReplicaSets): ReplicaSet[] {
  return sets.current === undefined ? [...sets.old] : [...sets.old, sets.current];
}

/** Equality but for the hash label, which the controller itself adds. */
export function sameTemplate(a: PodTemplate, b: PodTemplate): boolean {
  return equal(withoutHash(a), withoutHash(b));
}

function withoutHash(template: PodTemplate): unknown {
  const { [HASH_LABEL]: _hash, ...labels } = template.metadata?.labels ?? {};
  const { annotations, labels: _labels, ...rest } = template.metadata ?? {};
  return { metadata: { ...rest, labels, annotations: annotations ?? {} }, spec: template.spec };
}

/** 64 bits; 0 where there is none that can be read. */
export function revisionOf({ metadata }: { metadata: { annotations?: Labels } }): bigint {
  const text = metadata.annotations?.[REVISION] ?? '';
  return /^[-+]?\d+$/.test(text) ? BigInt.asIntN(64, BigInt(text)) : 0n;
}

/** The sum of what the ReplicaSets should have. */
export function specReplicas(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + set.spec.replicas, 0);
}

/** The sum of a status field. */
export function statusReplicas(
  sets: readonly ReplicaSet[],
  field: 'replicas' | 'readyReplicas' | 'availableReplicas' | 'terminatingReplicas',
): number {
  return sets.reduce((sum, set) => sum + (set.status[field] ?? 0), 0);
}

export const isActive = (set: ReplicaSet): boolean => set.spec.replicas > 0;

/** The size of the new ReplicaSet: as large as the surge lets it be. */
export function newReplicaSetSize(deployment: Deployment, sets: readonly ReplicaSet[], own: number): number {
  const wanted = deployment.spec.replicas;
  if (deployment.spec.strategy.type === 'Recreate') return wanted;
  const room = wanted + maxSurge(deployment) - specReplicas(sets);
  return room <= 0 ? own : own + Math.min(room, wanted - own);
}

/** The annotations that tell a later scaling how large the Deployment was. */
export function sizeAnnotations(deployment: Deployment): Labels {
  const { replicas } = deployment.spec;
  return { [DESIRED_REPLICAS]: String(replicas), [MAX_REPLICAS]: String(replicas + maxSurge(deployment)) };
}

/** Whether the Deployment was scaled since its ReplicaSets were looked at last. */
export function wasScaled(deployment: Deployment, sets: readonly ReplicaSet[]): boolean {
  return sets.filter(isActive).some((set) => {
    const desired = set.metadata.annotations?.[DESIRED_REPLICAS];
    return desired !== undefined && Number(desired) !== deployment.spec.replicas;
  });
}

/** What a ReplicaSet gets or loses when the Deployment is scaled in the middle of a rollout. */
export function proportion(deployment: Deployment, set: ReplicaSet, toAdd: number, added: number): number {
  if (set.spec.replicas === 0 || toAdd === 0 || toAdd === added) return 0;
  const share = fraction(deployment, set);
  const allowed = toAdd - added;
  return toAdd > 0 ? Math.min(share, allowed) : Math.max(share, allowed);
}

function fraction(deployment: Deployment, set: ReplicaSet): number {
  if (deployment.spec.replicas === 0) return -set.spec.replicas;
  const annotated = Number(set.metadata.annotations?.[MAX_REPLICAS] ?? deployment.status.replicas ?? 0);
  if (annotated === 0) return 0;
  const size = (set.spec.replicas * (deployment.spec.replicas + maxSurge(deployment))) / annotated;
  return Math.round(size) - set.spec.replicas;
}

/** The annotations of a ReplicaSet with the Deployment's own ones, its revision and (when new) its size. */
export function replicaSetAnnotations(
  deployment: Deployment,
  set: { readonly annotations: Labels; readonly isNew: boolean },
  revision: bigint,
): Labels {
  const annotations = { ...set.annotations };
  for (const [key, value] of Object.entries(deployment.metadata.annotations ?? {})) {
    if (!NOT_COPIED.has(key)) annotations[key] = value;
  }
  const before = annotations[REVISION];
  if (revisionOf({ metadata: { annotations } }) < revision) {
    annotations[REVISION] = String(revision);
    if (before !== undefined) annotations[REVISION_HISTORY] = history(annotations[REVISION_HISTORY], before);
  }
  return set.isNew ? { ...annotations, ...sizeAnnotations(deployment) } : annotations;
}

/** `1,3`: the revisions that a ReplicaSet had before a rollback made it the newest again. */
function history(before: string | undefined, revision: string): string {
  if (before === undefined || before === '') return revision;
  let revisions = before.split(',');
  while (revisions.length > 0 && [...revisions, revision].join(',').length > REVISION_HISTORY_LENGTH) {
    revisions = revisions.slice(1);
  }
  return [...revisions, revision].join(',');
}

export function withSize(set: ReplicaSet, size: number, deployment: Deployment): ReplicaSet {
  return edit(set, (draft) => {
    draft.spec.replicas = size;
    draft.metadata.annotations = { ...draft.metadata.annotations, ...sizeAnnotations(deployment) };
  });
}
