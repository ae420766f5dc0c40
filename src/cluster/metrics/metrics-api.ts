import type {
  AnyObject,
  KubeObject,
  NodeMetrics,
  Pod,
  PodMetrics,
  ResourceList,
} from '../../model/objects.ts';
import { formatQuantity } from '../../model/quantity.ts';
import { resource, resources } from '../../model/resources.ts';
import type { Api } from '../api.ts';
import { listOptions } from '../apiserver/http/list-options.ts';
import { negotiate } from '../apiserver/http/negotiation.ts';
import { parsePath } from '../apiserver/http/request-path.ts';
import type { DiscoveredResource, ResourceInfo } from '../apiserver/resource-registry.ts';
import { contentResponse, listContent, objectContent } from '../apiserver/rest/representation.ts';
import { selection } from '../apiserver/rest/selectable-fields.ts';
import { methodNotAllowed, notFound, resourceNotServed } from '../apiserver/status.ts';
import type { ApiRequest, ApiResponse } from '../apiserver/types.ts';
import { goDuration } from '../kubelet/duration.ts';
import type { Simulation } from '../simulation/simulation.ts';
import type { Usage } from './usage-history.ts';

export const METRICS_GROUP = 'metrics.k8s.io';
export const METRICS_VERSION = 'v1beta1';

const discovered = (plural: string, kind: string, scope: string): DiscoveredResource => ({
  resource: plural,
  responseKind: { group: METRICS_GROUP, version: METRICS_VERSION, kind },
  scope,
  singularResource: '',
  verbs: ['get', 'list'],
});
const NODES = discovered('nodes', 'NodeMetrics', 'Cluster');
const PODS = discovered('pods', 'PodMetrics', 'Namespaced');
/** What metrics.k8s.io/v1beta1 serves. */
export const METRICS_RESOURCES: readonly DiscoveredResource[] = [NODES, PODS];

const nodeMetrics = resource<NodeMetrics>(METRICS_GROUP, METRICS_VERSION, 'nodes', 'NodeMetrics', false);
const podMetrics = resource<PodMetrics>(METRICS_GROUP, METRICS_VERSION, 'pods', 'PodMetrics');
const infoOf = (of: typeof nodeMetrics | typeof podMetrics, entry: DiscoveredResource): ResourceInfo => ({
  resource: of,
  discovered: entry,
  storage: of.id,
  view: undefined,
  custom: undefined,
});
/** In errors metrics-server names what it serves, not what its API is called. */
const named = (plural: string): { group: string; plural: string; id: string } => ({
  group: METRICS_GROUP,
  plural,
  id: `${plural}.${METRICS_GROUP}`,
});

/** What is known of the use of nodes and containers. */
export interface KnownUsage {
  node(name: string): Usage | undefined;
  /** By the container's name; undefined where one of them is not known yet. */
  pod(namespace: string, name: string): ReadonlyMap<string, Usage> | undefined;
}

/** metrics.k8s.io as metrics-server serves it. https://kubernetes.io/docs/reference/external-api/metrics.v1beta1/ */
export class MetricsApi {
  readonly #simulation: Simulation;
  readonly #api: Api;
  readonly #known: KnownUsage;

  constructor(simulation: Simulation, api: Api, known: KnownUsage) {
    this.#simulation = simulation;
    this.#api = api;
    this.#known = known;
  }

  /** @throws StatusError */
  handle(http: ApiRequest): ApiResponse {
    const path = parsePath(http.path);
    if (path.kind !== 'resource' || path.subresource !== undefined) throw resourceNotServed();
    if (http.method !== 'GET') throw methodNotAllowed();
    const query = new URLSearchParams(http.query);
    const representation = negotiate(http.headers, query);
    const { plural, namespace, name } = path;
    if (plural !== 'pods' && plural !== 'nodes') throw resourceNotServed();
    const info = plural === 'pods' ? infoOf(podMetrics, PODS) : infoOf(nodeMetrics, NODES);
    const context = { info, representation, now: this.#simulation.now };
    const answer = { representation, warnings: [] };
    if (name !== undefined) {
      const object = plural === 'pods' ? this.#pod(namespace ?? '', name) : this.#node(name);
      return contentResponse(answer, 200, objectContent(context, object as KubeObject as AnyObject));
    }
    const { labels, fields } = listOptions(query);
    const matches = selection(info, labels, fields) ?? (() => true);
    const all = plural === 'pods' ? this.#pods(namespace) : this.#nodes();
    const items = all.map((object) => object as KubeObject as AnyObject).filter(matches);
    return contentResponse(answer, 200, listContent(context, items, {}));
  }

  #pods(namespace: string | undefined): PodMetrics[] {
    const pods = this.#api.list(resources.pods, namespace === undefined ? {} : { namespace });
    return pods.flatMap((pod) => this.#metricsOfPod(pod) ?? []);
  }

  #pod(namespace: string, name: string): PodMetrics {
    const pod = this.#api.get(resources.pods, namespace, name);
    if (pod === undefined) throw notFound(resources.pods, name);
    const metrics = this.#metricsOfPod(pod);
    if (metrics === undefined) throw notFound(named('podmetrics'), `${namespace}/${name}`);
    return metrics;
  }

  #metricsOfPod({ metadata }: Pod): PodMetrics | undefined {
    const { namespace = '', name } = metadata;
    const containers = this.#known.pod(namespace, name);
    if (containers === undefined || containers.size === 0) return undefined;
    // The pod's window is that of the container that was looked at first.
    const [first] = [...containers.values()].sort((a, b) => a.at - b.at);
    if (first === undefined) return undefined;
    return {
      ...this.#head('PodMetrics', metadata, first),
      containers: [...containers].map(([container, usage]) => ({ name: container, usage: listOf(usage) })),
    };
  }

  #nodes(): NodeMetrics[] {
    return this.#api.list(resources.nodes).flatMap((node) => this.#metricsOfNode(node) ?? []);
  }

  #node(name: string): NodeMetrics {
    const node = this.#api.get(resources.nodes, undefined, name);
    if (node === undefined) throw notFound(resources.nodes, name);
    const metrics = this.#metricsOfNode(node);
    if (metrics === undefined) throw notFound(named('nodemetrics'), name);
    return metrics;
  }

  #metricsOfNode({ metadata }: KubeObject): NodeMetrics | undefined {
    const usage = this.#known.node(metadata.name);
    return usage && { ...this.#head('NodeMetrics', metadata, usage), usage: listOf(usage) };
  }

  /** Metrics look like an object that has just been made, with the labels of what they are about. */
  #head(
    kind: string,
    { name, namespace, labels }: KubeObject['metadata'],
    { at, window }: Usage,
  ): Pick<PodMetrics, 'kind' | 'apiVersion' | 'metadata' | 'timestamp' | 'window'> {
    const metadata = {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      creationTimestamp: this.#simulation.timestamp(),
      ...(labels === undefined ? {} : { labels }),
    };
    return {
      kind,
      apiVersion: `${METRICS_GROUP}/${METRICS_VERSION}`,
      metadata: metadata as PodMetrics['metadata'],
      timestamp: this.#simulation.timestamp(at),
      window: goDuration(window),
    };
  }
}

function listOf({ nanocores, bytes }: Usage): ResourceList {
  return {
    cpu: nanocores === 0 ? '0' : `${nanocores}n`,
    memory: formatQuantity({ nanos: BigInt(Math.floor(bytes)) * 1_000_000_000n, format: 'BinarySI' }),
  };
}
