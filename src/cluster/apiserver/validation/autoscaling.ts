import type { LabelSelector, PodDisruptionBudget } from '../../../model/objects.ts';
import { parseQuantity } from '../../../model/quantity.ts';
import type { AutoscalerSpec, ScalingRules } from '../defaults/policy.ts';
import type { Draft } from '../defaults/draft.ts';
import { checkMetric, checkReference, type Metric } from './autoscaler-metrics.ts';
import type { Problems } from './problems.ts';
import { checkSelector } from './selectors.ts';
import { checkAtMostAll, checkCountOrPercent } from './workloads.ts';

type Spec = AutoscalerSpec & { scaleTargetRef?: { apiVersion?: string; kind?: string; name?: string } };

const LONGEST_WINDOW = 3600;
const LONGEST_PERIOD = 1800;

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/ */
export function checkAutoscaler(problems: Problems, { spec = { maxReplicas: 0 } }: { spec?: Spec }): void {
  const {
    minReplicas = 1,
    maxReplicas = 0,
    scaleTargetRef = {},
    metrics = [],
    behavior,
  } = spec as Draft<Spec>;
  if (minReplicas < 1)
    problems.invalid('spec.minReplicas', minReplicas, 'must be greater than or equal to 1');
  if (maxReplicas < 1) problems.required('spec.maxReplicas', 'must be set and greater than 0');
  if (maxReplicas < minReplicas) {
    problems.invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`');
  }
  checkTarget(problems, 'spec.scaleTargetRef', scaleTargetRef);
  (metrics as Metric[]).forEach((metric, index) => {
    checkMetric(problems, `spec.metrics[${index}]`, metric);
  });
  const types = metrics.map((metric) => (metric as { type?: string }).type);
  if (minReplicas === 0 && !types.includes('Object') && !types.includes('External')) {
    const why = 'must specify at least one Object or External metric to support scaling to zero replicas';
    problems.forbidden('spec.metrics', why);
  }
  for (const direction of ['scaleUp', 'scaleDown'] as const) {
    const rules = behavior?.[direction];
    if (rules !== undefined) checkRules(problems, `spec.behavior.${direction}`, rules as ScalingRules);
  }
}

function checkTarget(
  problems: Problems,
  field: string,
  { apiVersion = '', kind = '', name = '' }: Draft<NonNullable<Spec['scaleTargetRef']>>,
): void {
  checkReference(problems, field, { kind, name });
  if (!apiVersion.includes('/') && kind !== 'ReplicationController') {
    problems.invalid(`${field}.apiVersion`, apiVersion, 'apiVersion must specify API group');
  }
}

function checkRules(problems: Problems, field: string, rules: ScalingRules): void {
  const window = rules.stabilizationWindowSeconds ?? 0;
  if (window < 0) {
    problems.invalid(`${field}.stabilizationWindowSeconds`, window, 'must be greater than or equal to zero');
  } else if (window > LONGEST_WINDOW) {
    const why = `must be less than or equal to ${LONGEST_WINDOW}`;
    problems.invalid(`${field}.stabilizationWindowSeconds`, window, why);
  }
  problems.oneOf(`${field}.selectPolicy`, rules.selectPolicy, ['Disabled', 'Max', 'Min']);
  const policies = rules.policies ?? [];
  if (policies.length === 0) problems.required(`${field}.policies`, 'must specify at least one Policy');
  policies.forEach(({ type, value, periodSeconds }, index) => {
    const at = `${field}.policies[${index}]`;
    problems.oneOf(`${at}.type`, type, ['Percent', 'Pods']);
    if (value <= 0) problems.invalid(`${at}.value`, value, 'must be greater than zero');
    if (periodSeconds <= 0)
      problems.invalid(`${at}.periodSeconds`, periodSeconds, 'must be greater than zero');
    if (periodSeconds > LONGEST_PERIOD) {
      problems.invalid(
        `${at}.periodSeconds`,
        periodSeconds,
        `must be less than or equal to ${LONGEST_PERIOD}`,
      );
    }
  });
  const { tolerance } = rules;
  if (tolerance === undefined || parseQuantity(tolerance).nanos >= 0n) return;
  problems.invalid(`${field}.tolerance`, String(tolerance), 'must be greater than or equal to 0');
}

/** https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/pod-disruption-budget-v1/ */
export function checkDisruptionBudget(problems: Problems, { spec = {} }: Draft<PodDisruptionBudget>): void {
  const { minAvailable, maxUnavailable, unhealthyPodEvictionPolicy: policy } = spec;
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    const shown = {
      MinAvailable: minAvailable,
      Selector: spec.selector ?? null,
      MaxUnavailable: maxUnavailable,
      UnhealthyPodEvictionPolicy: policy ?? null,
    };
    problems.invalid('spec', shown, 'minAvailable and maxUnavailable cannot be both set');
  }
  for (const [name, value] of Object.entries({ minAvailable, maxUnavailable })) {
    if (value === undefined) continue;
    checkCountOrPercent(problems, `spec.${name}`, value);
    checkAtMostAll(problems, `spec.${name}`, value);
  }
  checkSelector(problems, 'spec.selector', spec.selector as LabelSelector | undefined);
  problems.oneOf('spec.unhealthyPodEvictionPolicy', policy, ['AlwaysAllow', 'IfHealthyBudget']);
}
