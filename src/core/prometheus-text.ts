import { goFloat } from './go-float.ts';
import { prometheusLabels } from './prometheus-labels.ts';

/** What is told under one name. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'summary';
  readonly samples: readonly MetricSample[];
}

export interface MetricSample {
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
  const lines = samples.map(({ labels, value, at }) => {
    return `${name}${prometheusLabels(labels)} ${goFloat(value)}${at === undefined ? '' : ` ${at}`}`;
  });
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n');
}
