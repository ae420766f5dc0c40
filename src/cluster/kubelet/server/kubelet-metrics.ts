import { type MetricFamily, type MetricSample, prometheusText } from '../../../core/prometheus-text.ts';
import type { Volume } from '../../../model/objects.ts';
import { SECOND } from '../../simulation/simulation.ts';
import type { PodWorker } from '../pod-worker.ts';
import { isMirror } from '../static-pods.ts';
import type { ServedNode } from './server.ts';

type Static = 'true' | '';

const STATIC: readonly Static[] = ['', 'true'];
const LIFECYCLES = ['sync', 'terminated', 'terminating'] as const;

/**
 * `/metrics`: what the kubelet can say of its pods just now. What it would have to keep time of, its runtime and its
 * process are left out (docs/fidelity.md).
 * https://kubernetes.io/docs/reference/instrumentation/metrics/
 */
export function kubeletMetricsText(node: ServedNode): string {
  const { workers } = node;
  const pods = STATIC.map((isStatic) => ({
    labels: { static: isStatic },
    value: workers.filter((worker) => worker.active && staticOf(worker) === isStatic).length,
  })).filter(({ value }) => value > 0);
  const families: MetricFamily[] = [
    {
      name: 'kubelet_active_pods',
      help: '[ALPHA] The number of pods the kubelet considers active and which are being considered when admitting new pods. static is true if the pod is not from the apiserver.',
      type: 'gauge',
      samples: pods,
    },
    {
      name: 'kubelet_desired_pods',
      help: '[ALPHA] The number of pods the kubelet is being instructed to run. static is true if the pod is not from the apiserver.',
      type: 'gauge',
      samples: pods,
    },
    {
      name: 'kubelet_http_inflight_requests',
      help: '[ALPHA] Number of the inflight http requests',
      type: 'gauge',
      // This one.
      samples: [
        {
          labels: { long_running: 'false', method: 'GET', path: 'metrics', server_type: 'readwrite' },
          value: 1,
        },
      ],
    },
    {
      name: 'kubelet_managed_ephemeral_containers',
      help: '[ALPHA] Current number of ephemeral containers in pods managed by this kubelet.',
      type: 'gauge',
      samples: [{ labels: {}, value: sum(workers, ({ pod }) => pod.spec.ephemeralContainers?.length ?? 0) }],
    },
    {
      name: 'kubelet_mirror_pods',
      help: '[ALPHA] The number of mirror pods the kubelet will try to create (one per admitted static pod)',
      type: 'gauge',
      samples: [{ labels: {}, value: sum(workers, (worker) => (staticOf(worker) === 'true' ? 1 : 0)) }],
    },
    {
      name: 'kubelet_node_name',
      help: "[ALPHA] The node's name. The count is always 1.",
      type: 'gauge',
      samples: [{ labels: { node: node.name }, value: 1 }],
    },
    {
      name: 'kubelet_running_containers',
      help: '[ALPHA] Number of containers currently running',
      type: 'gauge',
      samples: ['created', 'exited', 'running']
        .map((state) => ({ labels: { container_state: state }, value: sum(workers, inState(state)) }))
        .filter(({ value }) => value > 0),
    },
    {
      name: 'kubelet_running_pods',
      help: '[ALPHA] Number of pods that have a running pod sandbox',
      type: 'gauge',
      samples: [{ labels: {}, value: sum(workers, ({ sandbox }) => (sandbox === undefined ? 0 : 1)) }],
    },
    {
      name: 'kubelet_working_pods',
      help: '[ALPHA] Number of pods the kubelet is actually running, broken down by lifecycle phase, whether the pod is desired, orphaned, or runtime only (also orphaned), and whether the pod is static. An orphaned pod has been removed from local configuration or force deleted in the API and consumes resources that are not otherwise visible.',
      type: 'gauge',
      samples: workingPods(workers),
    },
    {
      name: 'kubernetes_build_info',
      help: "[BETA] A metric with a constant '1' value labeled by major, minor, git version, git commit, git tree state, build date, Go version, and compiler from which Kubernetes was built, and platform on which it is running.",
      type: 'gauge',
      samples: [{ labels: node.build(), value: 1 }],
    },
    {
      name: 'process_start_time_seconds',
      help: 'Start time of the process since unix epoch in seconds.',
      type: 'gauge',
      samples: [{ labels: {}, value: node.total().startedAt / SECOND }],
    },
    {
      name: 'volume_manager_total_volumes',
      help: '[ALPHA] Number of volumes in Volume Manager',
      type: 'gauge',
      samples: volumes(workers),
    },
  ];
  return prometheusText(families);
}

const staticOf = ({ pod }: PodWorker): Static => (isMirror(pod) ? 'true' : '');

const inState =
  (state: string) =>
  ({ containers }: PodWorker): number =>
    containers.all().filter((instance) => instance.state === state).length;

function sum(workers: readonly PodWorker[], of: (worker: PodWorker) => number): number {
  return workers.reduce((total, worker) => total + of(worker), 0);
}

/** A kubelet here has no pods but those that it is told of. */
function workingPods(workers: readonly PodWorker[]): MetricSample[] {
  const known = ['desired', 'orphan'].flatMap((config) =>
    LIFECYCLES.flatMap((lifecycle) =>
      STATIC.map((isStatic) => ({
        labels: { config, lifecycle, static: isStatic },
        value:
          config === 'orphan'
            ? 0
            : sum(workers, (worker) =>
                lifecycleOf(worker) === lifecycle && staticOf(worker) === isStatic ? 1 : 0,
              ),
      })),
    ),
  );
  const unknown = LIFECYCLES.map((lifecycle) => ({
    labels: { config: 'runtime_only', lifecycle, static: 'unknown' },
    value: 0,
  }));
  return [...known, ...unknown];
}

function lifecycleOf(worker: PodWorker): (typeof LIFECYCLES)[number] {
  if (!worker.active) return 'terminated';
  return worker.pod.metadata.deletionTimestamp === undefined ? 'sync' : 'terminating';
}

/** The names of the plugins whose volumes have other names in a pod. */
const PLUGINS: Readonly<Record<string, string>> = {
  configMap: 'configmap',
  downwardAPI: 'downward-api',
  emptyDir: 'empty-dir',
  hostPath: 'host-path',
  persistentVolumeClaim: 'host-path',
};

/** By plugin: what pods that hold resources have mounted is what they want, as far as can be told. */
function volumes(workers: readonly PodWorker[]): MetricSample[] {
  const counts = new Map<string, number>();
  for (const worker of workers.filter(({ active }) => active)) {
    for (const volume of worker.pod.spec.volumes ?? []) {
      const plugin = pluginOf(volume);
      counts.set(plugin, (counts.get(plugin) ?? 0) + 1);
    }
  }
  return [...counts]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([plugin, value]) =>
      ['actual_state_of_world', 'desired_state_of_world'].map((state) => ({
        labels: { plugin_name: plugin, state },
        value,
      })),
    );
}

function pluginOf({ name: _name, ...source }: Volume): string {
  const [kind = 'empty-dir'] = Object.keys(source);
  return `kubernetes.io/${PLUGINS[kind] ?? kind}`;
}
