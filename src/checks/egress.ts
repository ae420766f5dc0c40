import type { LabelSelector, Namespace, NetworkPolicy, NetworkPolicyPeer } from '../model/objects.ts';
import { resources } from '../model/resources.ts';
import { matchesSelector, requirementsOf } from '../model/selector.ts';
import { type Check, fail, pass } from './check.ts';
import type { WorkloadRef } from './workloads.ts';

/** The label with a namespace's name, which the API server puts on every one. */
const BY_NAME = 'kubernetes.io/metadata.name';

/**
 * The NetworkPolicies of a namespace let its pods call each other and one workload, and nobody else. That is read from the
 * policies: nobody outside the cluster can be asked, and nobody in a namespace that is created tomorrow. Policies only add up, so
 * each rule is judged by itself, whichever pods it is for: tomorrow's may have any labels. Who else is in the workload's
 * namespace has to be tried (`isolates`), and so has whether any pod is not closed off at all.
 * https://kubernetes.io/docs/concepts/services-networking/network-policies/
 * @param called a Deployment; pods with its labels may be anywhere
 */
export function egressOnlyTo(namespace: string, called: WorkloadRef): Check {
  return {
    expected: `NetworkPolicies let pods of ${namespace} call each other and ${called.name}, and nobody else`,
    look: async (lab) => {
      const [policies, namespaces, ranges] = await Promise.all([
        lab.kube.list(resources.networkPolicies, { namespace }),
        lab.kube.list(resources.namespaces),
        lab.kube.list(resources.serviceCidrs),
      ]);
      const workload = lab.baseline.get(resources.deployments, called.namespace, called.name);
      const own = workload?.spec.selector ?? {};
      const known = [namespace, called.namespace];
      const services = ranges.flatMap(({ spec }) => spec.cidrs ?? []);
      for (const policy of policies) {
        const stranger = whoElse(policy, (peer) =>
          peer.ipBlock === undefined
            ? strangeNamespace(peer, own, namespaces, known)
            : strangeAddresses(peer.ipBlock, services),
        );
        if (stranger !== undefined)
          return fail(`networkpolicy/${policy.metadata.name} lets pods of ${namespace} call ${stranger}`);
      }
      return pass('they allow nobody else');
    },
  };
}

function whoElse(
  { spec: { policyTypes, egress = [] } }: NetworkPolicy,
  strangerIn: (peer: NetworkPolicyPeer) => string | undefined,
): string | undefined {
  if (!policyTypes.includes('Egress')) return undefined;
  for (const { to = [] } of egress) {
    if (to.length === 0) return 'anybody';
    const [stranger] = to.flatMap((peer) => strangerIn(peer) ?? []);
    if (stranger !== undefined) return stranger;
  }
  return undefined;
}

/** A namespace, of today or of tomorrow, with pods that the peer is about and that are not the workload's. */
function strangeNamespace(
  { namespaceSelector, podSelector = {} }: NetworkPolicyPeer,
  own: LabelSelector,
  namespaces: readonly Namespace[],
  known: readonly string[],
): string | undefined {
  // Without one it is about pods of the policy's own namespace.
  if (namespaceSelector === undefined || asksFor(podSelector, own)) return undefined;
  const named = requirementsOf(namespaceSelector).flatMap(({ key, values }) =>
    key === BY_NAME ? values : [],
  );
  const there = namespaces.map(({ metadata }) => metadata.name);
  const fits = (labels: Readonly<Record<string, string>> = {}): boolean =>
    matchesSelector(namespaceSelector, labels);
  const found =
    namespaces.find(({ metadata }) => !known.includes(metadata.name) && fits(metadata.labels))?.metadata
      .name ?? named.find((name) => ![...known, ...there].includes(name) && fits({ [BY_NAME]: name }));
  if (found !== undefined) return `pods of namespace ${found}`;
  // Longer than every name that the selector has, so none of them.
  return fits({ [BY_NAME]: [...named, 'new'].join('-') }) ? 'pods of any new namespace' : undefined;
}

/** Whether pods that fit a selector have all labels that another one asks for. */
const asksFor = (selector: LabelSelector, labels: LabelSelector): boolean =>
  requirementsOf(labels).every((wanted) =>
    requirementsOf(selector).some(
      ({ key, operator, values }) =>
        key === wanted.key &&
        ['=', 'in'].includes(operator) &&
        values.every((value) => wanted.values.includes(value)),
    ),
  );

/**
 * A block leads to pods, to nodes or out of the cluster, unless all of it are addresses of Services: these lead to pods, which
 * is what policies see.
 */
function strangeAddresses(
  { cidr, except = [] }: NonNullable<NetworkPolicyPeer['ipBlock']>,
  services: readonly string[],
): string | undefined {
  // Pods of a lab have IPv4 addresses: whoever has another one is outside.
  const outside = isIPv6(cidr) || exceeds(cidr, [...except, ...services.filter((range) => !isIPv6(range))]);
  return outside ? `addresses of ${cidr} that do not belong to Services` : undefined;
}

const isIPv6 = (cidr: string): boolean => cidr.includes(':');

/** Whether a range of IPv4 addresses has one that is in none of the others. */
export function exceeds(cidr: string, others: readonly string[]): boolean {
  const range = rangeOf(cidr);
  const inOrder = others.map(rangeOf).sort((one, other) => one.first - other.first);
  const uncovered = inOrder.reduce(
    (next, { first, end }) => (first <= next ? Math.max(next, end) : next),
    range.first,
  );
  return uncovered < range.end;
}

/** The first address as a number, and the one behind the last. */
function rangeOf(cidr: string): { readonly first: number; readonly end: number } {
  const [address = '', bits] = cidr.split('/');
  const size = 2 ** (32 - Number(bits));
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return { first: number - (number % size), end: number - (number % size) + size };
}
