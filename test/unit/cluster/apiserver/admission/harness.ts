import { Reinvocation } from '../../../../../src/cluster/apiserver/admission/reinvocation.ts';
import { RandomStreams } from '../../../../../src/core/random.ts';
import { copy } from '../../../../../src/core/json.ts';
import type { AnyObject, KubeObject } from '../../../../../src/model/objects.ts';
import { resource, resources, type Resource } from '../../../../../src/model/resources.ts';
import { matchesSelector } from '../../../../../src/model/selector.ts';
import { admissionPlugins } from '../../../../../src/cluster/apiserver/admission/plugins.ts';
import { applyDefaults } from '../../../../../src/cluster/apiserver/defaults/defaults.ts';
import type {
  AdmissionAttributes,
  Operation,
  StateReader,
} from '../../../../../src/cluster/apiserver/pipeline.ts';
import { prepare } from '../../../../../src/cluster/apiserver/rest/strategy.ts';
import { settleFamilies } from '../../../../../src/cluster/apiserver/service-families.ts';
import { invalid } from '../../../../../src/cluster/apiserver/status.ts';
import { validateObject } from '../../../../../src/cluster/apiserver/validation/validate.ts';
import { openStages } from '../harness.ts';

/** Kinds that tests write and no part of the cluster names. */
const others: Readonly<Record<string, Resource>> = {
  ReplicationController: resource('', 'v1', 'replicationcontrollers', 'ReplicationController'),
  Ingress: resource('networking.k8s.io', 'v1', 'ingresses', 'Ingress'),
  HorizontalPodAutoscaler: resource(
    'autoscaling',
    'v2',
    'horizontalpodautoscalers',
    'HorizontalPodAutoscaler',
  ),
  ValidatingWebhookConfiguration: resource(
    'admissionregistration.k8s.io',
    'v1',
    'validatingwebhookconfigurations',
    'ValidatingWebhookConfiguration',
    false,
  ),
  CSIDriver: resource('storage.k8s.io', 'v1', 'csidrivers', 'CSIDriver', false),
  VolumeAttachment: resource('storage.k8s.io', 'v1', 'volumeattachments', 'VolumeAttachment', false),
  VolumeAttributesClass: resource(
    'storage.k8s.io',
    'v1',
    'volumeattributesclasses',
    'VolumeAttributesClass',
    false,
  ),
  IngressClass: resource('networking.k8s.io', 'v1', 'ingressclasses', 'IngressClass', false),
  PodTemplate: resource('', 'v1', 'podtemplates', 'PodTemplate'),
  ResourceClaim: resource('resource.k8s.io', 'v1', 'resourceclaims', 'ResourceClaim'),
  ResourceClaimTemplate: resource('resource.k8s.io', 'v1', 'resourceclaimtemplates', 'ResourceClaimTemplate'),
  RuntimeClass: resource('node.k8s.io', 'v1', 'runtimeclasses', 'RuntimeClass', false),
  MutatingWebhookConfiguration: resource(
    'admissionregistration.k8s.io',
    'v1',
    'mutatingwebhookconfigurations',
    'MutatingWebhookConfiguration',
    false,
  ),
};

export function resourceOf(kind: string): Resource {
  const found = Object.values(resources).find((candidate) => candidate.kind === kind) ?? others[kind];
  if (found === undefined) throw new Error(`no resource of kind ${kind}`);
  return found;
}

/** A state of a few objects; every namespace that they are in has a default ServiceAccount. */
export function stateOf(...objects: object[]): StateReader {
  const all = (objects as AnyObject[]).map((object) => ({ resource: resourceOf(object.kind), object }));
  const list = <T extends KubeObject>(
    of: Resource<T>,
    options: Parameters<StateReader['list']>[1] = {},
  ): T[] =>
    all
      .filter(({ resource: { id } }) => id === of.id)
      .map(({ object }) => object as unknown as T)
      .filter(({ metadata }) => options.namespace === undefined || metadata.namespace === options.namespace)
      .filter(
        ({ metadata }) =>
          options.selector === undefined || matchesSelector(options.selector, metadata.labels),
      );
  return {
    list,
    get: (of, namespace, name) =>
      list(of).find(
        ({ metadata }) => metadata.name === name && (!of.namespaced || metadata.namespace === namespace),
      ),
  };
}

export const namespace = (name: string, labels: Record<string, string> = {}): object => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels },
  spec: {},
  status: { phase: 'Active' },
});

export const account = (inNamespace: string, name = 'default', more: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name, namespace: inNamespace },
  ...more,
});

export interface Write {
  readonly api?: StateReader;
  readonly old?: object;
  readonly subresource?: string;
}

/** Takes an object through defaulting, admission and validation, as the API server does. */
export function write(manifest: object, about: Write = {}): { object: AnyObject; warnings: string[] } {
  const object = copy(manifest) as AnyObject;
  const of = resourceOf(object.kind);
  const old = about.old as AnyObject | undefined;
  const operation = old === undefined ? 'CREATE' : 'UPDATE';
  complete(object, of, operation);
  const warnings: string[] = [];
  const attributes: AdmissionAttributes = {
    operation,
    resource: of,
    subresource: about.subresource,
    namespace: object.metadata.namespace,
    name: object.metadata.name,
    object,
    old,
    user: { name: 'kubernetes-admin', groups: ['system:masters'] },
    dryRun: false,
    api: about.api ?? stateOf(namespace('adm'), account('adm')),
    timestamp: '2026-11-22T10:00:00Z',
    warn: (text) => warnings.push(text),
    reinvocation: new Reinvocation(),
  };
  const plugins = admissionPlugins({
    random: new RandomStreams('test'),
    authorizer: openStages.authorizer,
  });
  const context = { operation, ...(old && { old }) } as const;
  applyDefaults(of, object, context);
  for (const plugin of plugins) plugin.mutate?.(attributes);
  if (of.id === 'pods' && operation === 'CREATE') applyDefaults(of, object, context);
  const { generateName = '' } = object.metadata;
  if (object.metadata.name === '' && generateName !== '') object.metadata.name = `${generateName}x2vbq`;
  if (about.subresource === undefined) prepare(of.id, object, operation);
  if (of.id === 'services') allocate(of, object, old);
  const { subresource } = about;
  const problems = validateObject(of, object, {
    ...context,
    ...(subresource !== undefined && { subresource }),
  });
  if (problems.length > 0) throw invalid(of, object.metadata.name, problems);
  for (const plugin of plugins) plugin.validate?.({ ...attributes, name: object.metadata.name });
  return { object, warnings };
}

interface Addresses {
  clusterIP?: string;
  clusterIPs?: string[];
}

/** What the allocation of addresses does before validation. */
function allocate(of: Resource, object: AnyObject, old: AnyObject | undefined): void {
  mirrorAddress(object, old);
  const wrong = settleFamilies(object['spec'] ?? {});
  if (wrong.length > 0) throw invalid(of, object.metadata.name, wrong);
}

function mirrorAddress(object: AnyObject, old: AnyObject | undefined): void {
  const spec = object['spec'] as Addresses;
  const before = old?.['spec'] as Addresses | undefined;
  if (before?.clusterIP !== undefined) spec.clusterIP ??= before.clusterIP;
  if (spec.clusterIP !== undefined && spec.clusterIPs?.[0] !== spec.clusterIP)
    spec.clusterIPs = [spec.clusterIP];
}

/** What the server puts into metadata before anything else. */
function complete(object: AnyObject, of: Resource, operation: Operation): void {
  const sent = object.metadata as Partial<AnyObject['metadata']>;
  object.metadata = {
    ...object.metadata,
    name: sent.name ?? '',
    ...(of.namespaced && { namespace: sent.namespace ?? 'adm' }),
    ...(operation === 'CREATE' && {
      uid: '00000000-0000-4000-8000-000000000000',
      creationTimestamp: '2026-11-22T10:00:00Z',
    }),
  };
}

/** The message with which a write is refused; undefined where it is taken. */
export function refusalOf(manifest: object, about: Write = {}): string | undefined {
  try {
    write(manifest, about);
    return undefined;
  } catch (error) {
    if (error instanceof Error) return error.message;
    throw error;
  }
}
