import type {
  HorizontalPodAutoscaler,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValue,
} from '../../../model/objects.ts';
import { formatQuantity } from '../../../model/quantity.ts';
import { goSelector } from '../go-selector.ts';
import { ScalingError } from './scaling-error.ts';
import { proposeForAverage, proposeForUtilization } from './replica-calculator.ts';
import type { Situation } from './replica-calculator.ts';
import { milliOf, resourceSamples } from './resource-metrics.ts';
import type { PodMetricsSource } from './resource-metrics.ts';

/** What one metric says. */
export type MetricOutcome =
  | {
      readonly replicas: number;
      /** As events name it. */
      readonly name: string;
      readonly status: MetricStatus;
    }
  | {
      /** Of the event and of the condition. */
      readonly reason: string;
      /** What the event and the condition say. */
      readonly problem: string;
      /** What the autoscaler as a whole says. */
      readonly error: string;
    };

/** What all metrics of an autoscaler look at. */
export interface MetricContext {
  readonly autoscaler: HorizontalPodAutoscaler;
  /** The workload's selector, as text. */
  readonly selector: string;
  readonly situation: Omit<Situation, 'samples' | 'resource'>;
  readonly podMetrics: PodMetricsSource;
}

/** A cluster without an adapter for them, as client-go words it. */
const NO_CUSTOM_METRICS =
  'unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered';
const noExternalMetrics = (metric: string): string =>
  'unable to fetch metrics from external metrics API: the server could not find the requested resource ' +
  `(get ${metric}.external.metrics.k8s.io)`;

/** How many replicas one metric asks for. https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/ */
export function evaluateMetric(context: MetricContext, spec: MetricSpec): MetricOutcome {
  const { namespace = '' } = context.autoscaler.metadata;
  if (spec.resource !== undefined) return ofResource(context, spec.resource);
  if (spec.containerResource !== undefined) return ofContainer(context, spec.containerResource);
  if (spec.pods !== undefined) {
    const problem = `unable to get metric ${spec.pods.metric.name}: ${NO_CUSTOM_METRICS}`;
    return failure('FailedGetPodsMetric', problem, `failed to get pods metric value: ${problem}`);
  }
  if (spec.object !== undefined) {
    const { metric, describedObject, target } = spec.object;
    // The words are kube-controller-manager's, which has the parts of this message in another order than it means.
    const { kind, name } = describedObject;
    const problem = `unable to get metric ${metric.name}: ${kind} on ${namespace} ${name}/${NO_CUSTOM_METRICS}`;
    const inner =
      target.type === 'Value' ? problem : `failed to get ${metric.name} object metric: ${problem}`;
    return failure('FailedGetObjectMetric', problem, `failed to get object metric value: ${inner}`);
  }
  if (spec.external !== undefined) {
    const { metric, target } = spec.external;
    const at = `${namespace}/${metric.name}/${goSelector(metric.selector)}`;
    const problem = `unable to get external metric ${at}: ${noExternalMetrics(metric.name)}`;
    const inner =
      target.averageValue === undefined
        ? `failed to get external metric ${metric.name}: ${problem}`
        : `failed to get ${metric.name} external metric: ${problem}`;
    return failure(
      'FailedGetExternalMetric',
      problem,
      `failed to get ${metric.name} external metric value: ${inner}`,
    );
  }
  const problem = `unknown metric source type "${spec.type}"`;
  return failure('InvalidMetricSourceType', problem, problem);
}

function failure(reason: string, problem: string, error: string): MetricOutcome {
  return { reason, problem, error };
}

function ofResource(
  context: MetricContext,
  { name, target }: NonNullable<MetricSpec['resource']>,
): MetricOutcome {
  return guarded('FailedGetResourceMetric', `failed to get ${name} resource metric value`, () => {
    const { replicas, current, byShare } = measure(context, { resource: name, container: '', target });
    return {
      replicas,
      name: byShare ? `${name} resource utilization (percentage of request)` : `${name} resource`,
      status: { type: 'Resource', resource: { name, current } },
    };
  });
}

function ofContainer(
  context: MetricContext,
  { name, container, target }: NonNullable<MetricSpec['containerResource']>,
): MetricOutcome {
  return guarded(
    'FailedGetContainerResourceMetric',
    `failed to get ${container} container metric value`,
    () => {
      const { replicas, current, byShare } = measure(context, { resource: name, container, target });
      return {
        replicas,
        name: byShare ? `${name} container resource utilization (percentage of request)` : `${name} resource`,
        status: { type: 'ContainerResource', containerResource: { name, container, current } },
      };
    },
  );
}

function guarded(reason: string, error: string, evaluate: () => MetricOutcome): MetricOutcome {
  try {
    return evaluate();
  } catch (caught) {
    if (!(caught instanceof ScalingError)) throw caught;
    return failure(reason, caught.message, `${error}: ${caught.message}`);
  }
}

interface Measured {
  readonly replicas: number;
  readonly current: MetricValue;
  /** Of what is requested; otherwise an amount a pod. */
  readonly byShare: boolean;
}

/** @throws ScalingError */
function measure(
  context: MetricContext,
  of: { readonly resource: string; readonly container: string; readonly target: MetricTarget },
): Measured {
  const { resource, container, target } = of;
  const average = milliOf({ value: target.averageValue ?? '0' }, 'value') ?? 0;
  const byShare = target.averageValue === undefined;
  try {
    const { namespace = '' } = context.autoscaler.metadata;
    const { podMetrics, selector } = context;
    const samples = samplesOf(podMetrics, { namespace, selector, resource, container });
    const situation = { ...context.situation, samples, resource };
    if (!byShare) {
      const proposal = proposeForAverage(situation, average);
      return { ...proposal, current: { averageValue: quantity(resource, proposal.average) }, byShare };
    }
    const { averageUtilization = 0 } = target;
    const proposal = proposeForUtilization(situation, averageUtilization, container);
    const averageValue = quantity(resource, proposal.average);
    return { ...proposal, current: { averageValue, averageUtilization: proposal.utilization }, byShare };
  } catch (error) {
    if (!(error instanceof ScalingError)) throw error;
    throw new ScalingError(
      `failed to get ${resource} ${byShare ? 'utilization' : 'usage'}: ${error.message}`,
    );
  }
}

/** Says of which resource there are no metrics. */
function samplesOf(...[source, of]: Parameters<typeof resourceSamples>): ReturnType<typeof resourceSamples> {
  try {
    return resourceSamples(source, of);
  } catch (error) {
    if (!(error instanceof ScalingError)) throw error;
    throw new ScalingError(`unable to get metrics for resource ${of.resource}: ${error.message}`);
  }
}

/** An amount of thousandths as metrics-server would print it. */
function quantity(resource: string, milli: number): string {
  const format = resource === 'memory' ? 'BinarySI' : 'DecimalSI';
  return formatQuantity({ nanos: BigInt(milli) * 1_000_000n, format });
}
