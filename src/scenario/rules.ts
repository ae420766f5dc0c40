/** What several scenarios ask of a repair, in the words that learners read: a sentence or two each, so that they can be scanned. */
import type { Scenario } from './types.ts';
import type { Values, Variants } from './variants.ts';

/** What `checks.mayPull` goes by, beside what rules say of nodes that come. */
export const byHandRule =
  'Images whose names begin with shop.test/ are in no registry: they were loaded by hand onto the nodes of today.';

/** Where the image is what is mended, as `checks.mayPull` looks after it. */
export const newNodeRule = `Nodes come and go: a new node, with only the labels that every node has, and nothing else running on it, must be able to pull the images and run the pod. ${byHandRule}`;

/** As `checks.endpointsServe` and a client's requests look after it. */
export const servedRule = (service: string): string =>
  `When this is graded, ${service} answers its callers, and its Service leads to its pods and nowhere else.`;

/** As `checks.clientsAsBefore` looks after them. */
export const clientsRule =
  'Clients in the shop run their own programs, keep their DNS settings and call each other by name.';

/** What the safeguards of `lasts` and `shopGoesOn` look after, and what all checks go by that ask in a container. */
const costsNobody: readonly string[] = [
  'Customers can pay and get their money back, after the next rollouts too.',
  'Every service of the shop keeps at least as many pods as before, and no autoscaler may scale it below that number.',
  'Services of the shop lead to ready pods only, and can be reached from every node.',
  'No NetworkPolicy tells pods apart by the addresses that they have today.',
  'Services, StatefulSets and PersistentVolumeClaims are not deleted and created again: a new claim is an empty disk.',
  'Nothing that the shop needs is deleted together with a pod that owns it (ownerReferences).',
  'Deployments that the shop needs keep their names, and so do their containers: people and alerts find them by name.',
];

/** The house rules where one service of the shop is to be mended, as `lasts` looks after them. */
export const lastingRules = (service: string, within = 'a minute'): readonly string[] => [
  `No pod of ${service} runs with settings that are no longer in the cluster, or with an image other than the one in its template.`,
  `A pod of ${service} that is created tomorrow, also by the next rollout, is ready within ${within}. With strategy Recreate new pods wait until the old ones have ended: that takes no longer than ${within} either.`,
  `A pod of any other service of the shop that is created tomorrow is ready within ${within} too, with the settings that it is given.`,
  ...costsNobody,
];

/** The house rules where something else is to be mended, as `shopGoesOn` looks after them. */
export const shopRules: readonly string[] = [
  'A pod of the shop that is created tomorrow comes up with the settings that it is given, and does its work.',
  ...costsNobody,
];

/** Of whoever is behind kube-dns, as `corednsLasts` looks after it. */
export const serversRule =
  'Every server behind Service kube-dns answers correctly, for names of all namespaces and for every record type (AAAA and SRV too). A pod of CoreDNS that is created tomorrow comes up and does the same.';

/** Of the Service, as `checks.clusterDnsWhole` looks after it. */
export const kubeDnsRule =
  'Service kube-dns keeps its ports, serves every node, and leads to ready pods only, also to those that are created tomorrow.';

/** Of policies, as `checks.clusterDnsWhole` looks after them. */
export const askingRule =
  'No NetworkPolicy keeps CoreDNS from asking others, such as the API server and other name servers.';

/** Where the Corefile is to be mended, as `checks.clusterDnsWhole` and `corednsLasts` look after it. */
export const corednsRules: readonly string[] = [
  'CoreDNS serves the whole cluster, over UDP and TCP. Behind Service kube-dns are at least two pods of deployment/coredns, and nothing else.',
  kubeDnsRule,
  'CoreDNS keeps the plugins kubernetes (with the reverse zones), forward, cache, health and ready. Its liveness and readiness probes ask what they asked before, and get an answer.',
  serversRule,
  'CoreDNS forwards names outside the cluster to the same servers as before. If it forwards a single zone to other servers, each of them knows the names of that zone. It forwards to addresses that stay, never to the address of a pod.',
  askingRule,
];

/** Where the Corefile is what was broken, as `corednsRules`; clients have their names from it, and nobody writes them down. */
export const corefileRules: readonly string[] = [
  'Clients in the shop run their own programs, keep their DNS settings and call each other by name: dnsPolicy, dnsConfig, hostAliases, hostNetwork and the addresses in their environment stay as they are.',
  ...corednsRules,
  'Services that are created tomorrow must resolve too.',
  'Services may get new addresses: no address of a Service is written into the configuration of CoreDNS, unless it was there before.',
];

/** All that is asked of a repair: the scenario's own rules, and then those of the house. */
export const rulesOf = (scenario: Scenario, values: Values<Variants>): readonly string[] => [
  ...scenario.rules(values),
  ...(scenario.houseRules?.(values) ?? []),
];
