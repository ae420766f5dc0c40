import { type MetricFamily, type MetricSample, prometheusText } from '../../../core/prometheus-text.ts';
import { resources } from '../../../model/resources.ts';
import { type Cidr, contains, parseCidr } from '../../network/addresses.ts';
import { type Micros, SECOND } from '../../simulation/simulation.ts';
import type { Store } from '../../store/store.ts';
import { type CompleteResponse, textResponse } from '../http/responses.ts';
import type { StateReader } from '../pipeline.ts';
import type { ResourceRegistry } from '../resource-registry.ts';
import type { Count, RequestCounts } from './request-counts.ts';

/** The text format of Prometheus. */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores';

/** Resources of the core group whose use clients are warned of. */
const DEPRECATED = new Set(['componentstatuses', 'endpoints']);

/** What is told of. */
export interface MeasuredServer {
  readonly store: Store;
  readonly reader: StateReader;
  readonly registry: ResourceRegistry;
  readonly simulation: { readonly now: Micros };
  readonly startedAt: Micros;
  /** Labels of `kubernetes_build_info`. */
  readonly build: Readonly<Record<string, string>>;
}

/**
 * `/metrics`: what this server counts and what it can say of its store. What it has no such parts for (Go's memory,
 * etcd's calls, queues, the time that requests take) is left out (docs/fidelity.md).
 * https://kubernetes.io/docs/reference/instrumentation/metrics/
 */
export function serveMetrics(server: MeasuredServer, counts: readonly RequestCounts[]): CompleteResponse {
  const families = [
    ...ofRequests(server, counts),
    ...ofObjects(server),
    ...ofServices(server),
    ...ofProgram(server),
  ].sort((one, other) => (one.name < other.name ? -1 : 1));
  return textResponse(200, METRICS_TYPE, prometheusText(families), {
    'process-start-time-unix': String(Math.floor(server.startedAt / SECOND)),
  });
}

function ofRequests({ simulation }: MeasuredServer, counts: readonly RequestCounts[]): MetricFamily[] {
  const total = (outcome: Parameters<RequestCounts['outcome']>[0]): number =>
    counts.reduce((sum, each) => sum + each.outcome(outcome), 0);
  const outcomes = (...names: Parameters<RequestCounts['outcome']>[0][]): MetricSample[] =>
    names.map((result) => ({ labels: { result }, value: total(result) })).filter(({ value }) => value > 0);
  const inFlight = (kind: 'mutating' | 'readOnly'): MetricSample => {
    const recent = counts.some((each) => simulation.now - (each.last(kind) ?? -Infinity) < SECOND);
    return { labels: { request_kind: kind }, value: recent ? 1 : 0 };
  };
  const totals = merged(counts.map((each) => each.totals));
  return [
    {
      name: 'apiserver_request_total',
      help: '[STABLE] Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.',
      type: 'counter',
      samples: totals,
    },
    {
      name: 'apiserver_requested_deprecated_apis',
      help: '[STABLE] Gauge of deprecated APIs that have been requested, broken out by API group, version, resource, subresource, and removed_release.',
      type: 'gauge',
      samples: deprecated(totals),
    },
    {
      name: 'apiserver_current_inflight_requests',
      help: '[STABLE] Maximal number of currently used inflight request limit of this apiserver per request kind in last second.',
      type: 'gauge',
      samples: [inFlight('mutating'), inFlight('readOnly')],
    },
    {
      name: 'apiserver_longrunning_requests',
      help: '[STABLE] Gauge of all active long-running apiserver requests broken out by verb, group, version, resource, scope and component. Not all requests are tracked this way.',
      type: 'gauge',
      samples: merged(counts.map((each) => each.open)),
    },
    {
      name: 'apiserver_watch_events_total',
      help: '[ALPHA] Number of events sent in watch clients',
      type: 'counter',
      samples: merged(counts.map((each) => each.events)),
    },
    {
      name: 'authenticated_user_requests',
      help: '[ALPHA] Counter of authenticated requests broken out by username.',
      type: 'counter',
      samples: [{ labels: { username: 'other' }, value: total('success') }],
    },
    {
      name: 'authentication_attempts',
      help: '[ALPHA] Counter of authenticated attempts.',
      type: 'counter',
      samples: outcomes('error', 'success'),
    },
    {
      name: 'authorization_attempts_total',
      help: "[ALPHA] Counter of authorization attempts broken down by result. It can be either 'allowed', 'denied', 'no-opinion' or 'error'.",
      type: 'counter',
      samples: outcomes('allowed', 'no-opinion'),
    },
  ];
}

function deprecated(totals: readonly MetricSample[]): MetricSample[] {
  const used = totals.filter(
    ({ labels }) => labels['group'] === '' && DEPRECATED.has(labels['resource'] ?? ''),
  );
  return [...new Set(used.map(({ labels }) => labels['resource'] ?? ''))].map((resource) => ({
    labels: { group: '', removed_release: '', resource, subresource: '', version: 'v1' },
    value: 1,
  }));
}

function ofObjects({ store, registry }: MeasuredServer): MetricFamily[] {
  const stored = [...registry.all()]
    .filter(({ resource, storage, discovered }) => resource.id === storage && isKept(discovered.verbs))
    .map(({ resource }) => resource);
  // What is served in several versions is stored once.
  const kept = [...new Map(stored.map((resource) => [resource.id, resource])).values()].sort((one, other) =>
    one.id < other.id ? -1 : 1,
  );
  return [
    {
      name: 'apiserver_resource_objects',
      help: '[ALPHA] Number of stored objects at the time of last check split by kind. In case of a fetching error, the value will be -1.',
      type: 'gauge',
      samples: [...kept]
        .sort((one, other) => (`${one.group}/${one.plural}` < `${other.group}/${other.plural}` ? -1 : 1))
        .map(({ group, plural, id }) => ({ labels: { group, resource: plural }, value: store.count(id) })),
    },
    {
      name: 'apiserver_storage_objects',
      help: '[STABLE] (Deprecated since 1.34.0) [DEPRECATED, consider using apiserver_resource_objects instead] Number of stored objects at the time of last check split by kind. In case of a fetching error, the value will be -1.',
      type: 'gauge',
      samples: kept.map(({ id }) => ({ labels: { resource: id }, value: store.count(id) })),
    },
  ];
}

const isKept = (verbs: readonly string[]): boolean => verbs.includes('list') && verbs.includes('create');

function ofServices({ reader }: MeasuredServer): MetricFamily[] {
  const taken = reader
    .list(resources.services)
    .map(({ spec }) => spec.clusterIP ?? '')
    .filter((address) => address !== '' && address !== 'None');
  const ranges = reader
    .list(resources.serviceCidrs)
    .flatMap(({ spec }) => spec.cidrs ?? [])
    .filter((cidr) => !cidr.includes(':'))
    .map((cidr) => ({ cidr, range: parseCidr(cidr) }));
  const used = (range: Cidr): number => taken.filter((address) => contains(range, address)).length;
  return [
    {
      name: 'kube_apiserver_clusterip_allocator_allocated_ips',
      help: '[ALPHA] Gauge measuring the number of allocated IPs for Services',
      type: 'gauge',
      samples: ranges.map(({ cidr, range }) => ({ labels: { cidr }, value: used(range) })),
    },
    {
      name: 'kube_apiserver_clusterip_allocator_available_ips',
      help: '[ALPHA] Gauge measuring the number of available IPs for Services',
      type: 'gauge',
      // The first and the last address of a range are given to nobody.
      samples: ranges.map(({ cidr, range }) => ({
        labels: { cidr },
        value: Math.max(0, 2 ** (32 - range.bits) - 2) - used(range),
      })),
    },
  ];
}

function ofProgram({ reader, startedAt, build }: MeasuredServer): MetricFamily[] {
  const { major = '', minor = '', git_version: gitVersion = '' } = build;
  return [
    {
      name: 'aggregator_unavailable_apiservice',
      help: '[ALPHA] Gauge of APIServices which are marked as unavailable broken down by APIService name.',
      type: 'gauge',
      samples: reader.list(resources.apiServices).map(({ metadata: { name }, status }) => {
        const available = status?.conditions?.find(({ type }) => type === 'Available');
        return { labels: { name }, value: available?.status === 'True' ? 0 : 1 };
      }),
    },
    {
      name: 'kubernetes_build_info',
      help: "[BETA] A metric with a constant '1' value labeled by major, minor, git version, git commit, git tree state, build date, Go version, and compiler from which Kubernetes was built, and platform on which it is running.",
      type: 'gauge',
      samples: [{ labels: build, value: 1 }],
    },
    {
      name: 'process_start_time_seconds',
      help: 'Start time of the process since unix epoch in seconds.',
      type: 'gauge',
      samples: [{ labels: {}, value: startedAt / SECOND }],
    },
    {
      name: 'version_info',
      help: '[ALPHA] Provides the compatibility version info of the component. The component label is the name of the component, usually kube, but is relevant for aggregated-apiservers.',
      type: 'gauge',
      samples: [
        {
          labels: {
            binary: gitVersion.replace(/^v/, ''),
            component: 'kube',
            emulation: `${major}.${minor}`,
            min_compat: `${major}.${Number(minor) - 1}`,
          },
          value: 1,
        },
      ],
    },
  ];
}

/** The same labels of several tallies added up, by their labels. */
function merged(all: readonly Iterable<Count>[]): MetricSample[] {
  const sums = new Map<string, { labels: Count['labels']; value: number }>();
  for (const { labels, value } of all.flatMap((counts) => [...counts])) {
    const key = JSON.stringify(Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1)));
    const sum = sums.get(key);
    if (sum === undefined) sums.set(key, { labels, value });
    else sum.value += value;
  }
  return [...sums].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, sample]) => sample);
}
