/** Where a Service leads to, in the old form and in the new one. */
import type { Endpoints, EndpointSlice } from '../../../model/objects.ts';
import type { Draft } from '../defaults/draft.ts';
import {
  addressProblems,
  isIPv4,
  isIPv6,
  labelProblems,
  reservedAddressProblems,
  subdomainProblems,
} from './formats.ts';
import type { Problems } from './problems.ts';
import { checkAppProtocol, PROTOCOLS } from './services.ts';

/** https://kubernetes.io/docs/reference/kubernetes-api/service-resources/endpoints-v1/ */
export function checkEndpoints(problems: Problems, { subsets = [] }: Draft<Endpoints>): void {
  subsets.forEach(({ addresses = [], notReadyAddresses = [], ports = [] }, index) => {
    const field = `subsets[${index}]`;
    if (addresses.length === 0 && notReadyAddresses.length === 0) {
      problems.required(field, 'must specify `addresses` or `notReadyAddresses`');
    }
    for (const [which, list] of Object.entries({ addresses, notReadyAddresses })) {
      list.forEach(({ ip = '', hostname = '', nodeName = '' }, position) => {
        const at = `${field}.${which}[${position}]`;
        problems.invalidFor(`${at}.ip`, ip, addressProblems(ip));
        if (hostname !== '') problems.invalidFor(`${at}.hostname`, hostname, labelProblems(hostname));
        if (nodeName !== '') problems.invalidFor(`${at}.nodeName`, nodeName, subdomainProblems(nodeName));
        if (!isIPv4(ip) && !isIPv6(ip)) problems.invalid(`${at}.ip`, ip, 'must be a valid IP address');
        problems.invalidFor(`${at}.ip`, ip, reservedAddressProblems(ip));
      });
    }
    ports.forEach(({ name = '', port = 0, protocol, appProtocol }, position) => {
      const at = `${field}.ports[${position}]`;
      if (name === '') {
        if (ports.length > 1) problems.required(`${at}.name`);
      } else problems.invalidFor(`${at}.name`, name, labelProblems(name));
      problems.port(`${at}.port`, port);
      problems.oneOf(`${at}.protocol`, protocol, PROTOCOLS);
      checkAppProtocol(problems, at, appProtocol);
    });
  });
}

/** https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/ */
export function checkEndpointSlice(problems: Problems, slice: Draft<EndpointSlice>): void {
  const type: string = slice.addressType ?? '';
  if (type === '') problems.required('addressType');
  else problems.oneOf('addressType', type, ['FQDN', 'IPv4', 'IPv6']);
  const names = new Set<string>();
  (slice.ports ?? []).forEach(({ name = '', protocol, appProtocol }, index) => {
    const field = `ports[${index}]`;
    if (name !== '') problems.invalidFor(`${field}.name`, name, labelProblems(name));
    if (names.has(name)) problems.duplicate(`${field}.name`, name);
    names.add(name);
    problems.oneOf(`${field}.protocol`, protocol, PROTOCOLS);
    checkAppProtocol(problems, field, appProtocol);
  });
  (slice.endpoints ?? []).forEach(({ addresses = [], nodeName = '', hostname = '' }, index) => {
    const at = `endpoints[${index}]`;
    const field = `${at}.addresses`;
    if (addresses.length === 0) problems.required(field, 'must contain at least 1 address');
    addresses.forEach((address, position) => checkAddress(problems, field, position, address, type));
    if (nodeName !== '') problems.invalidFor(`${at}.nodeName`, nodeName, subdomainProblems(nodeName));
    if (hostname !== '') problems.invalidFor(`${at}.hostname`, hostname, labelProblems(hostname));
  });
}

function checkAddress(
  problems: Problems,
  field: string,
  position: number,
  address: string,
  type: string,
): void {
  const at = `${field}[${position}]`;
  if (type === 'FQDN') problems.invalidFor(at, address, subdomainProblems(address));
  if (type !== 'IPv4' && type !== 'IPv6') return;
  const wrong = addressProblems(address);
  problems.invalidFor(at, address, wrong);
  if (wrong.length > 0) return;
  if (isIPv4(address) !== (type === 'IPv4')) {
    problems.invalid(field, address, `must be an ${type} address`);
  }
  problems.invalidFor(at, address, reservedAddressProblems(address));
}
