import type { Condition, Pod } from '../../../model/objects.ts';
import { conditionOf } from '../pod-state.ts';

/** A change that sets a condition of a pod, with its times. */
export function withCondition(timestamp: string, condition: Condition): (draft: Pod) => void {
  return ({ metadata, status }) => {
    const conditions = status.conditions ?? [];
    const known = conditionOf(conditions, condition.type);
    const isSame = known?.status === condition.status;
    const complete: Condition = {
      ...condition,
      lastProbeTime: null,
      lastTransitionTime: isSame ? (known.lastTransitionTime ?? timestamp) : timestamp,
      ...(metadata.generation === undefined ? {} : { observedGeneration: metadata.generation }),
    };
    status.conditions =
      known === undefined
        ? [...conditions, complete]
        : conditions.map((other) => (other === known ? complete : other));
  };
}
