import type { Pod } from '../../model/objects.ts';
import type { NodeInfo } from './cluster-state.ts';
import type { Filter, FilterContext, Rejection } from './filter.ts';
import { interPodAffinity } from './filters/inter-pod-affinity.ts';
import {
  nodeAffinity,
  nodeName,
  nodePorts,
  nodeResourcesFit,
  nodeUnschedulable,
  taintToleration,
} from './filters/node.ts';
import { podTopologySpread } from './filters/topology-spread.ts';
import { volumeBinding, volumeRestrictions } from './filters/volumes.ts';

/** What happened in the cluster, as far as it can make a waiting pod schedulable. */
export type ClusterEvent = 'node' | 'pod-added' | 'pod-removed' | 'volume';

interface Plugin {
  readonly filter: Filter;
  /** After which of these a pod that it refused is worth another try. */
  readonly wakes: readonly ClusterEvent[];
}

/** In the order in which they are asked; the first that refuses a node names the reason. */
const plugins = {
  NodeUnschedulable: { filter: nodeUnschedulable, wakes: ['node'] },
  NodeName: { filter: nodeName, wakes: ['node'] },
  TaintToleration: { filter: taintToleration, wakes: ['node'] },
  NodeAffinity: { filter: nodeAffinity, wakes: ['node'] },
  NodePorts: { filter: nodePorts, wakes: ['node', 'pod-removed'] },
  NodeResourcesFit: { filter: nodeResourcesFit, wakes: ['node', 'pod-removed'] },
  VolumeRestrictions: { filter: volumeRestrictions, wakes: ['volume', 'pod-removed'] },
  VolumeBinding: { filter: volumeBinding, wakes: ['node', 'volume'] },
  PodTopologySpread: { filter: podTopologySpread, wakes: ['node', 'pod-added', 'pod-removed'] },
  InterPodAffinity: { filter: interPodAffinity, wakes: ['node', 'pod-added', 'pod-removed'] },
} as const satisfies Record<string, Plugin>;

export type PluginName = keyof typeof plugins;

export function wakesOf(plugin: PluginName): readonly ClusterEvent[] {
  return plugins[plugin].wakes;
}

/** The first plugin that refuses the node, and why. */
export function runFilters(
  pod: Pod,
  node: NodeInfo,
  context: FilterContext,
): { readonly plugin: PluginName; readonly rejection: Rejection } | undefined {
  for (const plugin of Object.keys(plugins) as PluginName[]) {
    const rejection = plugins[plugin].filter(pod, node, context);
    if (rejection !== undefined) return { plugin, rejection };
  }
  return undefined;
}
