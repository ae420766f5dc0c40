import type { Pod, Toleration } from '../../../model/objects.ts';
import type { AdmissionPlugin } from '../pipeline.ts';

const SECONDS = 300;
const TAINTS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

/**
 * Pods stay five minutes on a node that has failed, unless they say otherwise.
 * https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#defaulttolerationseconds
 */
export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  mutate({ operation, resource, subresource, object }) {
    if (resource.id !== 'pods' || subresource !== undefined) return;
    if (object === undefined || (operation !== 'CREATE' && operation !== 'UPDATE')) return;
    const { spec } = object as unknown as Pod;
    const tolerations = spec.tolerations ?? [];
    const missing = TAINTS.filter((taint) => !tolerations.some((toleration) => covers(toleration, taint)));
    if (missing.length > 0) spec.tolerations = [...tolerations, ...missing.map(toleration)];
  },
};

function covers({ key, effect }: Toleration, taint: string): boolean {
  const anyKey = key === undefined || key === '';
  const anyEffect = effect === undefined || (effect as string) === '';
  return (anyKey || key === taint) && (anyEffect || effect === 'NoExecute');
}

function toleration(key: string): Toleration {
  return { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: SECONDS };
}
