import type { IpAddress, ServiceCidr } from '../../../model/objects.ts';
import type { Draft } from '../defaults/draft.ts';
import { networkProblems } from './formats.ts';
import type { Problems } from './problems.ts';

/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/ip-address-v1/ */
export function checkIpAddress(problems: Problems, { spec = {} }: Draft<IpAddress>): void {
  if (spec.parentRef === undefined) problems.required('spec.parentRef');
}

/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/service-cidr-v1/ */
export function checkServiceCidr(problems: Problems, { spec = {} }: Draft<ServiceCidr>): void {
  const { cidrs = [] } = spec;
  if (cidrs.length === 0) problems.required('spec.cidrs', 'at least one CIDR required');
  cidrs.forEach((cidr, index) => {
    problems.invalidFor(`spec.cidrs[${index}]`, cidr, networkProblems(cidr));
  });
}
