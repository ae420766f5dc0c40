import type { Labels, Service, ServicePort } from '../../../model/objects.ts';
import { labelKeyProblems } from '../../../model/label-syntax.ts';
import type { Draft } from '../defaults/draft.ts';
import {
  addressProblems,
  labelProblems,
  networkProblems,
  reservedAddressProblems,
  subdomainProblems,
} from './formats.ts';
import { checkPort } from './handlers.ts';
import { checkLabels } from './metadata.ts';
import { checkServiceAddresses } from './service-addresses.ts';
import type { Problems } from './problems.ts';

type Spec = Draft<Service['spec']>;

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
/** In the order in which the API server names them. */
export const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const POLICIES = ['Cluster', 'Local'];
const DISTRIBUTIONS = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];
const LONGEST_AFFINITY = 86_400;

/** https://kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1/ */
export function checkService(problems: Problems, { spec = {} }: Draft<Service>): void {
  const ports = spec.ports ?? [];
  const type: string | undefined = spec.type;
  const isHeadless = spec.clusterIPs?.[0] === 'None';
  if (ports.length === 0 && !isHeadless && type !== 'ExternalName') problems.required('spec.ports');
  if (isHeadless && (type === 'NodePort' || type === 'LoadBalancer')) {
    problems.invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${type} services`);
  }
  if (type === 'ExternalName') checkExternalName(problems, spec);
  checkServicePorts(problems, ports);
  checkLabels(problems, 'spec.selector', spec.selector as Labels | undefined);
  checkSessionAffinity(problems, spec);
  if (type !== 'ExternalName') checkServiceAddresses(problems, spec);
  (spec.externalIPs ?? []).forEach((address, index) => {
    const field = `spec.externalIPs[${index}]`;
    const wrong = addressProblems(address);
    problems.invalidFor(field, address, wrong.length > 0 ? wrong : reservedAddressProblems(address));
  });
  problems.oneOf('spec.type', type, TYPES);
  if (type === 'ClusterIP') checkHasNoNodePorts(problems, ports);
  checkRepeatedPorts(problems, ports);
  checkBalancer(problems, spec);
  checkTraffic(problems, spec);
  problems.oneOf('spec.trafficDistribution', spec.trafficDistribution, DISTRIBUTIONS);
}

function checkExternalName(problems: Problems, spec: Spec): void {
  if ((spec.clusterIPs?.length ?? 0) > 0 || (spec.clusterIP ?? '') !== '') {
    problems.forbidden('spec.clusterIPs', 'may not be set for ExternalName services');
  }
  for (const field of ['ipFamilies', 'ipFamilyPolicy'] as const) {
    if (spec[field] !== undefined)
      problems.forbidden(`spec.${field}`, 'may not be set for ExternalName services');
  }
  const name = (spec.externalName ?? '').replace(/\.$/, '');
  if (name === '') problems.required('spec.externalName');
  else problems.invalidFor('spec.externalName', name, subdomainProblems(name));
}

function checkServicePorts(problems: Problems, ports: readonly Draft<ServicePort>[]): void {
  const names = new Set<string>();
  ports.forEach(({ name = '', port = 0, protocol, targetPort, appProtocol }, index) => {
    const field = `spec.ports[${index}]`;
    if (name === '') {
      if (ports.length > 1) problems.required(`${field}.name`);
    } else {
      problems.invalidFor(`${field}.name`, name, labelProblems(name));
      if (names.has(name)) problems.duplicate(`${field}.name`, name);
      names.add(name);
    }
    problems.port(`${field}.port`, port);
    const given: string | undefined = protocol;
    if (given === undefined || given === '') problems.required(`${field}.protocol`);
    else problems.oneOf(`${field}.protocol`, given, PROTOCOLS);
    checkPort(problems, `${field}.targetPort`, targetPort);
    checkAppProtocol(problems, field, appProtocol);
  });
}

/** @param at the port */
export function checkAppProtocol(problems: Problems, at: string, appProtocol: string | undefined): void {
  if (appProtocol === undefined) return;
  problems.invalidFor(`${at}.appProtocol`, appProtocol, labelKeyProblems(appProtocol));
}

function checkSessionAffinity(problems: Problems, spec: Spec): void {
  const affinity: string | undefined = spec.sessionAffinity;
  problems.oneOf('spec.sessionAffinity', affinity, ['ClientIP', 'None']);
  if (affinity !== 'ClientIP') return;
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 0;
  if (seconds > 0 && seconds <= LONGEST_AFFINITY) return;
  const why = `must be greater than 0 and less than ${LONGEST_AFFINITY}`;
  problems.invalid('spec.sessionAffinityConfig.clientIP.timeoutSeconds', seconds, why);
}

function checkHasNoNodePorts(problems: Problems, ports: readonly Draft<ServicePort>[]): void {
  ports.forEach(({ nodePort = 0 }, index) => {
    if (nodePort === 0) return;
    problems.forbidden(`spec.ports[${index}].nodePort`, "may not be used when `type` is 'ClusterIP'");
  });
}

function checkRepeatedPorts(problems: Problems, ports: readonly Draft<ServicePort>[]): void {
  const nodePorts = new Set<string>();
  ports.forEach(({ nodePort = 0, protocol = 'TCP' }, index) => {
    if (nodePort === 0) return;
    const key = `${protocol}/${nodePort}`;
    if (nodePorts.has(key)) problems.duplicate(`spec.ports[${index}].nodePort`, nodePort);
    nodePorts.add(key);
  });
  const seen = new Set<string>();
  ports.forEach(({ port = 0, protocol = 'TCP' }, index) => {
    const key = `${protocol}/${port}`;
    if (seen.has(key)) {
      const shown = {
        Name: '',
        Protocol: protocol,
        AppProtocol: null,
        Port: port,
        TargetPort: 0,
        NodePort: 0,
      };
      problems.duplicate(`spec.ports[${index}]`, shown);
    }
    seen.add(key);
  });
}

/** What is for load balancers alone. */
function checkBalancer(problems: Problems, spec: Spec): void {
  const isBalanced = spec.type === 'LoadBalancer';
  const forbid = (field: string): void => {
    if (!isBalanced) problems.forbidden(`spec.${field}`, "may only be used when `type` is 'LoadBalancer'");
  };
  const { loadBalancerSourceRanges: ranges = [], loadBalancerClass: name } = spec;
  if (ranges.length > 0) {
    const field = 'LoadBalancerSourceRanges';
    forbid(field);
    ranges.forEach((range, index) => {
      problems.invalidFor(`spec.${field}[${index}]`, range, networkProblems(range.trim()));
    });
  }
  if (spec.allocateLoadBalancerNodePorts !== undefined) forbid('allocateLoadBalancerNodePorts');
  if (name === undefined) return;
  forbid('loadBalancerClass');
  if (isBalanced) problems.invalidFor('spec.loadBalancerClass', name, labelKeyProblems(name));
}

function checkTraffic(problems: Problems, spec: Spec): void {
  const { type, externalTrafficPolicy: external, internalTrafficPolicy: internal } = spec;
  const isExternal =
    type === 'NodePort' ||
    type === 'LoadBalancer' ||
    (type === 'ClusterIP' && (spec.externalIPs?.length ?? 0) > 0);
  if (isExternal) problems.oneOf('spec.externalTrafficPolicy', external, POLICIES);
  else if (external !== undefined) {
    const why = 'may only be set for externally-accessible services';
    problems.invalid('spec.externalTrafficPolicy', external, why);
  }
  const { healthCheckNodePort = 0 } = spec;
  if (healthCheckNodePort !== 0 && (type !== 'LoadBalancer' || external !== 'Local')) {
    const why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    problems.invalid('spec.healthCheckNodePort', healthCheckNodePort, why);
  }
  problems.oneOf('spec.internalTrafficPolicy', internal, POLICIES);
}

/** A Service keeps its address as long as it has one. */
export function checkServiceUpdate(problems: Problems, service: Service, old: Service): void {
  const [before] = old.spec.clusterIPs ?? [];
  const keepsKind = old.spec.type !== 'ExternalName' && service.spec.type !== 'ExternalName';
  if (keepsKind && before !== undefined && service.spec.clusterIPs?.[0] !== before) {
    problems.invalid('spec.clusterIPs[0]', service.spec.clusterIPs, 'may not change once set');
  }
  checkService(problems, service);
}
