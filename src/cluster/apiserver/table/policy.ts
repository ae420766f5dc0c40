import type {
  CertificateSigningRequest,
  Condition,
  KubeObject,
  PodDisruptionBudget,
  RoleBinding,
  Scale,
} from '../../../model/objects.ts';
import { printer } from './columns.ts';
import { humanDuration, since } from './duration.ts';

/** How many metrics the Targets column lists before it counts the rest. */
const LISTED_METRICS = 2;

interface MetricTarget {
  averageUtilization?: number;
  averageValue?: string | number;
  value?: string | number;
}

type MetricSource =
  { name?: string; container?: string; target?: MetricTarget; current?: MetricTarget } | undefined;

/** A metric of the specification or of the status: the field that its type names. */
interface Metric {
  type: 'Resource' | 'ContainerResource' | 'Pods' | 'Object' | 'External';
  resource?: MetricSource;
  containerResource?: MetricSource;
  pods?: MetricSource;
  object?: MetricSource;
  external?: MetricSource;
}

interface HorizontalPodAutoscaler extends KubeObject {
  spec: {
    scaleTargetRef: { kind: string; name: string };
    minReplicas?: number;
    maxReplicas: number;
    metrics?: Metric[];
  };
  status?: { currentReplicas?: number; currentMetrics?: Metric[] | null };
}

interface WebhookConfiguration extends KubeObject {
  webhooks?: object[];
}

interface AdmissionPolicy extends KubeObject {
  spec: { validations?: object[]; mutations?: object[]; paramKind?: { apiVersion?: string; kind?: string } };
}

interface AdmissionPolicyBinding extends KubeObject {
  spec: { policyName: string; paramRef?: { namespace?: string; name?: string } };
}

export const podDisruptionBudgetPrinter = printer<PodDisruptionBudget>(
  'Name, Min Available, Max Unavailable, integer Allowed Disruptions, Age',
  ({ metadata, spec, status }, now) => [
    metadata.name,
    String(spec.minAvailable ?? 'N/A'),
    String(spec.maxUnavailable ?? 'N/A'),
    status.disruptionsAllowed,
    since(metadata.creationTimestamp, now),
  ],
);

export const roleBindingPrinter = printer<RoleBinding>(
  'Name, Role, Age, Users*, Groups*, ServiceAccounts*',
  ({ metadata, roleRef, subjects = [] }, now) => {
    const named = (kind: string): string =>
      subjects
        .filter((subject) => subject.kind === kind)
        .map(({ name, namespace }) => (kind === 'ServiceAccount' ? `${namespace ?? ''}/${name}` : name))
        .join(', ');
    return [
      metadata.name,
      `${roleRef.kind}/${roleRef.name}`,
      since(metadata.creationTimestamp, now),
      named('User'),
      named('Group'),
      named('ServiceAccount'),
    ];
  },
);

export const autoscalerPrinter = printer<HorizontalPodAutoscaler>(
  'Name, Reference, Targets, MinPods, MaxPods, Replicas, Age',
  ({ metadata, spec, status }, now) => [
    metadata.name,
    `${spec.scaleTargetRef.kind}/${spec.scaleTargetRef.name}`,
    targets(spec.metrics ?? [], status?.currentMetrics ?? []),
    String(spec.minReplicas ?? '<unset>'),
    spec.maxReplicas,
    status?.currentReplicas ?? 0,
    since(metadata.creationTimestamp, now),
  ],
);

function targets(metrics: readonly Metric[], current: readonly Metric[]): string {
  if (metrics.length === 0) return '<none>';
  const texts = metrics.map((metric, index) => target(metric, current[index]));
  const text = texts.slice(0, LISTED_METRICS).join(', ');
  return texts.length > LISTED_METRICS ? `${text} + ${texts.length - LISTED_METRICS} more...` : text;
}

function target(metric: Metric, current: Metric | undefined): string {
  const source = sourceOf(metric);
  const wanted = source?.target ?? {};
  const now = current?.type === metric.type ? (sourceOf(current)?.current ?? {}) : {};
  const average = ratio(now.averageValue, wanted.averageValue);
  switch (metric.type) {
    case 'Pods':
      return average;
    case 'Object':
    case 'External':
      if (wanted.averageValue !== undefined) return `${average} (avg)`;
      return ratio(now.value, wanted.value);
    case 'Resource':
    case 'ContainerResource':
      return `${source?.name ?? ''}: ${wanted.averageValue === undefined ? utilization(now, wanted) : average}`;
  }
}

function ratio(now: string | number | undefined, wanted: string | number | undefined): string {
  return `${now ?? '<unknown>'}/${wanted ?? ''}`;
}

function utilization(now: MetricTarget, wanted: MetricTarget): string {
  return `${percent(now.averageUtilization, '<unknown>')}/${percent(wanted.averageUtilization, '<auto>')}`;
}

function sourceOf(metric: Metric): MetricSource {
  const { type } = metric;
  return metric[`${type.charAt(0).toLowerCase()}${type.slice(1)}` as 'resource'];
}

function percent(value: number | undefined, otherwise: string): string {
  return value === undefined ? otherwise : `${value}%`;
}

export const certificateSigningRequestPrinter = printer<CertificateSigningRequest>(
  'Name, Age, SignerName, Requestor, RequestedDuration, Condition',
  ({ metadata, spec, status = {} }, now) => [
    metadata.name,
    since(metadata.creationTimestamp, now),
    spec.signerName,
    spec.username ?? '',
    spec.expirationSeconds === undefined ? '<none>' : humanDuration(spec.expirationSeconds),
    certificateCondition(status),
  ],
);

function certificateCondition({
  conditions = [],
  certificate,
}: {
  conditions?: Condition[];
  certificate?: string;
}): string {
  const has = (type: string): boolean => conditions.some((condition) => condition.type === type);
  const texts = has('Denied') ? ['Denied'] : has('Approved') ? ['Approved'] : ['Pending'];
  if (has('Failed')) texts.push('Failed');
  if (certificate !== undefined && certificate !== '') texts.push('Issued');
  return texts.join(',');
}

export const webhookConfigurationPrinter = printer<WebhookConfiguration>(
  'Name, integer Webhooks, Age',
  ({ metadata, webhooks = [] }, now) => [
    metadata.name,
    webhooks.length,
    since(metadata.creationTimestamp, now),
  ],
);

export const validatingPolicyPrinter = printer<AdmissionPolicy>(
  'Name, integer Validations, ParamKind, Age',
  ({ metadata, spec }, now) => [
    metadata.name,
    spec.validations?.length ?? 0,
    parameterKind(spec),
    since(metadata.creationTimestamp, now),
  ],
);

export const mutatingPolicyPrinter = printer<AdmissionPolicy>(
  'Name, integer Mutations, ParamKind, Age',
  ({ metadata, spec }, now) => [
    metadata.name,
    spec.mutations?.length ?? 0,
    parameterKind(spec),
    since(metadata.creationTimestamp, now),
  ],
);

function parameterKind({ paramKind }: AdmissionPolicy['spec']): string {
  return paramKind === undefined ? '<unset>' : `${paramKind.apiVersion ?? ''}/${paramKind.kind ?? ''}`;
}

export const policyBindingPrinter = printer<AdmissionPolicyBinding>(
  'Name, PolicyName, ParamRef, Age',
  ({ metadata, spec }, now) => {
    const { namespace, name = '*' } = spec.paramRef ?? {};
    const reference = namespace === undefined ? name : `${namespace}/${name}`;
    return [
      metadata.name,
      spec.policyName,
      spec.paramRef === undefined ? '<unset>' : reference,
      since(metadata.creationTimestamp, now),
    ];
  },
);

/** The `scale` subresource, as `kubectl get --subresource=scale` shows it. */
export const scalePrinter = printer<Scale>(
  'Name, integer Desired, integer Available, Age',
  ({ metadata, spec, status }, now) => [
    metadata.name,
    spec.replicas ?? 0,
    status.replicas,
    since(metadata.creationTimestamp, now),
  ],
);
