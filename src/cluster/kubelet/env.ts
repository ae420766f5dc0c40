import type { ConfigMap, Container, EnvVar, Pod, Secret, Service } from '../../model/objects.ts';
import { resources } from '../../model/resources.ts';
import type { Api } from '../api.ts';
import { expand, mustFitMessage } from './expansion.ts';
import { fieldValue, resourceValue } from './field-ref.ts';
import type { PodFacts } from './field-ref.ts';

/** Why a container's configuration cannot be made; shown as CreateContainerConfigError. */
export class ConfigError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConfigError';
  }
}

/**
 * The environment of a container, without what its image sets.
 * https://kubernetes.io/docs/tasks/inject-data-application/define-environment-variable-container/
 * @throws ConfigError for a ConfigMap, Secret or key that is missing and not optional
 * @throws RuntimeError where it is too large
 */
export function environmentOf(
  api: Api,
  pod: Pod,
  container: Container,
  facts: PodFacts,
): Record<string, string> {
  const services = serviceVariables(api, pod);
  const result: Record<string, string> = {};
  for (const source of container.envFrom ?? []) {
    for (const [key, value] of Object.entries(envFromValues(api, pod, source))) {
      result[(source.prefix ?? '') + key] = value;
    }
  }
  let size = 0;
  for (const variable of container.env ?? []) {
    const value =
      variable.valueFrom === undefined
        ? expand(variable.value ?? '', (name) => result[name] ?? services[name])
        : valueFrom(api, pod, container, { variable, facts });
    if (value === undefined) continue;
    size += variable.name.length + value.length;
    mustFitMessage(size);
    result[variable.name] = value;
  }
  return { ...services, ...result };
}

function envFromValues(
  api: Api,
  pod: Pod,
  source: NonNullable<Container['envFrom']>[number],
): Record<string, string> {
  if (source.configMapRef !== undefined) {
    return findConfigMap(api, pod, source.configMapRef)?.data ?? {};
  }
  if (source.secretRef === undefined) return {};
  const secret = findSecret(api, pod, source.secretRef);
  return Object.fromEntries(
    Object.entries(secret?.data ?? {}).map(([key, value]) => [key, fromBase64(value)]),
  );
}

function valueFrom(
  api: Api,
  pod: Pod,
  container: Container,
  { variable, facts }: { variable: EnvVar; facts: PodFacts },
): string | undefined {
  const source = variable.valueFrom ?? {};
  if (source.fieldRef !== undefined) return fieldOrRefusal(pod, source.fieldRef.fieldPath, facts);
  if (source.resourceFieldRef !== undefined) {
    const { containerName = '', resource, divisor } = source.resourceFieldRef;
    const about = containerOf(pod, containerName) ?? container;
    return resourceValue(about, resource, divisor, facts.allocatable);
  }
  if (source.configMapKeyRef !== undefined) {
    const { name, key, optional } = source.configMapKeyRef;
    const value = findConfigMap(api, pod, source.configMapKeyRef)?.data?.[key];
    if (value !== undefined || optional === true) return value;
    throw new ConfigError(`couldn't find key ${key} in ConfigMap ${pod.metadata.namespace ?? ''}/${name}`);
  }
  if (source.secretKeyRef !== undefined) {
    const { name, key, optional } = source.secretKeyRef;
    const value = findSecret(api, pod, source.secretKeyRef)?.data?.[key];
    if (value !== undefined) return fromBase64(value);
    if (optional === true) return undefined;
    throw new ConfigError(`couldn't find key ${key} in Secret ${pod.metadata.namespace ?? ''}/${name}`);
  }
  return undefined;
}

function fieldOrRefusal(pod: Pod, path: string, facts: PodFacts): string {
  const value = fieldValue(pod, path, facts);
  if (value === undefined) throw new ConfigError(`unsupported fieldPath: ${path}`);
  return value;
}

function containerOf(pod: Pod, name: string): Container | undefined {
  return [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find((other) => other.name === name);
}

function findConfigMap(
  api: Api,
  pod: Pod,
  reference: { name: string; optional?: boolean },
): ConfigMap | undefined {
  const found = api.get(resources.configMaps, pod.metadata.namespace, reference.name);
  if (found === undefined && reference.optional !== true) {
    throw new ConfigError(`configmap "${reference.name}" not found`);
  }
  return found;
}

function findSecret(api: Api, pod: Pod, reference: { name: string; optional?: boolean }): Secret | undefined {
  const found = api.get(resources.secrets, pod.metadata.namespace, reference.name);
  if (found === undefined && reference.optional !== true) {
    throw new ConfigError(`secret "${reference.name}" not found`);
  }
  return found;
}

export function fromBase64(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8');
}

/**
 * Docker-style variables of the Services of the pod's namespace (with enableServiceLinks), and always of the API.
 * https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
function serviceVariables(api: Api, pod: Pod): Record<string, string> {
  const result: Record<string, string> = {};
  const master = api.get(resources.services, 'default', 'kubernetes');
  const own =
    pod.spec.enableServiceLinks === false
      ? []
      : api.list(resources.services, { namespace: pod.metadata.namespace ?? 'default' });
  for (const service of master === undefined ? own : [master, ...own]) addService(result, service);
  return result;
}

function addService(result: Record<string, string>, service: Service): void {
  const { clusterIP, ports = [] } = service.spec;
  const [first] = ports;
  if (clusterIP === undefined || clusterIP === '' || clusterIP === 'None' || first === undefined) return;
  const name = variableName(service.metadata.name);
  result[`${name}_SERVICE_HOST`] = clusterIP;
  result[`${name}_SERVICE_PORT`] = String(first.port);
  for (const port of ports) {
    if (port.name !== undefined && port.name !== '') {
      result[`${name}_SERVICE_PORT_${variableName(port.name)}`] = String(port.port);
    }
  }
  result[`${name}_PORT`] = `${first.protocol.toLowerCase()}://${clusterIP}:${first.port}`;
  for (const port of ports) {
    const prefix = `${name}_PORT_${port.port}_${port.protocol}`;
    result[prefix] = `${port.protocol.toLowerCase()}://${clusterIP}:${port.port}`;
    result[`${prefix}_PROTO`] = port.protocol.toLowerCase();
    result[`${prefix}_PORT`] = String(port.port);
    result[`${prefix}_ADDR`] = clusterIP;
  }
}

function variableName(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}
