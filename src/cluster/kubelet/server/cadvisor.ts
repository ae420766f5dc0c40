import { type MetricFamily, type MetricSample, prometheusText } from '../../../core/prometheus-text.ts';
import type { Quantity, ResourceRequirements } from '../../../model/objects.ts';
import { bytesOf, millicoresOf } from '../../../model/quantity.ts';
import { MILLISECOND, SECOND } from '../../simulation/simulation.ts';
import type { ServedNode } from './server.ts';
import { type ContainerUsage, type PodUsage, SANDBOX_CPU, SANDBOX_MEMORY, usageOf } from './usage.ts';

/** Where the groups of pods are in a kind node. */
const PODS = '/kubelet.slice/kubelet-kubepods.slice';
const PAUSE = 'registry.k8s.io/pause:3.10';
const CPU_PERIOD = 100_000;
/** What a group without requests gets, and the one of a whole machine. */
const LEAST_SHARES = 2;
const MACHINE_SHARES = 1024;

type Labels = Readonly<Record<string, string>>;

/** A control group as cAdvisor sees it. */
interface Group {
  readonly labels: Labels;
  /** Microseconds. */
  readonly cpu: number;
  /** In bytes. */
  readonly memory: number;
  /** Microseconds since 1970. */
  readonly startedAt: number;
  readonly shares: number;
  /** Microseconds of CPU in a period; undefined: without bound. */
  readonly quota: number | undefined;
  /** In bytes; 0: without bound. */
  readonly memoryLimit: number;
  readonly oomEvents: number;
}

/**
 * `/metrics/cadvisor`: CPU and memory of the machine, of pods, of their sandboxes and of containers that run. Disks,
 * network cards and threads are not measured (docs/fidelity.md).
 * https://github.com/google/cadvisor/blob/master/docs/storage/prometheus.md
 */
export function cadvisorText(node: ServedNode): string {
  const total = node.total();
  const at = Math.floor(total.at / MILLISECOND);
  const groups = [machineGroup(node), ...usageOf(node.workers).flatMap(podGroups)];
  const measured = (value: (group: Group) => number, more: Labels = {}): MetricSample[] =>
    groups.map((group) => ({ labels: { ...group.labels, ...more }, value: value(group), at }));
  const fixed = (value: (group: Group) => number | undefined): MetricSample[] =>
    groups.flatMap((group) => {
      const found = value(group);
      return found === undefined ? [] : [{ labels: group.labels, value: found }];
    });
  const nothing = (): number => 0;
  return prometheusText([
    counter(
      'container_cpu_usage_seconds_total',
      'Cumulative cpu time consumed in seconds.',
      measured(({ cpu }) => cpu / SECOND, { cpu: 'total' }),
    ),
    gauge(
      'container_last_seen',
      'Last time a container was seen by the exporter',
      measured(() => Math.floor(total.at / SECOND)),
    ),
    gauge(
      'container_memory_rss',
      'Size of RSS in bytes.',
      measured(({ memory }) => memory),
    ),
    gauge(
      'container_memory_usage_bytes',
      'Current memory usage in bytes, including all memory regardless of when it was accessed',
      measured(({ memory }) => memory),
    ),
    gauge(
      'container_memory_working_set_bytes',
      'Current working set in bytes.',
      measured(({ memory }) => memory),
    ),
    counter(
      'container_oom_events_total',
      'Count of out of memory events observed for the container',
      measured(({ oomEvents }) => oomEvents),
    ),
    gauge('container_scrape_error', '1 if there was an error while getting container metrics, 0 otherwise', [
      { labels: {}, value: 0 },
    ]),
    gauge(
      'container_spec_cpu_period',
      'CPU period of the container.',
      fixed(() => CPU_PERIOD),
    ),
    gauge(
      'container_spec_cpu_quota',
      'CPU quota of the container.',
      fixed(({ quota }) => quota),
    ),
    gauge(
      'container_spec_cpu_shares',
      'CPU share of the container.',
      fixed(({ shares }) => shares),
    ),
    gauge(
      'container_spec_memory_limit_bytes',
      'Memory limit for the container.',
      fixed(({ memoryLimit }) => memoryLimit),
    ),
    gauge(
      'container_spec_memory_reservation_limit_bytes',
      'Memory reservation limit for the container.',
      fixed(nothing),
    ),
    gauge('container_spec_memory_swap_limit_bytes', 'Memory swap limit for the container.', fixed(nothing)),
    gauge(
      'container_start_time_seconds',
      'Start time of the container since unix epoch in seconds.',
      fixed(({ startedAt }) => Math.floor(startedAt / SECOND)),
    ),
    ...ofMachine(node),
  ]);
}

const gauge = (name: string, help: string, samples: readonly MetricSample[]): MetricFamily => ({
  name,
  help,
  type: 'gauge',
  samples,
});
const counter = (name: string, help: string, samples: readonly MetricSample[]): MetricFamily => ({
  name,
  help,
  type: 'counter',
  samples,
});

function ofMachine({ memoryBytes, cores, identity }: ServedNode): MetricFamily[] {
  const { bootID = '', machineID = '', systemUUID = '' } = identity();
  const labels = { boot_id: bootID, machine_id: machineID, system_uuid: systemUUID };
  return [
    gauge('machine_cpu_cores', 'Number of logical CPU cores.', [{ labels, value: cores }]),
    gauge('machine_memory_bytes', 'Amount of memory installed on the machine.', [
      { labels, value: memoryBytes },
    ]),
    gauge('machine_scrape_error', '1 if there was an error while getting machine metrics, 0 otherwise.', [
      { labels: {}, value: 0 },
    ]),
    gauge('machine_swap_bytes', 'Amount of swap memory available on the machine.', [{ labels, value: 0 }]),
  ];
}

const NOTHING: Labels = { container: '', id: '', image: '', name: '', namespace: '', pod: '' };

function machineGroup(node: ServedNode): Group {
  const { cpu, memory, startedAt } = node.total();
  const labels = { ...NOTHING, id: '/' };
  const oomEvents = 0;
  return {
    labels,
    cpu,
    memory,
    startedAt,
    shares: MACHINE_SHARES,
    quota: undefined,
    memoryLimit: node.memoryBytes,
    oomEvents,
  };
}

/** The pod's own, that of its sandbox, and those of its containers. */
function podGroups({ worker, containers, cpu, memory }: PodUsage): Group[] {
  const { pod, sandbox } = worker;
  const { name, namespace = '', uid } = pod.metadata;
  const id = `${parentOf(pod.status.qosClass)}-pod${uid.replaceAll('-', '_')}.slice`;
  const of: Labels = { ...NOTHING, id, namespace, pod: name };
  const startedAt = Date.parse(pod.status.startTime ?? pod.metadata.creationTimestamp) * 1000;
  const parts = containers.map((container) => containerGroup(of, container));
  const isBounded = parts.every(({ quota }) => quota !== undefined);
  const hasLimit = parts.every(({ memoryLimit }) => memoryLimit > 0);
  const own: Group = {
    labels: of,
    cpu,
    memory,
    startedAt,
    shares: sharesOf(sumOf(containers, ({ instance }) => cpuOf(instance.resources.requests?.['cpu']))),
    quota: isBounded ? sumOf(parts, ({ quota = 0 }) => quota) : undefined,
    memoryLimit: hasLimit ? sumOf(parts, ({ memoryLimit }) => memoryLimit) : 0,
    oomEvents: 0,
  };
  const pause: Group = {
    ...own,
    labels: { ...of, ...scopeOf(id, sandbox?.id ?? ''), image: PAUSE },
    cpu: SANDBOX_CPU,
    memory: SANDBOX_MEMORY,
    shares: LEAST_SHARES,
    quota: undefined,
    memoryLimit: 0,
  };
  return sandbox === undefined ? [own, ...parts] : [own, pause, ...parts];
}

function containerGroup(pod: Labels, { instance, cpu, memory, oomEvents }: ContainerUsage): Group {
  const { id, spec, startedAt = 0, resources } = instance;
  return {
    labels: { ...pod, ...scopeOf(pod['id'] ?? '', id), container: spec.name, image: spec.image },
    cpu,
    memory,
    startedAt,
    shares: sharesOf(cpuOf(resources.requests?.['cpu'])),
    quota: quotaOf(resources),
    memoryLimit: bytesOf(resources.limits?.['memory'] ?? '0'),
    oomEvents,
  };
}

const scopeOf = (pod: string, id: string): Labels => ({ id: `${pod}/cri-containerd-${id}.scope`, name: id });

/** A guaranteed pod is beside the groups of the other two classes. */
function parentOf(qosClass = 'BestEffort'): string {
  const name = 'kubelet-kubepods';
  if (qosClass === 'Guaranteed') return `${PODS}/${name}`;
  const own = `${name}-${qosClass.toLowerCase()}`;
  return `${PODS}/${own}.slice/${own}`;
}

const cpuOf = (quantity: Quantity = '0'): number => millicoresOf(quantity);
const sharesOf = (millicores: number): number =>
  Math.max(LEAST_SHARES, Math.floor((millicores * 1024) / 1000));

function quotaOf({ limits }: ResourceRequirements): number | undefined {
  const millicores = cpuOf(limits?.['cpu']);
  return millicores === 0 ? undefined : (millicores * CPU_PERIOD) / 1000;
}

function sumOf<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((total, one) => total + of(one), 0);
}
