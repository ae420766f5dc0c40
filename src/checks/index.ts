/** The check library, as scenarios see it: `checks.http({ … })`. */
export { clusterDnsWhole, dnsRollsOut, freshServicesResolve } from './cluster-dns.ts';
export { addressesAsBefore, clientsAsBefore, nameServersStay } from './client-settings.ts';
export { type ClientRef } from './client-pod.ts';
export { crashLoops } from './crash-loop.ts';
export { askedSeldom, type CountedZone, keptNoLonger, quickLookups } from './dns-cache.ts';
export { everyServerAnswers, type FreshDns } from './dns-answers.ts';
export { egressOnlyTo } from './egress.ts';
export { servesEverybody, servesNobodyOf } from './fresh-clients.ts';
export { dnsStartsAgain, onceLoaded } from './fresh-dns.ts';
export { freshTagPulls, startsAgain, startsOnEveryNode, startsWithoutCopy } from './fresh-pods.ts';
export { settingsWork } from './fresh-shop.ts';
export { imageAsBefore, imageIs, mayPull, type ReleaseRef, repositoryKept } from './images.ts';
export {
  corefileKept,
  namespaceKept,
  networkPoliciesKept,
  programKept,
  sameObject,
  sameObjects,
  unchanged,
} from './objects.ts';
export { type MemoryBudget, type MemoryLoad, memoryStaysBelow } from './memory.ts';
export { noneWaiting, podEvent, runningNotReady, terminatedFor, waitingFor } from './pods.ts';
export { type LivenessBudget, livenessKills, readinessCanFail } from './probes.ts';
export { customersServed } from './customers.ts';
export { isolates, policiesFollowPods, type ReachTarget } from './reach.ts';
export { followsRecreation } from './recreated-service.ts';
export { memoryLimitWithin, requestsFit } from './resources.ts';
export { notWrittenDown, podsMatchTemplates } from './templates.ts';
export {
  answersVary,
  dns,
  type DnsOptions,
  http,
  type HttpOptions,
  type LoadOptions,
  lookupFails,
  mostlyAnswered,
  resolves,
  survivesLoad,
  tcp,
} from './traffic.ts';
export { untouched } from './untouched.ts';
export {
  canRollOut,
  endpointsServe,
  podsOf,
  restartsStable,
  rolloutComplete,
  spreadOver,
  staysUp,
  type WorkloadRef,
} from './workloads.ts';
