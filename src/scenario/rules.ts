/** What several scenarios ask of a repair, in the words that learners read: a sentence or two each, so that they can be scanned. */
import type { Scenario } from './types.ts';
import type { Values, Variants } from './variants.ts';

/** What `checks.mayPull` goes by, beside what rules say of nodes that come. */
export const byHandRule =
  'No registry has the images of shop.test: the nodes of today were given them by hand.';

/** What the safeguards of `lasts` and `shopGoesOn` look after, and what all checks go by that ask in a container. */
const costsNobody: readonly string[] = [
  'Customers go on paying and getting their money back.',
  'No service of the shop has fewer pods than before, or an autoscaler that may take some away.',
  'Services of the shop lead to ready pods only, from every node, and no NetworkPolicy goes by the addresses that pods have today.',
  'Services, StatefulSets and claims are not made again: another claim is an empty disk. Nothing that the shop needs goes with a pod that owns it.',
  'Deployments that the shop needs keep their names, and so do their containers: people and alerts find them by these.',
];

/** The house rules where one service of the shop is to be mended, as `lasts` looks after them. */
export const lastingRules = (service: string, within = 'a minute'): readonly string[] => [
  `No pod of ${service} lives on settings that are gone again, or on an image that its template does not have.`,
  `A pod of ${service} that is made tomorrow, by the next rollout too, is ready within ${within}, and so is one of any other service of the shop with what it was told. Where the next pods wait for the end of those before (strategy Recreate), that takes no longer either.`,
  ...costsNobody,
];

/** The house rules where something else is to be mended, as `shopGoesOn` looks after them. */
export const shopRules: readonly string[] = [
  'A pod of the shop that is made tomorrow comes up with what it was told, and does its work.',
  ...costsNobody,
];

/** Of whoever is behind kube-dns, as `corednsLasts` looks after it. */
export const serversRule =
  'Whoever is behind kube-dns, pods of CoreDNS that are made tomorrow too, comes up and answers rightly, for all namespaces and whatever type of record of a name is asked for (AAAA and SRV too).';

/**
 * Where the Corefile is to be mended, as `checks.clusterDnsWhole` and `corednsLasts` look after it.
 * @param servers who is behind kube-dns
 */
export const corednsRules = (servers = 'at least two of its pods'): readonly string[] => [
  `CoreDNS serves the whole cluster, over UDP and TCP: ${servers} behind kube-dns, which keeps its ports, leads to pods that are ready, also to those of tomorrow, and serves every node.`,
  'CoreDNS keeps the plugins kubernetes (reverse zones too), forward, cache, health and ready. Its liveness and readiness probes ask what they asked before, and are answered.',
  serversRule,
  'CoreDNS forwards names outside to whom it did before. Whoever it forwards those of a zone to knows them, and is asked at an address that stays, never at that of a pod. No policy keeps it from asking others.',
];

/** All that is asked of a repair: the scenario's own rules, and then those of the house. */
export const rulesOf = (scenario: Scenario, values: Values<Variants>): readonly string[] => [
  ...scenario.rules(values),
  ...(scenario.houseRules?.(values) ?? []),
];
