import { deleteForGood } from '../../kube/finalizers.ts';
import { type KubeClient, KubeError } from '../../kube/client.ts';
import type { KubeObject, Role } from '../../model/objects.ts';
import { resource, type Resource, resources } from '../../model/resources.ts';
import { writtenKinds } from '../../model/written.ts';

/** What kind itself makes. */
export const OWN_NAMESPACES: readonly string[] = [
  'default',
  'kube-system',
  'kube-public',
  'kube-node-lease',
  'local-path-storage',
];

/** Kinds of what scenarios and learners put into a namespace. */
export const KINDS: readonly Resource[] = [
  ...writtenKinds,
  resource('networking.k8s.io', 'v1', 'ingresses', 'Ingress'),
  resources.persistentVolumeClaims,
  resources.endpoints,
  resources.endpointSlices,
  resources.replicationControllers,
  resources.replicaSets,
  resources.pods,
];

const admission = 'admissionregistration.k8s.io';
/** Kinds that belong to no namespace, of which a learner may have made some. */
const WIDE: readonly Resource[] = [
  resource(admission, 'v1', 'validatingwebhookconfigurations', 'ValidatingWebhookConfiguration', false),
  resource(admission, 'v1', 'mutatingwebhookconfigurations', 'MutatingWebhookConfiguration', false),
  resource(admission, 'v1', 'validatingadmissionpolicybindings', 'ValidatingAdmissionPolicyBinding', false),
  resource(admission, 'v1', 'validatingadmissionpolicies', 'ValidatingAdmissionPolicy', false),
  resource(admission, 'v1', 'mutatingadmissionpolicybindings', 'MutatingAdmissionPolicyBinding', false),
  resource(admission, 'v1', 'mutatingadmissionpolicies', 'MutatingAdmissionPolicy', false),
  // Those of custom resources go with their definitions, by themselves.
  resource('apiregistration.k8s.io', 'v1', 'apiservices', 'APIService', false),
  resource('apiextensions.k8s.io', 'v1', 'customresourcedefinitions', 'CustomResourceDefinition', false),
  resources.clusterRoleBindings,
  resources.clusterRoles,
  resources.persistentVolumes,
  resources.priorityClasses,
  resources.storageClasses,
  resources.flowSchemas,
  resource(
    'flowcontrol.apiserver.k8s.io',
    'v1',
    'prioritylevelconfigurations',
    'PriorityLevelConfiguration',
    false,
  ),
  resource('storage.k8s.io', 'v1', 'csidrivers', 'CSIDriver', false),
  resource('networking.k8s.io', 'v1', 'ingressclasses', 'IngressClass', false),
  resource('node.k8s.io', 'v1', 'runtimeclasses', 'RuntimeClass', false),
];

/** Kinds whose objects the cluster changes, makes and removes by itself. */
const RESTLESS: readonly Resource[] = [
  resources.endpoints,
  resources.pods,
  resources.secrets,
  resources.serviceAccounts,
];

/** An object in the cluster's own namespaces, or in none. */
export interface OwnObject {
  readonly resource: Resource;
  /** `configmaps kube-system/coredns`, `clusterroles admin` */
  readonly path: string;
  readonly object: KubeObject;
}

/** Objects that no controller has made, of the cluster's own and of whoever worked on it. */
export async function ownObjects(kube: KubeClient): Promise<OwnObject[]> {
  const lists = await Promise.all(
    [...WIDE, ...KINDS].map(async (resource) => {
      const objects = (await listed(kube, resource)).filter((object) => !isMade(object));
      return objects
        .filter(
          ({ metadata: { namespace } }) => namespace === undefined || OWN_NAMESPACES.includes(namespace),
        )
        .map((object) => ({ resource, path: pathOf(resource, object), object }));
    }),
  );
  return lists.flat();
}

function pathOf(resource: Resource, { metadata: { namespace, name } }: KubeObject): string {
  return `${resource.plural} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

/** By a controller, which takes it away too. */
function isMade({ metadata: { ownerReferences = [], annotations = {}, labels = {} } }: KubeObject): boolean {
  return (
    ownerReferences.length > 0 ||
    'pv.kubernetes.io/provisioned-by' in annotations ||
    'kube-aggregator.kubernetes.io/automanaged' in labels
  );
}

/** Older releases do not serve all kinds: nobody has made any of those there. */
async function listed(kube: KubeClient, resource: Resource): Promise<KubeObject[]> {
  try {
    return await kube.list(resource);
  } catch (error) {
    if (error instanceof KubeError && error.code === 404) return [];
    throw error;
  }
}

/** Whether such an object stays as it is where nobody writes to it. */
export function isStill({ resource, object }: OwnObject): boolean {
  // Its rules are those of all roles that it is made of.
  const isAggregated = (object as Role).aggregationRule !== undefined;
  return !RESTLESS.includes(resource) && !isAggregated;
}

/** @param kept paths */
export async function takeOutAllBut(
  kube: KubeClient,
  kept: ReadonlySet<string>,
  objects: readonly OwnObject[],
): Promise<void> {
  for (const { resource, path, object } of objects)
    if (!kept.has(path)) await deleteForGood(kube, resource, object);
}
