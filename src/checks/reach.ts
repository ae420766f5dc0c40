import { BlockList } from 'node:net';
import type { NetworkPolicy, NetworkPolicyPeer } from '../model/objects.ts';
import { resources } from '../model/resources.ts';
import { type Check, fail, pass } from './check.ts';
import { podAddresses } from './pods.ts';
import { type ClientRef, isReport, probeFrom } from './client-pod.ts';
import { whyNotForLong } from './workloads.ts';

type IPBlock = NonNullable<NetworkPolicyPeer['ipBlock']>;

/** Where a connection leads: TCP to `host:port`, or DNS queries over UDP to port 53 of an address. */
export type ReachTarget = { readonly tcp: string } | { readonly ask: string };

/**
 * Somebody is kept from a target that somebody else reaches. Both sides are looked at: a target that is gone keeps
 * nobody away. https://kubernetes.io/docs/concepts/services-networking/network-policies/
 * @param options `allowed` is left out where nobody has to reach the target
 */
export function isolates(options: {
  readonly allowed?: ClientRef;
  readonly forbidden: ClientRef;
  readonly target: ReachTarget;
}): Check {
  const { allowed, forbidden, target } = options;
  const [kind, address] = 'tcp' in target ? ['tcp', target.tcp] : ['ask', target.ask];
  const args = [kind, address, '--timeout', '2000ms'];
  const where = kind === 'tcp' ? address : `${address}:53 (UDP)`;
  return {
    expected: `${forbidden.app} does not reach ${where}${allowed === undefined ? '' : `, and ${allowed.app} does`}`,
    look: async (lab) => {
      if (allowed !== undefined) {
        const served = await probeFrom(lab, allowed, args, 30_000);
        if (!isReport(served)) return served;
        if (served.failed > 0) return fail(`${allowed.app} does not reach ${where}: ${served.last}`);
      }
      const kept = await probeFrom(lab, forbidden, args, 30_000);
      if (!isReport(kept)) return kept;
      return kept.failed > 0
        ? pass(`${forbidden.app}: ${kept.last}`)
        : fail(`${forbidden.app} reaches ${where}`);
    },
  };
}

/**
 * No NetworkPolicy of these namespaces tells pods apart by the addresses that they have now, as an `ipBlock` does that has
 * some of them in it and others not: the next pod has another one. And none of them is kept by a finalizer only.
 * https://kubernetes.io/docs/concepts/services-networking/network-policies/#behavior-of-to-and-from-selectors
 */
export function policiesFollowPods(namespaces: readonly string[]): Check {
  return {
    expected: `no NetworkPolicy of ${namespaces.join(', ')} tells pods apart by the addresses that they have today`,
    look: async (lab) => {
      const addresses = await podAddresses(lab);
      for (const namespace of namespaces) {
        const policies = await lab.kube.list(resources.networkPolicies, { namespace });
        const [going] = policies.flatMap((policy) => whyNotForLong(policy) ?? []);
        if (going !== undefined) return fail(going);
        const found = policies.find((policy) =>
          blocksOf(policy).some((block) => tellsApart(block, addresses)),
        );
        if (found !== undefined)
          return fail(
            `networkpolicy/${found.metadata.name} tells pods apart by the addresses that they have today`,
          );
      }
      return pass('none of them does');
    },
  };
}

function blocksOf({ spec: { ingress, egress } }: NetworkPolicy): IPBlock[] {
  const peers = [
    ...(ingress ?? []).flatMap(({ from }) => from ?? []),
    ...(egress ?? []).flatMap(({ to }) => to ?? []),
  ];
  return peers.flatMap(({ ipBlock }) => ipBlock ?? []);
}

/** Whether some of the addresses are in the block, and others are not. */
function tellsApart({ cidr, except = [] }: IPBlock, addresses: readonly string[]): boolean {
  const block = rangesOf([cidr]);
  const holes = rangesOf(except);
  const inside = addresses.filter((address) => has(block, address) && !has(holes, address));
  return inside.length > 0 && inside.length < addresses.length;
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (address.includes(':') ? 'ipv6' : 'ipv4');

const has = (ranges: BlockList, address: string): boolean => ranges.check(address, familyOf(address));

function rangesOf(cidrs: readonly string[]): BlockList {
  const ranges = new BlockList();
  for (const cidr of cidrs) {
    const [network = '', prefix] = cidr.split('/');
    ranges.addSubnet(network, Number(prefix), familyOf(network));
  }
  return ranges;
}
