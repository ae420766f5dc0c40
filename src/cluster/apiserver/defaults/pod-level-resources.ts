import type { PodSpec } from '../../../model/objects.ts';
import type { Draft } from './draft.ts';
import { usageOfContainers } from './pod-usage.ts';

/** What a pod may say of itself. */
const POD_LEVEL = ['cpu', 'memory'];

/**
 * A pod that is limited as a whole requests what its containers request, otherwise its limit.
 * https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#pod-level-resource-specification
 */
export function defaultPodLevelResources(spec: Draft<PodSpec>): void {
  const own = spec.resources;
  if (own?.limits === undefined) return;
  const usage = usageOfContainers(spec, 'requests');
  for (const name of POD_LEVEL) {
    const request = usage[name] ?? own.limits[name];
    if (request === undefined || own.requests?.[name] !== undefined) continue;
    own.requests = { ...own.requests, [name]: request };
  }
}
