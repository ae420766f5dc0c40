import { prometheusText } from '../../../core/prometheus-text.ts';
import { type CompleteResponse, textResponse } from '../http/responses.ts';
import { METRICS_TYPE } from './server-metrics.ts';
import { type Micros, SECOND } from '../../simulation/simulation.ts';

/**
 * `/metrics/slis`: whether the server is well, by its single checks. How often each was asked is not counted.
 * https://kubernetes.io/docs/reference/instrumentation/slis/
 * @param checks by endpoint: `healthz`, `livez`, `readyz`
 */
export function serveHealthMetrics(
  checks: Readonly<Record<string, readonly string[]>>,
  startedAt: Micros,
): CompleteResponse {
  const samples = Object.entries(checks)
    .flatMap(([type, names]) => names.map((name) => ({ labels: { name, type }, value: 1 })))
    .sort((one, other) => (keyOf(one.labels) < keyOf(other.labels) ? -1 : 1));
  const text = prometheusText([
    {
      name: 'kubernetes_healthcheck',
      help: '[STABLE] This metric records the result of a single healthcheck.',
      type: 'gauge',
      samples,
    },
    {
      name: 'process_start_time_seconds',
      help: '[ALPHA] Start time of the process since unix epoch in seconds.',
      type: 'gauge',
      samples: [{ labels: {}, value: startedAt / SECOND }],
    },
  ]);
  return textResponse(200, METRICS_TYPE, text);
}

const keyOf = ({ name, type }: { readonly name: string; readonly type: string }): string =>
  `${name}\0${type}`;
