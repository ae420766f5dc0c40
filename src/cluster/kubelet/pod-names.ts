import type { ObjectReference, Pod } from '../../model/objects.ts';
import type { ContainerKind } from './types.ts';

/** `name_namespace(uid)`, as kubelets name pods in messages. */
export function podText(pod: Pod): string {
  return `${pod.metadata.name}_${pod.metadata.namespace ?? ''}(${pod.metadata.uid})`;
}

const FIELDS: Readonly<Record<ContainerKind, string>> = {
  init: 'initContainers',
  app: 'containers',
  ephemeral: 'ephemeralContainers',
};

/** What an event about a container is about: the pod, with the path of the container in it. */
export function containerReference(pod: Pod, kind: ContainerKind, name: string): ObjectReference {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    name: pod.metadata.name,
    namespace: pod.metadata.namespace ?? 'default',
    uid: pod.metadata.uid,
    resourceVersion: pod.metadata.resourceVersion,
    fieldPath: `spec.${FIELDS[kind]}{${name}}`,
  };
}
