import type { LabelSelector, PodDisruptionBudget } from '../../../model/objects.ts';
import type { AutoscalerSpec, MetricTarget, ScalingRules } from '../defaults/policy.ts';
import type { Draft } from '../defaults/draft.ts';
import { pathSegmentProblems } from './formats.ts';
import type { Problems } from './problems.ts';
import { checkSelector } from './selectors.ts';
import { checkAtMostAll, checkCountOrPercent } from './workloads.ts';

type Spec = AutoscalerSpec & { scaleTargetRef?: { apiVersion?: string; kind?: string; name?: string } };

/** Where each type of metric is described, and whether it is told apart by a resource. */
const SOURCES: Readonly<Record<string, { readonly field: string; readonly ofResource: boolean }>> = {
  ContainerResource: { field: 'containerResource', ofResource: true },
  External: { field: 'external', ofResource: false },
  Object: { field: 'object', ofResource: false },
  Pods: { field: 'pods', ofResource: false },
  Resource: { field: 'resource', ofResource: true },
};
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
  (metrics as Record<string, unknown>[]).forEach((metric, index) => {
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
  if (kind === '') problems.required(`${field}.kind`);
  else problems.invalidFor(`${field}.kind`, kind, pathSegmentProblems(kind));
  if (name === '') problems.required(`${field}.name`);
  else problems.invalidFor(`${field}.name`, name, pathSegmentProblems(name));
  if (!apiVersion.includes('/') && kind !== 'ReplicationController') {
    problems.invalid(`${field}.apiVersion`, apiVersion, 'apiVersion must specify API group');
  }
}

function checkMetric(problems: Problems, field: string, metric: Record<string, unknown>): void {
  const type = (metric['type'] as string | undefined) ?? '';
  const source = SOURCES[type];
  if (type === '') {
    problems.required(`${field}.type`, 'must specify a metric source type');
    return;
  }
  if (source === undefined) {
    problems.unsupported(`${field}.type`, type, Object.keys(SOURCES));
    return;
  }
  const at = `${field}.${source.field}`;
  const described = metric[source.field] as { name?: string; target?: MetricTarget } | undefined;
  if (described === undefined) problems.required(at, 'must populate information for the given metric source');
  else if (source.ofResource) checkResourceMetric(problems, at, described);
  else checkValues(problems, `${at}.target`, described.target);
}

function checkResourceMetric(
  problems: Problems,
  field: string,
  { name = '', target }: { name?: string; target?: MetricTarget },
): void {
  if (name === '') problems.required(`${field}.name`, 'must specify a resource name');
  checkValues(problems, `${field}.target`, target);
  const { averageUtilization, averageValue } = (target ?? {}) as Partial<MetricTarget>;
  if (averageUtilization !== undefined && averageValue !== undefined) {
    const why = 'may not set both a target raw value and a target utilization';
    problems.forbidden(`${field}.target.averageValue`, why);
  } else if (averageUtilization === undefined && averageValue === undefined) {
    const why = 'must set either a target raw value or a target utilization';
    problems.required(`${field}.target.averageUtilization`, why);
  }
}

function checkValues(problems: Problems, field: string, target: MetricTarget | undefined): void {
  const utilization = target?.averageUtilization;
  if (utilization !== undefined && utilization < 1) {
    problems.invalid(`${field}.averageUtilization`, utilization, 'must be greater than 0');
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
