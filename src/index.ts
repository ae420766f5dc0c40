/**
 * The public API: all that a scenario imports. Scenarios are code and run with the rights of whoever starts them.
 */
export { minutes, seconds } from './core/clock.ts';
export { defineScenario } from './scenario/define.ts';
export {
  corednsLasts,
  dnsHarmed,
  everybodyFindsNames,
  customersGoOn,
  dataKept,
  lasts,
  shopGoesOn,
  shopHarmed,
  shopStartsAgain,
  staysUpAndLasts,
} from './scenario/lasting.ts';
export {
  askingRule,
  byHandRule,
  clientsRule,
  corednsRules,
  corefileRules,
  kubeDnsRule,
  lastingRules,
  newNodeRule,
  servedRule,
  serversRule,
  shopRules,
} from './scenario/rules.ts';
export { ask, fix, hack, hint, objective, safeguard, templateHint } from './scenario/parts.ts';
export {
  anyPartner,
  countedPartnerDns,
  type CountedPartner,
  partnerDns,
  type Partner,
} from './scenario/partner-dns.ts';
export { callerOf, shop, SHOP_IMAGE, type ShopOverlay } from './scenario/shop.ts';
export type {
  Area,
  BaselinePlan,
  Difficulty,
  DocumentLink,
  Fix,
  Hack,
  Hint,
  Objective,
  Question,
  Safeguard,
  Scenario,
} from './scenario/types.ts';
export { between, oneOf, port, type Values, type Variant, type Variants } from './scenario/variants.ts';
export * as checks from './checks/index.ts';
export {
  all,
  converge,
  fail,
  hold,
  inTurn,
  not,
  pass,
  unjudged,
  type Check,
  type CheckStatus,
  type LabView,
  type Observation,
} from './checks/check.ts';
export * as faults from './faults/index.ts';
export type { Fault, Revert } from './faults/fault.ts';
export { KubeError, ClusterUnreachable, type KubeClient, type Manifest } from './kube/client.ts';
export { resources, type Resource } from './model/resources.ts';
export { workersOf } from './model/worker-nodes.ts';
export type * from './model/objects.ts';
