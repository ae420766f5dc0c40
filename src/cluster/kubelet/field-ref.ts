import type { Container, Pod, ResourceList } from '../../model/objects.ts';
import { parseQuantity } from '../../model/quantity.ts';

/** Values that exist on the node before they are in the API. */
export interface PodFacts {
  readonly hostIp: string;
  readonly podIp: string;
  readonly allocatable: ResourceList;
  /** When the kubelet first heard of the pod, in RFC 3339. */
  readonly seenAt: string;
}

/**
 * The value of a `fieldRef`.
 * https://kubernetes.io/docs/concepts/workloads/pods/downward-api/
 * @returns undefined for a path that is not supported
 */
export function fieldValue(pod: Pod, path: string, facts: PodFacts): string | undefined {
  const subscript = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path);
  if (subscript !== null) {
    const map = subscript[1] === 'labels' ? pod.metadata.labels : annotationsOf(pod, facts);
    return map?.[subscript[2] ?? ''] ?? '';
  }
  return FIELDS[path]?.(pod, facts);
}

const FIELDS: Readonly<Record<string, (pod: Pod, facts: PodFacts) => string>> = {
  'metadata.name': ({ metadata }) => metadata.name,
  'metadata.namespace': ({ metadata }) => metadata.namespace ?? '',
  'metadata.uid': ({ metadata }) => metadata.uid,
  'metadata.labels': ({ metadata }) => formatMap(metadata.labels ?? {}),
  'metadata.annotations': (pod, facts) => formatMap(annotationsOf(pod, facts)),
  'spec.nodeName': ({ spec }) => spec.nodeName ?? '',
  'spec.serviceAccountName': ({ spec }) => spec.serviceAccountName ?? '',
  'status.hostIP': (_pod, { hostIp }) => hostIp,
  'status.hostIPs': (_pod, { hostIp }) => hostIp,
  'status.podIP': (_pod, { podIp }) => podIp,
  'status.podIPs': (_pod, { podIp }) => podIp,
};

/** The kubelet adds where it heard of the pod from, and when. */
function annotationsOf(pod: Pod, { seenAt }: PodFacts): Record<string, string> {
  return {
    ...pod.metadata.annotations,
    'kubernetes.io/config.seen': seenAt,
    'kubernetes.io/config.source': 'api',
  };
}

/** One `key="value"` a line, sorted, as the downward API writes maps. */
function formatMap(map: Readonly<Record<string, string>>): string {
  return Object.keys(map)
    .sort()
    .map((key) => `${key}=${JSON.stringify(map[key])}`)
    .join('\n');
}

/**
 * The value of a `resourceFieldRef`: rounded up to whole divisors; a limit that is not set is the node's
 * allocatable amount.
 */
export function resourceValue(
  container: Container,
  resource: string,
  divisor: string | number | undefined,
  allocatable: ResourceList,
): string {
  const [kind = '', ...rest] = resource.split('.');
  const name = rest.join('.');
  const list = kind === 'limits' ? container.resources.limits : container.resources.requests;
  const amount = list?.[name] ?? (kind === 'limits' ? allocatable[name] : undefined) ?? '0';
  const wanted = divisor === undefined ? 0n : parseQuantity(divisor).nanos;
  const by = wanted === 0n ? parseQuantity('1').nanos : wanted;
  const value = parseQuantity(amount).nanos;
  return String((value + by - 1n) / by);
}
