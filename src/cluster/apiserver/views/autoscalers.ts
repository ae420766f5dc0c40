import type { AnyObject } from '../../../model/objects.ts';

/**
 * autoscaling/v1, which knows one metric: the share of the requested CPU. Whatever else a v2 object holds is kept
 * where a v1 client does not look.
 */

/** Annotation in which a v1 object carries the metrics that v1 cannot say. */
const METRICS_ANNOTATION = 'autoscaling.alpha.kubernetes.io/metrics';

interface Metric {
  readonly type: string;
  readonly resource?: {
    readonly name: string;
    readonly target?: { readonly averageUtilization?: number };
    readonly current?: { readonly averageUtilization?: number };
  };
}

interface Spec {
  readonly targetCPUUtilizationPercentage?: number;
  readonly metrics?: readonly Metric[];
}

interface Status {
  readonly currentCPUUtilizationPercentage?: number;
  readonly currentMetrics?: readonly Metric[] | null;
}

export function autoscalerToStored(object: AnyObject): AnyObject {
  const { targetCPUUtilizationPercentage: target, ...spec } = (object['spec'] ?? {}) as Spec;
  const { [METRICS_ANNOTATION]: others, ...annotations } = object.metadata.annotations ?? {};
  const { annotations: _annotations, ...metadata } = object.metadata;
  const metrics: Metric[] = [...(others === undefined ? [] : readMetrics(others))];
  if (target !== undefined) metrics.push(cpuMetric(target));
  const { currentCPUUtilizationPercentage: _current, ...status } = (object['status'] ?? {}) as Status;
  return {
    ...object,
    apiVersion: 'autoscaling/v2',
    metadata: { ...metadata, ...(Object.keys(annotations).length > 0 && { annotations }) },
    spec: { ...spec, ...(metrics.length > 0 && { metrics }) },
    status,
  };
}

export function autoscalerFromStored(object: AnyObject): AnyObject {
  const { metrics = [], ...spec } = object['spec'] as Spec;
  const { currentMetrics, ...status } = (object['status'] ?? {}) as Status;
  const target = cpuOf(metrics)?.resource?.target?.averageUtilization;
  const current = cpuOf(currentMetrics ?? [])?.resource?.current?.averageUtilization;
  const others = metrics.filter((metric) => metric !== cpuOf(metrics));
  const { annotations } = object.metadata;
  return {
    ...object,
    apiVersion: 'autoscaling/v1',
    metadata: {
      ...object.metadata,
      ...(others.length > 0 && {
        annotations: { ...annotations, [METRICS_ANNOTATION]: JSON.stringify(others) },
      }),
    },
    spec: { ...spec, ...(target !== undefined && { targetCPUUtilizationPercentage: target }) },
    status: {
      currentReplicas: 0,
      ...status,
      ...(current !== undefined && { currentCPUUtilizationPercentage: current }),
    },
  };
}

function cpuOf(metrics: readonly Metric[]): Metric | undefined {
  return metrics.find(({ type, resource }) => type === 'Resource' && resource?.name === 'cpu');
}

function cpuMetric(averageUtilization: number): Metric {
  const target = { type: 'Utilization', averageUtilization };
  return { type: 'Resource', resource: { name: 'cpu', target } };
}

/** The annotation is a client's to change: what cannot be read is nothing. */
function readMetrics(text: string): Metric[] {
  try {
    const metrics: unknown = JSON.parse(text);
    return Array.isArray(metrics) ? (metrics as Metric[]) : [];
  } catch {
    return [];
  }
}
