import type { Condition } from '../../../model/objects.ts';

/** What is left in a namespace that is being deleted. */
export interface Remains {
  /** By `plural.group`: `pods.` for the core group. */
  readonly counts: Map<string, number>;
  /** How many objects wait for each finalizer. */
  readonly finalizers: Map<string, number>;
  readonly errors: string[];
  /** How long it is expected to stay. */
  seconds: number;
}

interface Wanted {
  readonly type: string;
  readonly problem: { readonly reason: string; readonly message: string } | undefined;
  readonly ok: { readonly reason: string; readonly message: string };
}

/** The conditions that tell why a namespace is still there. */
export function deletionConditions(
  before: readonly Condition[] | undefined,
  remains: Remains,
  timestamp: string,
): Condition[] {
  const counts = [...remains.counts].map(([name, count]) => `${name} has ${count} resource instances`).sort();
  const finalizers = [...remains.finalizers]
    .map(([name, count]) => `${name} in ${count} resource instances`)
    .sort();
  const wanted: Wanted[] = [
    {
      type: 'NamespaceDeletionDiscoveryFailure',
      problem: undefined,
      ok: { reason: 'ResourcesDiscovered', message: 'All resources successfully discovered' },
    },
    {
      type: 'NamespaceDeletionGroupVersionParsingFailure',
      problem: undefined,
      ok: { reason: 'ParsedGroupVersions', message: 'All legacy kube types successfully parsed' },
    },
    {
      type: 'NamespaceDeletionContentFailure',
      problem:
        remains.errors.length === 0
          ? undefined
          : {
              reason: 'ContentDeletionFailed',
              message: `Failed to delete all resource types, ${remains.errors.length} remaining: ${[...remains.errors].sort().join(', ')}`,
            },
      ok: {
        reason: 'ContentDeleted',
        message: 'All content successfully deleted, may be waiting on finalization',
      },
    },
    {
      type: 'NamespaceContentRemaining',
      problem:
        counts.length === 0
          ? undefined
          : {
              reason: 'SomeResourcesRemain',
              message: `Some resources are remaining: ${counts.join(', ')}`,
            },
      ok: { reason: 'ContentRemoved', message: 'All content successfully removed' },
    },
    {
      type: 'NamespaceFinalizersRemaining',
      problem:
        finalizers.length === 0
          ? undefined
          : {
              reason: 'SomeFinalizersRemain',
              message: `Some content in the namespace has finalizers remaining: ${finalizers.join(', ')}`,
            },
      ok: {
        reason: 'ContentHasNoFinalizers',
        message: 'All content-preserving finalizers finished',
      },
    },
  ];
  const conditions = wanted.map(({ type, problem, ok }): Condition => {
    const condition = { type, status: problem === undefined ? 'False' : 'True', ...(problem ?? ok) } as const;
    const known = before?.find((other) => other.type === type);
    const isSame =
      known?.status === condition.status &&
      known.reason === condition.reason &&
      known.message === condition.message;
    return isSame ? known : { ...condition, lastTransitionTime: timestamp };
  });
  const others = (before ?? []).filter(({ type }) => !wanted.some((one) => one.type === type));
  return [...others, ...conditions];
}
