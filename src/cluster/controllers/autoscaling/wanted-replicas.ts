import type { MetricSpec, MetricStatus } from '../../../model/objects.ts';
import { evaluateMetric } from './metric-sources.ts';
import type { MetricContext, MetricOutcome } from './metric-sources.ts';

type Failed = Extract<MetricOutcome, { readonly problem: string }>;

/** What all metrics of an autoscaler come to. */
export type Wanted = {
  /** One for each metric; empty where it could not be had. */
  readonly statuses: MetricStatus[];
  /** The metrics that failed, in order. */
  readonly failed: readonly Failed[];
} & (
  | { readonly replicas: number; /** The name of the metric that wants the most. */ readonly metric: string }
  | { readonly replicas: undefined; readonly error: string }
);

/** Takes the most of what the metrics want. */
export function wantedReplicas(context: MetricContext, metrics: readonly MetricSpec[]): Wanted {
  const outcomes = metrics.map((metric) => evaluateMetric(context, metric));
  const failed = outcomes.filter((outcome): outcome is Failed => 'problem' in outcome);
  const statuses = outcomes.map((outcome): MetricStatus =>
    'status' in outcome ? outcome.status : { type: '' },
  );
  let best = { replicas: 0, metric: '' };
  for (const outcome of outcomes) {
    if ('problem' in outcome) continue;
    const { replicas, name } = outcome;
    if (best.replicas === 0 || replicas > best.replicas) best = { replicas, metric: name };
  }
  const [first] = failed;
  const all = failed.length === metrics.length;
  // A metric that is missing might be the one that wants more: then nothing is taken away.
  if (first !== undefined && (all || best.replicas < context.situation.currentReplicas)) {
    const counts = `${failed.length} invalid out of ${metrics.length}`;
    const error = `invalid metrics (${counts}), first error is: ${first.error}`;
    return { replicas: undefined, statuses, failed, error };
  }
  return { ...best, statuses, failed };
}
