import type {
  DaemonSet,
  Deployment,
  HorizontalPodAutoscaler,
  KubeObject,
  Namespace,
  Node,
  PodDisruptionBudget,
  Service,
  StatefulSet,
} from '../../../model/objects.ts';
import type { Draft } from '../defaults/draft.ts';
import { addressProblems, isIPv4, isIPv6, subdomainProblems } from './formats.ts';
import { checkAmount } from './limits.ts';
import type { Problems } from './problems.ts';

/** An object whose counts are looked up by their names. */
interface Counted extends KubeObject {
  readonly status?: Readonly<Record<string, unknown>>;
}

/** A count of a status; one that is left out is 0. */
function count(object: Counted, name: string): number {
  const value = object.status?.[name];
  return typeof value === 'number' ? value : 0;
}

function checkCounts(problems: Problems, object: Counted, names: readonly string[]): void {
  for (const name of names) problems.notNegative(`status.${name}`, count(object, name));
}

function checkAtMost(problems: Problems, object: Counted, names: readonly string[]): void {
  for (const name of names) {
    const value = count(object, name);
    if (value > count(object, 'replicas')) {
      problems.invalid(`status.${name}`, value, 'cannot be greater than status.replicas');
    }
  }
}

/** @param ready how the message names `status.readyReplicas`, which is not the same for every kind */
function checkAvailable(problems: Problems, object: Counted, ready = 'readyReplicas'): void {
  const available = count(object, 'availableReplicas');
  if (available > count(object, 'readyReplicas')) {
    problems.invalid('status.availableReplicas', available, `cannot be greater than ${ready}`);
  }
}

function checkCollisions(problems: Problems, object: Counted, old: Counted): void {
  const before = old.status?.['collisionCount'];
  if (typeof before !== 'number' || count(object, 'collisionCount') >= before) return;
  problems.invalid('status.collisionCount', count(object, 'collisionCount'), 'cannot be decremented');
}

/** Of a Deployment: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/deployment-v1/#DeploymentStatus */
export function checkDeploymentStatus(problems: Problems, object: Deployment, old: Deployment): void {
  const counted = object as Counted;
  checkCounts(problems, counted, [
    'observedGeneration',
    'replicas',
    'updatedReplicas',
    'readyReplicas',
    'availableReplicas',
    'unavailableReplicas',
    'terminatingReplicas',
    'collisionCount',
  ]);
  checkAtMost(problems, counted, ['updatedReplicas', 'readyReplicas', 'availableReplicas']);
  checkAvailable(problems, counted);
  checkCollisions(problems, counted, old);
}

/** Of a ReplicaSet, and of a ReplicationController. */
export function checkReplicaSetStatus(problems: Problems, object: Counted): void {
  checkCounts(problems, object, [
    'replicas',
    'fullyLabeledReplicas',
    'readyReplicas',
    'availableReplicas',
    'observedGeneration',
    'terminatingReplicas',
  ]);
  checkAtMost(problems, object, ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas']);
  checkAvailable(problems, object);
}

/** Of a StatefulSet. */
export function checkStatefulSetStatus(problems: Problems, object: StatefulSet, old: StatefulSet): void {
  const counted = object as Counted;
  checkCounts(problems, counted, [
    'replicas',
    'readyReplicas',
    'currentReplicas',
    'updatedReplicas',
    'availableReplicas',
    'observedGeneration',
    'collisionCount',
  ]);
  checkAtMost(problems, counted, [
    'readyReplicas',
    'currentReplicas',
    'updatedReplicas',
    'availableReplicas',
  ]);
  checkAvailable(problems, counted, 'status.readyReplicas');
  checkCollisions(problems, counted, old);
}

/** Of a DaemonSet. */
export function checkDaemonSetStatus(problems: Problems, object: DaemonSet, old: DaemonSet): void {
  const counted = object as Counted;
  checkCounts(problems, counted, [
    'currentNumberScheduled',
    'numberMisscheduled',
    'desiredNumberScheduled',
    'numberReady',
    'observedGeneration',
    'updatedNumberScheduled',
    'numberAvailable',
    'numberUnavailable',
    'collisionCount',
  ]);
  checkCollisions(problems, counted, old);
}

/** Of a PodDisruptionBudget. */
export function checkDisruptionBudgetStatus(problems: Problems, object: PodDisruptionBudget): void {
  checkCounts(problems, object, ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods']);
}

/** Of a HorizontalPodAutoscaler. */
export function checkAutoscalerStatus(problems: Problems, object: HorizontalPodAutoscaler): void {
  checkCounts(problems, object, ['currentReplicas', 'desiredReplicas']);
}

/** Only what is being deleted may say so. */
export function checkNamespaceStatus(problems: Problems, { metadata, status }: Namespace): void {
  const phase = status.phase as string | undefined;
  const isDeleted = metadata.deletionTimestamp !== undefined;
  if (isDeleted && phase !== 'Terminating') {
    problems.invalid(
      'status.Phase',
      phase ?? '',
      "may only be 'Terminating' if `deletionTimestamp` is not empty",
    );
  }
  if (!isDeleted && phase !== 'Active') {
    problems.invalid('status.Phase', phase ?? '', "may only be 'Active' if `deletionTimestamp` is empty");
  }
}

interface Place {
  readonly ip?: string;
  readonly hostname?: string;
  readonly ipMode?: string;
}

/** A status that says where a load balancer is. */
interface Balanced extends KubeObject {
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly Place[] } };
}

/** Of a Service: where its load balancer is. */
export function checkServiceStatus(problems: Problems, object: Service): void {
  const ingress = (object as Balanced).status?.loadBalancer?.ingress ?? [];
  if (ingress.length > 0 && object.spec.type !== 'LoadBalancer') {
    const why = "may only be used when `spec.type` is 'LoadBalancer'";
    problems.forbidden('status.loadBalancer.ingress', why);
    return;
  }
  ingress.forEach((entry, index) => {
    const field = `status.loadBalancer.ingress[${index}]`;
    const { ip = '', ipMode } = entry;
    checkPlace(problems, field, entry);
    if (ip === '' && ipMode !== undefined) {
      problems.forbidden(`${field}.ipMode`, 'may not be specified when `ip` is not set');
    } else problems.oneOf(`${field}.ipMode`, ipMode, ['Proxy', 'VIP']);
  });
}

/** Of an Ingress: where its load balancer is. */
export function checkIngressStatus(problems: Problems, { status }: Balanced): void {
  const ingress = status?.loadBalancer?.ingress ?? [];
  ingress.forEach((entry, index) => {
    checkPlace(problems, `status.loadBalancer.ingress[${index}]`, entry);
  });
}

function checkPlace(problems: Problems, field: string, { ip = '', hostname = '' }: Place): void {
  if (ip !== '') problems.invalidFor(`${field}.ip`, ip, addressProblems(ip));
  if (hostname === '') return;
  problems.invalidFor(`${field}.hostname`, hostname, subdomainProblems(hostname));
  if (isIPv4(hostname) || isIPv6(hostname)) {
    problems.invalid(`${field}.hostname`, hostname, 'must be a DNS name, not an IP address');
  }
}

/** Of a node: amounts of what it has, and addresses, each of them once. */
export function checkNodeStatus(problems: Problems, { status }: Draft<Node>): void {
  for (const list of ['capacity', 'allocatable'] as const) {
    for (const [name, quantity] of Object.entries(status?.[list] ?? {})) {
      if (quantity !== undefined) checkAmount(problems, `status.${list}.${name}`, name, quantity);
    }
  }
  const seen = new Set<string>();
  (status?.addresses ?? []).forEach(({ type = '', address = '' }, index) => {
    const key = `${type} ${address}`;
    if (seen.has(key)) problems.duplicate(`status.addresses[${index}]`, { Type: type, Address: address });
    seen.add(key);
  });
}
