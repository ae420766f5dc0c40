import type { FlowSchema, PriorityLevel } from '../../../model/objects.ts';
import type { Draft } from './draft.ts';

/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/priority-level-configuration-v1/ */
export function defaultPriorityLevel({ spec }: Draft<PriorityLevel>): void {
  if (spec === undefined) return;
  if (spec.type === 'Exempt') {
    const exempt = (spec.exempt ??= {});
    exempt.nominalConcurrencyShares ??= 0;
    exempt.lendablePercent ??= 0;
  }
  const { limited } = spec;
  if (limited === undefined) return;
  limited.nominalConcurrencyShares ??= 30;
  limited.lendablePercent ??= 0;
  const queuing = limited.limitResponse?.queuing;
  if (queuing === undefined) return;
  queuing.queues ||= 64;
  queuing.handSize ||= 8;
  queuing.queueLengthLimit ||= 50;
}

/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/flow-schema-v1/ */
export function defaultFlowSchema(schema: Draft<FlowSchema>): void {
  const spec = (schema.spec ??= {});
  spec.matchingPrecedence ||= 1000;
}
