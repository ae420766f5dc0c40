import type { NetworkPolicy, Quantity, Role, RoleBinding } from '../../../model/objects.ts';
import type { Draft } from './draft.ts';
import { canonicalField } from './quantities.ts';

export function defaultNetworkPolicy(policy: Draft<NetworkPolicy>): void {
  const spec = (policy.spec ??= {});
  spec.podSelector ??= {};
  if (spec.policyTypes === undefined || spec.policyTypes.length === 0) {
    spec.policyTypes =
      spec.egress === undefined || spec.egress.length === 0 ? ['Ingress'] : ['Ingress', 'Egress'];
  }
  for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) {
    for (const port of rule.ports ?? []) port.protocol ??= 'TCP';
  }
}

/** https://kubernetes.io/docs/concepts/services-networking/ingress/#ingressclass-scope */
export function defaultIngressClass({ spec }: { spec?: { parameters?: { scope?: string } } }): void {
  if (spec?.parameters !== undefined) spec.parameters.scope ??= 'Cluster';
}

const RBAC = 'rbac.authorization.k8s.io';

/** No rules are stored as null. */
export function defaultRole(role: Draft<Role>): void {
  if (role.rules === undefined || role.rules?.length === 0) role.rules = null;
}

export function defaultRoleBinding(binding: Draft<RoleBinding>): void {
  (binding.roleRef ??= {}).apiGroup ||= RBAC;
  for (const subject of binding.subjects ?? []) {
    if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ||= RBAC;
  }
}

export interface ScalingRules {
  stabilizationWindowSeconds?: number;
  selectPolicy?: string;
  policies?: { type: string; value: number; periodSeconds: number }[];
  tolerance?: Quantity;
}
export interface MetricTarget {
  type: string;
  value?: Quantity;
  averageValue?: Quantity;
  averageUtilization?: number;
}
export interface AutoscalerSpec {
  minReplicas?: number;
  maxReplicas: number;
  metrics?: Record<string, { target?: MetricTarget } | string>[];
  behavior?: { scaleUp?: ScalingRules; scaleDown?: ScalingRules };
}

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/ */
export function defaultAutoscaler(autoscaler: { spec?: AutoscalerSpec }): void {
  const spec = autoscaler.spec;
  if (spec === undefined) return;
  spec.minReplicas ??= 1;
  if (spec.metrics === undefined || spec.metrics.length === 0) {
    spec.metrics = [
      {
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
      } as never,
    ];
  }
  for (const metric of spec.metrics) for (const source of Object.values(metric)) canonicalTarget(source);
  const behavior = spec.behavior;
  if (behavior === undefined) return;
  fillRules((behavior.scaleUp ??= {}), {
    stabilizationWindowSeconds: 0,
    policies: [
      { type: 'Pods', value: 4, periodSeconds: 15 },
      { type: 'Percent', value: 100, periodSeconds: 15 },
    ],
  });
  fillRules((behavior.scaleDown ??= {}), { policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] });
}

function fillRules(rules: ScalingRules, defaults: ScalingRules): void {
  if (defaults.stabilizationWindowSeconds !== undefined) {
    rules.stabilizationWindowSeconds ??= defaults.stabilizationWindowSeconds;
  }
  rules.selectPolicy ??= 'Max';
  if (defaults.policies !== undefined) rules.policies ??= defaults.policies;
}

function canonicalTarget(source: { target?: MetricTarget } | string): void {
  if (typeof source === 'string' || source.target === undefined) return;
  canonicalField(source.target, 'value');
  canonicalField(source.target, 'averageValue');
}

interface MatchResources {
  matchPolicy?: string;
  namespaceSelector?: unknown;
  objectSelector?: unknown;
  resourceRules?: { scope?: string }[];
  excludeResourceRules?: { scope?: string }[];
}

function defaultMatchResources(resources: MatchResources | undefined): void {
  if (resources === undefined) return;
  resources.matchPolicy ??= 'Equivalent';
  resources.namespaceSelector ??= {};
  resources.objectSelector ??= {};
  const rules = [...(resources.resourceRules ?? []), ...(resources.excludeResourceRules ?? [])];
  for (const rule of rules) rule.scope ??= '*';
}

/** Admission policies. */
export function defaultAdmissionPolicy(policy: {
  spec?: { failurePolicy?: string; matchConstraints?: MatchResources };
}): void {
  if (policy.spec === undefined) return;
  policy.spec.failurePolicy ??= 'Fail';
  defaultMatchResources(policy.spec.matchConstraints);
}

export function defaultAdmissionBinding(binding: { spec?: { matchResources?: MatchResources } }): void {
  defaultMatchResources(binding.spec?.matchResources);
}

/** Webhook configurations: what a webhook is sent and how long it may take. */
export interface Webhooks {
  webhooks?: {
    failurePolicy?: string;
    matchPolicy?: string;
    namespaceSelector?: unknown;
    objectSelector?: unknown;
    timeoutSeconds?: number;
    reinvocationPolicy?: string;
    rules?: { scope?: string }[];
    clientConfig?: { service?: { port?: number } };
  }[];
}

export function defaultWebhooks(configuration: Webhooks, mutating: boolean): void {
  for (const webhook of configuration.webhooks ?? []) {
    webhook.failurePolicy ??= 'Fail';
    webhook.matchPolicy ??= 'Equivalent';
    webhook.namespaceSelector ??= {};
    webhook.objectSelector ??= {};
    webhook.timeoutSeconds ??= 10;
    if (mutating) webhook.reinvocationPolicy ??= 'Never';
    for (const rule of webhook.rules ?? []) rule.scope ??= '*';
    if (webhook.clientConfig?.service !== undefined) webhook.clientConfig.service.port ??= 443;
  }
}
