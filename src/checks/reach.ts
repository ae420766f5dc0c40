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
