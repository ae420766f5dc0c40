import type { ControllerRevision, DaemonSet, Pod } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import { controllerReference } from '../ownership.ts';
import { podFromTemplate } from '../pod-control.ts';
import { daemonTolerations, pinnedTo, targetNode } from './daemon-placement.ts';

/** On a pod: of which revision it is. */
export const HASH_LABEL = 'controller-revision-hash';
const GENERATION_ANNOTATION = 'deprecated.daemonset.template.generation';
const GENERATION_LABEL = 'pod-template-generation';

export type PodsByNode = ReadonlyMap<string, readonly Pod[]>;

/** A new pod of the set for a node. */
export function daemonPod(
  set: DaemonSet,
  revision: ControllerRevision,
  node: string,
): ReturnType<typeof podFromTemplate> {
  const pod = podFromTemplate(set.spec.template, set, controllerReference(resources.daemonSets, set));
  const generation = set.metadata.annotations?.[GENERATION_ANNOTATION];
  pod.metadata.labels = {
    ...pod.metadata.labels,
    [HASH_LABEL]: hashOf(revision),
    ...(generation === undefined ? {} : { [GENERATION_LABEL]: generation }),
  };
  const affinity = pinnedTo(pod.spec, node);
  if (affinity !== undefined) pod.spec.affinity = affinity;
  pod.spec.tolerations = daemonTolerations(pod.spec);
  return pod;
}

export function hashOf({ metadata }: Pod | ControllerRevision): string {
  return metadata.labels?.[HASH_LABEL] ?? '';
}

/** By the node that they are on, or are meant for. */
export function groupByNode(pods: readonly Pod[]): PodsByNode {
  const byNode = new Map<string, Pod[]>();
  for (const pod of pods) {
    const node = targetNode(pod);
    if (node === undefined) continue;
    byNode.set(node, [...(byNode.get(node) ?? []), pod]);
  }
  return byNode;
}

/** Not being deleted. */
export function isStaying({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp === undefined;
}
