import type { Draft } from '../defaults/draft.ts';
import {
  isIPv4,
  isIPv6,
  labelProblems,
  portNameProblems,
  subdomainProblems,
  wildcardProblems,
} from './formats.ts';
import type { Problems } from './problems.ts';

interface Backend {
  service?: { name?: string; port?: { name?: string; number?: number } };
  resource?: { apiGroup?: string; kind?: string; name?: string };
}
interface Path {
  path?: string;
  pathType?: string;
  backend?: Backend;
}
interface Ingress {
  metadata?: { annotations?: Record<string, string> };
  spec?: {
    ingressClassName?: string;
    defaultBackend?: Backend;
    tls?: { hosts?: string[]; secretName?: string }[];
    rules?: { host?: string; http?: { paths?: Path[] } }[];
  };
}

const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';
const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix'];

/** https://kubernetes.io/docs/concepts/services-networking/ingress/ */
export function checkIngress(problems: Problems, { metadata, spec = {} }: Draft<Ingress>): void {
  const { rules = [], tls = [], defaultBackend, ingressClassName } = spec;
  if (rules.length === 0 && defaultBackend === undefined) {
    problems.invalid('spec', undefined, 'either `defaultBackend` or `rules` must be specified');
  }
  if (defaultBackend !== undefined) checkBackend(problems, 'spec.defaultBackend', defaultBackend);
  rules.forEach(({ host = '', http }, index) => {
    const field = `spec.rules[${index}]`;
    if (host !== '') checkHost(problems, `${field}.host`, host);
    if (http === undefined) return;
    const paths = http.paths ?? [];
    if (paths.length === 0) problems.required(`${field}.http.paths`);
    paths.forEach((path, position) => checkPath(problems, `${field}.http.paths[${position}]`, path));
  });
  tls.forEach(({ hosts = [], secretName = '' }, index) => {
    hosts.forEach((host, position) => {
      problems.invalidFor(`spec.tls[${index}].hosts[${position}]`, host, hostProblems(host));
    });
    if (secretName === '') return;
    problems.invalidFor(`spec.tls[${index}].secretName`, secretName, subdomainProblems(secretName));
  });
  if (ingressClassName !== undefined) {
    problems.invalidFor('spec.ingressClassName', ingressClassName, subdomainProblems(ingressClassName));
    checkOldClass(problems, metadata?.annotations?.[CLASS_ANNOTATION], ingressClassName);
  }
}

/** The class may be named by an annotation, as before there was a field. */
function checkOldClass(problems: Problems, old: string | undefined, name: string): void {
  if (old === undefined || old === name) return;
  const why = 'must match `ingressClassName` when both are specified';
  problems.invalid(`annotations.${CLASS_ANNOTATION}`, old, why);
}

/** A host may have a wildcard as its first label. */
function hostProblems(host: string): string[] {
  return host.includes('*') ? wildcardProblems(host) : subdomainProblems(host);
}

function checkHost(problems: Problems, field: string, host: string): void {
  if (isIPv4(host) || isIPv6(host)) problems.invalid(field, host, 'must be a DNS name, not an IP address');
  else problems.invalidFor(field, host, hostProblems(host));
}

function checkPath(problems: Problems, field: string, { path = '', pathType, backend }: Draft<Path>): void {
  if (pathType === undefined) {
    problems.required(`${field}.pathType`, 'pathType must be specified');
    return;
  }
  problems.oneOf(`${field}.pathType`, pathType, PATH_TYPES);
  const mustBeAbsolute = pathType !== 'ImplementationSpecific' || path !== '';
  if (PATH_TYPES.includes(pathType) && mustBeAbsolute && !path.startsWith('/')) {
    problems.invalid(`${field}.path`, path, 'must be an absolute path');
  }
  if (pathType === 'Exact' || pathType === 'Prefix') checkSteps(problems, `${field}.path`, path);
  checkBackend(problems, `${field}.backend`, backend ?? {});
}

/** A path that would be taken for another one. */
function checkSteps(problems: Problems, field: string, path: string): void {
  for (const part of ['//', '/./', '/../', '%2f', '%2F']) {
    if (path.includes(part)) problems.invalid(field, path, `must not contain '${part}'`);
  }
  for (const end of ['/..', '/.']) {
    if (path.endsWith(end)) problems.invalid(field, path, `cannot end with '${end}'`);
  }
}

function checkBackend(problems: Problems, field: string, backend: Draft<Backend>): void {
  const { service, resource } = backend;
  if (service !== undefined && resource !== undefined) {
    problems.invalid(field, '', 'cannot set both resource and service backends');
    return;
  }
  if (resource !== undefined) {
    for (const part of ['kind', 'name'] as const) {
      if ((resource[part] ?? '') === '') problems.required(`${field}.resource.${part}`);
    }
  }
  if (service === undefined) {
    if (resource === undefined) problems.invalid(field, '', 'resource or service backend is required');
    return;
  }
  const { name = '', port = {} } = service;
  if (name === '') problems.required(`${field}.service.name`);
  else problems.invalidFor(`${field}.service.name`, name, labelProblems(name));
  const { name: portName = '', number = 0 } = port;
  if (portName !== '' && number !== 0) problems.invalid(field, '', 'cannot set both port name & port number');
  else if (portName !== '')
    problems.invalidFor(`${field}.service.port.name`, portName, portNameProblems(portName));
  else if (number === 0) problems.required(field, 'port name or number is required');
  else problems.port(`${field}.service.port.number`, number);
}
