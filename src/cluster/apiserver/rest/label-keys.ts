import type { Labels, LabelSelector, Pod, PodAffinity, PodAffinityTerm } from '../../../model/objects.ts';
import type { Draft } from '../defaults/draft.ts';

/** What a term of an affinity and a topologySpreadConstraint have in common. */
type Keyed = Draft<Pick<PodAffinityTerm, 'labelSelector' | 'matchLabelKeys' | 'mismatchLabelKeys'>>;

/**
 * The values that a pod has for the keys of its rules become parts of their selectors when it is made: the scheduler knows nothing
 * of the keys.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#matchlabelkeys
 */
export function mergeLabelKeys({ metadata, spec }: Draft<Pod>): void {
  const labels = (metadata?.labels ?? {}) as Labels;
  const { affinity, topologySpreadConstraints = [] } = spec ?? {};
  const rules = [
    ...termsOf(affinity?.podAffinity),
    ...termsOf(affinity?.podAntiAffinity),
    ...topologySpreadConstraints,
  ];
  for (const rule of rules) merge(rule, labels);
}

const termsOf = ({
  requiredDuringSchedulingIgnoredDuringExecution: required = [],
  preferredDuringSchedulingIgnoredDuringExecution: preferred = [],
}: Draft<PodAffinity> = {}): Keyed[] => [
  ...required,
  ...preferred.flatMap(({ podAffinityTerm }) => podAffinityTerm ?? []),
];

/** No selector fits nobody, whatever the keys. */
function merge({ labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] }: Keyed, labels: Labels): void {
  if (labelSelector === undefined) return;
  const added = [
    ...requirements(matchLabelKeys, 'In', labels),
    ...requirements(mismatchLabelKeys, 'NotIn', labels),
  ];
  if (added.length === 0) return;
  labelSelector.matchExpressions = [...(labelSelector.matchExpressions ?? []), ...added];
}

/** A key that the pod does not have as a label says nothing. */
const requirements = (
  keys: readonly string[],
  operator: 'In' | 'NotIn',
  labels: Labels,
): NonNullable<LabelSelector['matchExpressions']> =>
  keys.flatMap((key) => {
    const value = labels[key];
    return value === undefined ? [] : [{ key, operator, values: [value] }];
  });
