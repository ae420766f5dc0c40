import { goFloat } from './go-float.ts';
import { prometheusLabels } from './prometheus-labels.ts';

/** What is told under one name. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  readonly samples: readonly MetricSample[];
}

export interface MetricSample {
  /** After the name of its family: `_bucket`, `_sum`, `_count`. */
  readonly suffix?: string;
  /** Of a histogram's bucket: the label `le`. */
  readonly bound?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** When it was measured, in milliseconds since 1970; left out: now. */
  readonly at?: number;
}

/**
 * Metrics in the text format of Prometheus; a family without samples is left out.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function prometheusText(families: readonly MetricFamily[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(familyText)
    .join('');
}

function familyText({ name, help, type, samples }: MetricFamily): string {
  const lines = samples.map(({ suffix = '', bound, labels, value, at }) => {
    const last = bound === undefined ? undefined : `le="${bound}"`;
    return `${name}${suffix}${prometheusLabels(labels, last)} ${goFloat(value)}${at === undefined ? '' : ` ${at}`}`;
  });
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n');
}
