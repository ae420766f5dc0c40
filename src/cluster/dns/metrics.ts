import { goFloat } from '../../core/go-float.ts';
import { prometheusLabels } from '../../core/prometheus-labels.ts';

/** Labels of one series, in the order of their names. */
type Labels = Readonly<Record<string, string>>;

interface Family {
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly buckets?: readonly number[];
  readonly series: Map<string, Series>;
}

const DURATION_BUCKETS = [
  0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096,
  8.192,
];
const SIZE_BUCKETS = [0, 100, 200, 300, 400, 511, 1023, 2047, 4095, 8291, 16000, 32000, 48000, 64000];

const FAMILIES = {
  coredns_acl_allowed_requests_total: ['counter', 'Counter of DNS requests being allowed.'],
  coredns_acl_blocked_requests_total: ['counter', 'Counter of DNS requests being blocked.'],
  coredns_acl_dropped_requests_total: ['counter', 'Counter of DNS requests being dropped.'],
  coredns_acl_filtered_requests_total: ['counter', 'Counter of DNS requests being filtered.'],
  coredns_build_info: [
    'gauge',
    "A metric with a constant '1' value labeled by version, revision, and goversion from which CoreDNS was built.",
  ],
  coredns_cache_entries: ['gauge', 'The number of elements in the cache.'],
  coredns_cache_hits_total: ['counter', 'The count of cache hits.'],
  coredns_cache_misses_total: [
    'counter',
    'The count of cache misses. Deprecated, derive misses from cache hits/requests counters.',
  ],
  coredns_cache_prefetch_total: ['counter', 'The number of times the cache has prefetched a cached item.'],
  coredns_cache_requests_total: ['counter', 'The count of cache requests.'],
  coredns_cache_served_stale_total: ['counter', 'The number of requests served from stale cache entries.'],
  coredns_dns_request_duration_seconds: [
    'histogram',
    'Histogram of the time (in seconds) each request took per zone.',
    DURATION_BUCKETS,
  ],
  coredns_dns_request_size_bytes: [
    'histogram',
    'Size of the EDNS0 UDP buffer in bytes (64K for TCP) per zone and protocol.',
    SIZE_BUCKETS,
  ],
  coredns_dns_requests_total: ['counter', 'Counter of DNS requests made per zone, protocol and family.'],
  coredns_dns_response_size_bytes: ['histogram', 'Size of the returned response in bytes.', SIZE_BUCKETS],
  coredns_dns_responses_total: ['counter', 'Counter of response status codes.'],
  coredns_forward_healthcheck_broken_total: [
    'counter',
    'Counter of the number of complete failures of the healthchecks.',
  ],
  coredns_forward_max_concurrent_rejects_total: [
    'counter',
    'Counter of the number of queries rejected because the concurrent queries were at maximum.',
  ],
  coredns_panics_total: ['counter', 'A metrics that counts the number of panics.'],
  coredns_plugin_enabled: [
    'gauge',
    'A metric that indicates whether a plugin is enabled on per server and zone basis.',
  ],
  coredns_proxy_healthcheck_failures_total: ['counter', 'Counter of the number of failed healthchecks.'],
  coredns_proxy_request_duration_seconds: [
    'histogram',
    'Histogram of the time each request took.',
    DURATION_BUCKETS,
  ],
  coredns_reload_failed_total: ['counter', 'Counter of the number of failed reload attempts.'],
  coredns_template_matches_total: ['counter', 'Counter of template regex matches.'],
} as const satisfies Record<string, readonly [Family['type'], string, (readonly number[])?]>;

export type MetricName = keyof typeof FAMILIES;

/** One series of a family. */
export class Series {
  readonly labels: Labels;
  value = 0;
  /** Of a histogram: how many observations each bucket has. */
  readonly counts: number[] = [];
  readonly #buckets: readonly number[];

  constructor(labels: Labels, buckets: readonly number[]) {
    this.labels = labels;
    this.#buckets = buckets;
  }

  add(count = 1): void {
    this.value += count;
  }

  /** Adds one observation to a histogram. */
  observe(value: number): void {
    this.value += value;
    const bucket = this.#buckets.findIndex((limit) => value <= limit);
    const index = bucket < 0 ? this.#buckets.length : bucket;
    this.counts[index] = (this.counts[index] ?? 0) + 1;
  }
}

/** CoreDNS' own metrics in the text format of Prometheus; those of the Go runtime are left out. */
export class Metrics {
  readonly #families = new Map<MetricName, Family>();

  constructor() {
    for (const [name, [type, help, buckets]] of Object.entries(FAMILIES) as [
      MetricName,
      readonly [Family['type'], string, (readonly number[])?],
    ][]) {
      this.#families.set(name, {
        type,
        help,
        ...(buckets === undefined ? {} : { buckets }),
        series: new Map(),
      });
    }
    this.set('coredns_build_info', { goversion: GO_VERSION, revision: '', version: COREDNS_VERSION }, 1);
    for (const name of [
      'coredns_panics_total',
      'coredns_reload_failed_total',
      'coredns_forward_healthcheck_broken_total',
      'coredns_forward_max_concurrent_rejects_total',
    ] as const) {
      this.add(name, {}, 0);
    }
  }

  add(name: MetricName, labels: Labels, count = 1): void {
    this.series(name, labels).add(count);
  }

  set(name: MetricName, labels: Labels, value: number): void {
    this.series(name, labels).value = value;
  }

  /** Forgets all series of a family: plugins of a configuration that was replaced. */
  clear(name: MetricName): void {
    this.#families.get(name)?.series.clear();
  }

  /** A series that is in the text from when it is asked for: who counts with every query finds it once. */
  lazily(name: MetricName, labels: Labels): () => Series {
    let found: Series | undefined;
    return () => (found ??= this.series(name, labels));
  }

  /**
   * A series, from now on in the text. Finding it costs more than counting.
   * @throws Error where there is no such metric
   */
  series(name: MetricName, labels: Labels): Series {
    const family = this.#families.get(name);
    if (family === undefined) throw new Error(`no metric ${name}`);
    const key = prometheusLabels(labels);
    const found = family.series.get(key) ?? new Series(labels, family.buckets ?? []);
    family.series.set(key, found);
    return found;
  }

  text(): string {
    const lines: string[] = [];
    for (const [name, family] of this.#families) {
      if (family.series.size === 0) continue;
      lines.push(`# HELP ${name} ${family.help}`, `# TYPE ${name} ${family.type}`);
      for (const [, series] of [...family.series].sort(([a], [b]) => (a < b ? -1 : 1))) {
        if (family.buckets === undefined)
          lines.push(`${name}${prometheusLabels(series.labels)} ${goFloat(series.value)}`);
        else lines.push(...histogram(name, family.buckets, series));
      }
    }
    return `${lines.join('\n')}\n`;
  }
}

export const COREDNS_VERSION = '1.14.2';
export const GO_VERSION = 'go1.26.8';

function histogram(name: string, buckets: readonly number[], series: Series): string[] {
  const lines: string[] = [];
  let total = 0;
  for (const [index, limit] of [...buckets, '+Inf' as const].entries()) {
    total += series.counts[index] ?? 0;
    lines.push(`${name}_bucket${prometheusLabels(series.labels, `le="${limit}"`)} ${goFloat(total)}`);
  }
  lines.push(`${name}_sum${prometheusLabels(series.labels)} ${goFloat(series.value)}`);
  lines.push(`${name}_count${prometheusLabels(series.labels)} ${goFloat(total)}`);
  return lines;
}
