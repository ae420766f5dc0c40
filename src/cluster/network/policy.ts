import type {
  Namespace,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  Pod,
} from '../../model/objects.ts';
import { matchesSelector } from '../../model/selector.ts';
import { contains, parseCidr } from './addresses.ts';

/** One side of a connection as policies see it: always an address, and the pod whose address it is. */
export interface PolicyEnd {
  readonly ip: string;
  /** Absent for nodes, host-network pods and everything outside the cluster. */
  readonly pod?: Pod;
}

interface PolicyTraffic {
  readonly from: PolicyEnd;
  readonly to: PolicyEnd;
  /** ICMP is let through by rules that name no port. */
  readonly protocol: 'TCP' | 'UDP' | 'ICMP';
  /** The destination's own port, not that of a Service. */
  readonly port: number;
}

interface Rule {
  readonly peers: readonly ((end: PolicyEnd) => boolean)[] | undefined;
  readonly ports: readonly NetworkPolicyPort[] | undefined;
}

/** What the policies that select one pod allow; undefined: the pod is not isolated in that direction. */
interface Isolation {
  readonly ingress: readonly Rule[] | undefined;
  readonly egress: readonly Rule[] | undefined;
}

/**
 * Decides about connections by NetworkPolicy v1. Replies of a connection that was allowed need no rule.
 * https://kubernetes.io/docs/concepts/services-networking/network-policies/
 */
export interface PolicySet {
  allows(traffic: PolicyTraffic): boolean;
}

/** Compiles policies; a set stays right until a policy, or labels of a pod or a namespace change. */
export function compilePolicies(
  policies: readonly NetworkPolicy[],
  namespaces: ReadonlyMap<string, Namespace>,
): PolicySet {
  const isolations = new Map<string, Isolation>();

  const isolationOf = (pod: Pod): Isolation => {
    let isolation = isolations.get(pod.metadata.uid);
    if (isolation === undefined) {
      isolation = isolate(pod, policies, namespaces);
      isolations.set(pod.metadata.uid, isolation);
    }
    return isolation;
  };

  return {
    allows: (traffic) => {
      const { from, to } = traffic;
      // A pod can never be cut off from itself.
      if (from.pod !== undefined && from.pod.metadata.uid === to.pod?.metadata.uid) return true;
      const egress = from.pod === undefined ? undefined : isolationOf(from.pod).egress;
      if (egress !== undefined && !egress.some((rule) => ruleFits(rule, to, traffic))) return false;
      const ingress = to.pod === undefined ? undefined : isolationOf(to.pod).ingress;
      return ingress === undefined || ingress.some((rule) => ruleFits(rule, from, traffic));
    },
  };
}

function isolate(
  pod: Pod,
  policies: readonly NetworkPolicy[],
  namespaces: ReadonlyMap<string, Namespace>,
): Isolation {
  let ingress: Rule[] | undefined;
  let egress: Rule[] | undefined;
  for (const { metadata, spec } of policies) {
    if (metadata.namespace !== pod.metadata.namespace) continue;
    if (!matchesSelector(spec.podSelector, pod.metadata.labels)) continue;
    const compile = (
      peers: NetworkPolicyPeer[] | undefined,
      ports: NetworkPolicyPort[] | undefined,
    ): Rule => ({
      peers: isEmpty(peers)
        ? undefined
        : peers?.map((peer) => peerFits(peer, metadata.namespace, namespaces)),
      ports: isEmpty(ports) ? undefined : ports,
    });
    if (spec.policyTypes.includes('Ingress')) {
      (ingress ??= []).push(...(spec.ingress ?? []).map((rule) => compile(rule.from, rule.ports)));
    }
    if (spec.policyTypes.includes('Egress')) {
      (egress ??= []).push(...(spec.egress ?? []).map((rule) => compile(rule.to, rule.ports)));
    }
  }
  return { ingress, egress };
}

function peerFits(
  peer: NetworkPolicyPeer,
  policyNamespace: string | undefined,
  namespaces: ReadonlyMap<string, Namespace>,
): (end: PolicyEnd) => boolean {
  if (peer.ipBlock !== undefined) {
    // The cluster has IPv4 only: a range of IPv6 addresses fits nothing.
    if (peer.ipBlock.cidr.includes(':')) return () => false;
    const range = parseCidr(peer.ipBlock.cidr);
    const except = (peer.ipBlock.except ?? []).map(parseCidr);
    return ({ ip }) => contains(range, ip) && !except.some((hole) => contains(hole, ip));
  }
  const { podSelector, namespaceSelector } = peer;
  return ({ pod }) => {
    if (pod === undefined) return false;
    const namespace = pod.metadata.namespace ?? '';
    const inNamespace =
      namespaceSelector === undefined
        ? namespace === policyNamespace
        : matchesSelector(namespaceSelector, namespaces.get(namespace)?.metadata.labels);
    return inNamespace && (podSelector === undefined || matchesSelector(podSelector, pod.metadata.labels));
  };
}

function ruleFits(rule: Rule, peer: PolicyEnd, traffic: PolicyTraffic): boolean {
  if (rule.peers !== undefined && !rule.peers.some((fits) => fits(peer))) return false;
  return rule.ports === undefined || rule.ports.some((port) => portFits(port, traffic));
}

function portFits(rule: NetworkPolicyPort, traffic: PolicyTraffic): boolean {
  if ((rule.protocol ?? 'TCP') !== traffic.protocol) return false;
  if (rule.port === undefined) return true;
  if (typeof rule.port === 'number') {
    return traffic.port >= rule.port && traffic.port <= (rule.endPort ?? rule.port);
  }
  const containers = traffic.to.pod?.spec.containers ?? [];
  return containers.some((container) =>
    (container.ports ?? []).some(
      (port) =>
        port.name === rule.port && port.protocol === traffic.protocol && port.containerPort === traffic.port,
    ),
  );
}

function isEmpty(list: readonly unknown[] | undefined): boolean {
  return list === undefined || list.length === 0;
}
