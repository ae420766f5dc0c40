import { type MetricFamily, type MetricSample, prometheusText } from '../../../core/prometheus-text.ts';
import { SECOND } from '../../simulation/simulation.ts';
import type { PodWorker } from '../pod-worker.ts';
import { DURATION_BUCKETS, PROBE_OUTCOMES, type ProbeCounts } from '../probes/probe-counts.ts';
import type { ServedNode } from './server.ts';

/**
 * `/metrics/probes`: how the probes of the node's containers went.
 * https://kubernetes.io/docs/reference/instrumentation/metrics/
 */
export function probeMetricsText(node: ServedNode): string {
  const families: MetricFamily[] = [
    {
      name: 'prober_probe_duration_seconds',
      help: '[ALPHA] Duration in seconds for a probe response.',
      type: 'histogram',
      samples: samplesOf(node.workers, durations),
    },
    {
      name: 'prober_probe_total',
      help: '[BETA] Cumulative number of a liveness, readiness or startup probe for a container by result.',
      type: 'counter',
      samples: samplesOf(node.workers, totals),
    },
    {
      name: 'process_start_time_seconds',
      help: '[ALPHA] Start time of the process since unix epoch in seconds.',
      type: 'gauge',
      samples: [{ labels: {}, value: node.total().startedAt / SECOND }],
    },
  ];
  return prometheusText(families);
}

interface Probed {
  readonly container: string;
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  readonly kind: string;
  readonly counts: ProbeCounts;
}

/** In the order of the labels. */
function samplesOf(
  workers: readonly PodWorker[],
  of: (probed: Probed) => readonly MetricSample[],
): readonly MetricSample[] {
  const probed = workers.flatMap(({ pod: { metadata }, probes }) =>
    probes.counted().map(({ container, kind, counts }): Probed => {
      const { namespace = '', name, uid } = metadata;
      return { container, namespace, pod: name, uid, kind, counts };
    }),
  );
  const key = ({ container, namespace, pod, kind }: Probed): string =>
    [container, namespace, pod, kind].join('\0');
  return probed.sort((one, other) => (key(one) < key(other) ? -1 : 1)).flatMap(of);
}

function totals({ container, namespace, pod, uid, kind, counts }: Probed): MetricSample[] {
  return PROBE_OUTCOMES.filter((outcome) => counts.of(outcome) > 0).map((outcome) => ({
    labels: { container, namespace, pod, pod_uid: uid, probe_type: kind, result: outcome },
    value: counts.of(outcome),
  }));
}

function durations({ container, namespace, pod, kind, counts }: Probed): MetricSample[] {
  const total = counts.of('successful');
  if (total === 0) return [];
  const labels = { container, namespace, pod, probe_type: kind };
  const bucket = (bound: string, value: number): MetricSample => ({
    suffix: '_bucket',
    bound,
    labels,
    value,
  });
  return [
    ...DURATION_BUCKETS.map((bound, index) => bucket(String(bound), counts.buckets[index] ?? 0)),
    bucket('+Inf', total),
    { suffix: '_sum', labels, value: counts.seconds },
    { suffix: '_count', labels, value: total },
  ];
}
