/** Counters and gauges in Prometheus' text format. https://prometheus.io/docs/instrumenting/exposition_formats/ */
export class Metrics {
  /** By metric and by the labels' values; what is printed of the labels is made once. */
  readonly #counters = new Map<string, Map<string, { readonly labels: string; value: number }>>();
  readonly #gauges = new Map<string, () => number>();

  count(name: string, labels: Readonly<Record<string, string>>): void {
    let series = this.#counters.get(name);
    if (series === undefined) {
      series = new Map();
      this.#counters.set(name, series);
    }
    const key = keyOf(labels);
    const counter = series.get(key) ?? { labels: printed(labels), value: 0 };
    counter.value++;
    series.set(key, counter);
  }

  /** How often that was counted. */
  value(name: string, labels: Readonly<Record<string, string>>): number {
    return this.#counters.get(name)?.get(keyOf(labels))?.value ?? 0;
  }

  gauge(name: string, read: () => number): void {
    this.#gauges.set(name, read);
  }

  text(): string {
    const lines: string[] = [];
    for (const [name, series] of this.#counters) {
      lines.push(`# TYPE ${name} counter`);
      for (const { labels, value } of series.values()) lines.push(`${name}{${labels}} ${value}`);
    }
    for (const [name, read] of this.#gauges) lines.push(`# TYPE ${name} gauge`, `${name} ${read()}`);
    return `${lines.join('\n')}\n`;
  }
}

function keyOf(labels: Readonly<Record<string, string>>): string {
  return Object.values(labels).join('\n');
}

function printed(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([label, value]) => `${label}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`)
    .join(',');
}
