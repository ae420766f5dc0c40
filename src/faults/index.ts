/** The fault library, as scenarios see it: `faults.readinessProbePort({ … })`; and the edits that repairs share with it. */
export {
  corefileAtStart,
  corefileChange,
  corefileLines,
  corednsPods,
  patchCorefile,
  readCorefile,
  restart,
  writeCorefile,
} from './cluster-dns.ts';
export {
  type DeploymentRef,
  imageTag,
  livenessTooEager,
  memoryLimit,
  patchContainer,
  type Patience,
  readinessProbePort,
  release,
} from './deployments.ts';
export {
  asksNobody,
  autoscale,
  claimImage,
  claimReady,
  cordon,
  dnsOnlyFor,
  heldBack,
  imageForNow,
  noMorePods,
  noMoreRollouts,
  onItsWayOut,
  releaseNotes,
  scale,
  select,
  settings,
  settingsForNow,
  todaysNodes,
  type ServiceRef,
  unansweredWebhook,
} from './everyday.ts';
export {
  digestOf,
  imageOnOneNode,
  type Loss,
  patchPods,
  podTemplate,
  registryDown,
  secretLost,
  tagAs,
} from './images.ts';
export { refuses, type Requests, rewrites } from './policies.ts';
export { dnsSettings } from './dns-settings.ts';
export { addressEnv, addressOf, hostAliases, hostsBlock, podAddress, withHostEntry } from './addresses.ts';
export { anotherName, endpointsByHand, recreateService } from './services.ts';
export { recreateWithEmptyDisks } from './stateful-sets.ts';
