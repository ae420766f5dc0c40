import type { NetworkPolicy } from '../model/objects.ts';
import { resources } from '../model/resources.ts';
import { type Check, fail, pass } from './check.ts';
import { type ClientRef, isReport, probeFrom } from './client-pod.ts';

/** Where a connection leads: TCP to `host:port`, or DNS queries over UDP to port 53 of an address. */
export type ReachTarget = { readonly tcp: string } | { readonly ask: string };

/**
 * Somebody is kept from a target that somebody else reaches. Both sides are looked at: a target that is gone keeps
 * nobody away. https://kubernetes.io/docs/concepts/services-networking/network-policies/
 */
export function isolates(options: {
  readonly allowed: ClientRef;
  readonly forbidden: ClientRef;
  readonly target: ReachTarget;
}): Check {
  const { allowed, forbidden, target } = options;
  const [kind, address] = 'tcp' in target ? ['tcp', target.tcp] : ['ask', target.ask];
  const args = [kind, address, '--timeout', '2000ms'];
  const where = kind === 'tcp' ? address : `${address}:53 (UDP)`;
  return {
    expected: `${allowed.app} reaches ${where}, and ${forbidden.app} does not`,
    look: async (lab) => {
      const served = await probeFrom(lab, allowed, args, 30_000);
      if (!isReport(served)) return served;
      if (served.failed > 0) return fail(`${allowed.app} does not reach ${where}: ${served.last}`);
      const kept = await probeFrom(lab, forbidden, args, 30_000);
      if (!isReport(kept)) return kept;
      return kept.failed > 0
        ? pass(`${forbidden.app}: ${kept.last}`)
        : fail(`${forbidden.app} reaches ${where}`);
    },
  };
}

/**
 * No NetworkPolicy of these namespaces has the address of a pod in an `ipBlock` of its own: the next pod has another
 * one. https://kubernetes.io/docs/concepts/services-networking/network-policies/#behavior-of-to-and-from-selectors
 */
export function policiesFollowPods(namespaces: readonly string[]): Check {
  return {
    expected: `no policy of ${namespaces.join(', ')} names the address of a pod`,
    look: async (lab) => {
      const pods = await lab.kube.list(resources.pods);
      const addresses = new Set(
        pods.flatMap(({ spec, status }) => (spec.hostNetwork === true ? [] : (status.podIP ?? []))),
      );
      for (const namespace of namespaces) {
        const policies = await lab.kube.list(resources.networkPolicies, { namespace });
        const found = policies.find((policy) => singles(policy).some((address) => addresses.has(address)));
        if (found !== undefined)
          return fail(`networkpolicy/${found.metadata.name} names the address that a pod has today`);
      }
      return pass('none does');
    },
  };
}

/** Addresses that a policy names one by one. */
function singles({ spec: { ingress, egress } }: NetworkPolicy): string[] {
  const peers = [
    ...(ingress ?? []).flatMap(({ from }) => from ?? []),
    ...(egress ?? []).flatMap(({ to }) => to ?? []),
  ];
  return peers.flatMap(({ ipBlock }) => /^(.*)\/32$/.exec(ipBlock?.cidr ?? '')?.[1] ?? []);
}
