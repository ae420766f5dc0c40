import { canonical } from '../../core/json.ts';
import { Random } from '../../core/random.ts';
import type { NewObject, Node, Pod } from '../../model/objects.ts';
import type { StaticPod } from './types.ts';

const MIRROR = 'kubernetes.io/config.mirror';

/**
 * The mirror pod by which a static pod shows in the API: named after its node, owned by it.
 * https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/
 */
export function mirrorPod(pod: StaticPod, node: Node, seen: string): NewObject<Pod> {
  const { name, uid } = node.metadata;
  const hash = new Random(canonical(pod)).hex(32);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${pod.name}-${name}`,
      namespace: pod.namespace,
      labels: { ...pod.labels },
      annotations: {
        ...pod.annotations,
        'kubernetes.io/config.hash': hash,
        [MIRROR]: hash,
        'kubernetes.io/config.seen': seen,
        'kubernetes.io/config.source': 'file',
      },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid, controller: true }],
    },
    spec: {
      ...pod.spec,
      nodeName: name,
      tolerations: [{ effect: 'NoExecute', operator: 'Exists' }],
    },
  };
}

export function isMirror(pod: Pod): boolean {
  return pod.metadata.annotations?.[MIRROR] !== undefined;
}
