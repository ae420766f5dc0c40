import { type MetricFamily, type MetricSample, prometheusText } from '../../../core/prometheus-text.ts';
import { MILLISECOND, SECOND } from '../../simulation/simulation.ts';
import type { ServedNode } from './server.ts';
import { usageOf } from './usage.ts';

/**
 * `/metrics/resource` in the text format of Prometheus: what metrics-server reads.
 * https://kubernetes.io/docs/reference/instrumentation/node-metrics/
 */
export function resourceMetricsText(node: ServedNode): string {
  const total = node.total();
  const at = Math.floor(total.at / MILLISECOND);
  const pods = usageOf(node.workers);
  const ofPods = (value: (pod: (typeof pods)[number]) => number): MetricSample[] =>
    pods.map((pod) => {
      const { namespace = '', name } = pod.worker.pod.metadata;
      return { labels: { namespace, pod: name }, value: value(pod), at };
    });
  const ofContainers = (
    value: (container: (typeof pods)[number]['containers'][number]) => number,
    timed = true,
  ): MetricSample[] =>
    pods
      .flatMap(({ worker, containers }) =>
        containers.map((container) => {
          const { namespace = '', name: pod } = worker.pod.metadata;
          const labels = { container: container.instance.spec.name, namespace, pod };
          return { labels, value: value(container), ...(timed && { at }) };
        }),
      )
      .sort((a, b) => (a.labels.container < b.labels.container ? -1 : 1));
  const nothing = (): number => 0;
  const families: MetricFamily[] = [
    {
      name: 'container_cpu_usage_seconds_total',
      help: '[STABLE] Cumulative cpu time consumed by the container in core-seconds',
      type: 'counter',
      samples: ofContainers(({ cpu }) => cpu / SECOND),
    },
    {
      name: 'container_memory_working_set_bytes',
      help: '[STABLE] Current working set of the container in bytes',
      type: 'gauge',
      samples: ofContainers(({ memory }) => memory),
    },
    {
      name: 'container_start_time_seconds',
      help: '[STABLE] Start time of the container since unix epoch in seconds',
      type: 'gauge',
      samples: ofContainers(({ instance }) => (instance.startedAt ?? 0) / SECOND, false),
    },
    {
      name: 'container_swap_usage_bytes',
      help: `[ALPHA] Current amount of the container swap usage in bytes. ${NOT_WINDOWS}`,
      type: 'gauge',
      samples: ofContainers(nothing),
    },
    {
      name: 'node_cpu_usage_seconds_total',
      help: '[STABLE] Cumulative cpu time consumed by the node in core-seconds',
      type: 'counter',
      samples: [{ labels: {}, value: total.cpu / SECOND, at }],
    },
    {
      name: 'node_memory_working_set_bytes',
      help: '[STABLE] Current working set of the node in bytes',
      type: 'gauge',
      samples: [{ labels: {}, value: total.memory, at }],
    },
    {
      name: 'node_swap_usage_bytes',
      help: `[ALPHA] Current swap usage of the node in bytes. ${NOT_WINDOWS}`,
      type: 'gauge',
      samples: [{ labels: {}, value: 0, at }],
    },
    {
      name: 'pod_cpu_usage_seconds_total',
      help: '[STABLE] Cumulative cpu time consumed by the pod in core-seconds',
      type: 'counter',
      samples: ofPods(({ cpu }) => cpu / SECOND),
    },
    {
      name: 'pod_memory_working_set_bytes',
      help: '[STABLE] Current working set of the pod in bytes',
      type: 'gauge',
      samples: ofPods(({ memory }) => memory),
    },
    {
      name: 'pod_swap_usage_bytes',
      help: `[ALPHA] Current amount of the pod swap usage in bytes. ${NOT_WINDOWS}`,
      type: 'gauge',
      samples: ofPods(nothing),
    },
    {
      name: 'resource_scrape_error',
      help: '[STABLE] 1 if there was an error while getting container metrics, 0 otherwise',
      type: 'gauge',
      samples: [{ labels: {}, value: 0 }],
    },
  ];
  return prometheusText(families);
}

const NOT_WINDOWS = 'Reported only on non-windows systems';
