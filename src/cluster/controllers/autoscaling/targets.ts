import type { HorizontalPodAutoscaler, Scale } from '../../../model/objects.ts';
import type { Resource } from '../../../model/resources.ts';
import type { Api } from '../../api.ts';
import { ScalingError } from './scaling-error.ts';

/** What is scaled. */
export interface Target {
  readonly resource: Resource;
  readonly scale: Scale;
}

/**
 * The workload that an autoscaler names.
 * @throws ScalingError where there is no such kind
 * @throws StatusError where there is no such object, or it cannot be scaled
 */
export function targetOf(
  { api, resources }: { readonly api: Api; readonly resources: () => readonly Resource[] },
  { metadata, spec }: HorizontalPodAutoscaler,
): Target {
  const { apiVersion = '', kind, name } = spec.scaleTargetRef;
  const parts = apiVersion.split('/');
  if (parts.length > 2) throw new ScalingError(`unexpected GroupVersion string: ${apiVersion}`);
  const group = parts.length === 2 ? (parts[0] ?? '') : '';
  const resource = resources().find((served) => served.group === group && served.kind === kind);
  if (resource === undefined) throw new ScalingError(`no matches for kind "${kind}" in group "${group}"`);
  return { resource, scale: api.getScale(resource, metadata.namespace ?? '', name) };
}
