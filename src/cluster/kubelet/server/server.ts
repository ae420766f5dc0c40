import type { Pod } from '../../../model/objects.ts';
import type { NodeAnswer } from '../../node-api.ts';
import type { FileTree } from '../../runtime/container-types.ts';
import type { Micros } from '../../simulation/simulation.ts';
import type { Used } from '../kubelet.ts';
import type { PodWorker } from '../pod-worker.ts';
import { cadvisorText } from './cadvisor.ts';
import { kubeletMetricsText } from './kubelet-metrics.ts';
import { probeMetricsText } from './probe-metrics.ts';
import { resourceMetricsText } from './resource-metrics.ts';
import { runningPods } from './running-pods.ts';
import { statsSummary } from './stats-summary.ts';
import { servedLog } from './system-logs.ts';

/** What a kubelet's own server tells of. */
export interface ServedNode {
  readonly name: string;
  /** Bound to the node. */
  readonly pods: () => readonly Pod[];
  readonly workers: readonly PodWorker[];
  /** All of the node, its system too. */
  readonly total: () => Used;
  readonly memoryBytes: number;
  readonly cores: number;
  /** Of the machine, with what tells it from others: `nodeInfo` of its status. */
  readonly identity: () => Readonly<Record<string, string>>;
  /** Labels of `kubernetes_build_info`. */
  readonly build: () => Readonly<Record<string, string>>;
  /** Of the node's disk. */
  readonly diskBytes: number;
  /** The node's own, with `/var/log`. */
  readonly files: FileTree;
  /** With the values that its file leaves to the kubelet. */
  readonly configuration: () => object;
  /** An instant as Kubernetes writes it. */
  readonly stamp: (at: Micros) => string;
}

/**
 * What the kubelet answers on its port 10250: whether it is well, the pods it has, what they use, its configuration, its
 * metrics, the logs of the node.
 * https://kubernetes.io/docs/reference/command-line-tools-reference/kubelet/
 */
export function kubeletAnswer(node: ServedNode, path: string): NodeAnswer {
  if (path === '/logs' || path.startsWith('/logs/')) return servedLog(node.files, path);
  switch (path.replace(/(?<=.)\/$/, '')) {
    case '/healthz':
    case '/healthz/log':
    case '/healthz/ping':
    case '/healthz/syncloop':
      return { status: 200, type: TEXT, body: 'ok' };
    case '/pods':
      return json({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items: node.pods() });
    case '/runningpods':
      return json(runningPods(node.workers));
    case '/configz':
      return json({ kubeletconfig: node.configuration() });
    case '/stats/summary':
      return json(statsSummary(node));
    case '/metrics':
      return { status: 200, type: METRICS, body: kubeletMetricsText(node) };
    case '/metrics/cadvisor':
      return { status: 200, type: METRICS, body: cadvisorText(node) };
    case '/metrics/probes':
      return { status: 200, type: METRICS, body: probeMetricsText(node) };
    case '/metrics/resource':
      return { status: 200, type: METRICS, body: resourceMetricsText(node) };
    default:
      return { status: 404, type: TEXT, body: '404 page not found\n' };
  }
}

const TEXT = 'text/plain; charset=utf-8';
const METRICS = 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores';

function json(value: object): NodeAnswer {
  return { status: 200, type: 'application/json', body: JSON.stringify(value) };
}
