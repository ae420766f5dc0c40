/** The fault library, as scenarios see it: `faults.readinessProbePort({ … })`; and the edits that repairs share with it. */
export { corefileLines, readCorefile, restart, writeCorefile } from './cluster-dns.ts';
export { imageTag, memoryLimit, patchContainer, readinessProbePort } from './deployments.ts';
