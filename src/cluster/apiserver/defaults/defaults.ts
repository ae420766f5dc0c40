import type { AnyObject } from '../../../model/objects.ts';
import { ParseError } from '../../../model/parse-error.ts';
import type { Resource } from '../../../model/resources.ts';
import type { ApplyDefaults } from '../pipeline.ts';
import { badRequest } from '../status.ts';
import {
  defaultApiService,
  defaultEndpoints,
  defaultEndpointSlice,
  defaultEvent,
  defaultLimitRange,
  defaultNamespace,
  defaultNode,
  defaultPriorityClass,
  defaultResourceQuota,
  defaultSecret,
  defaultService,
} from './cluster.ts';
import { defaultDefinition } from '../custom/establishing.ts';
import { defaultClaimOfDevices, defaultTemplateOfDevices } from './devices.ts';
import { defaultFlowSchema, defaultPriorityLevel } from './flow-control.ts';
import { setInitialStatus } from './initial-status.ts';
import { dropEmpty } from './normalise.ts';
import { defaultPod, defaultPodTemplate } from './pod.ts';
import {
  defaultAdmissionBinding,
  defaultAdmissionPolicy,
  defaultAutoscaler,
  defaultIngressClass,
  defaultNetworkPolicy,
  defaultRole,
  defaultRoleBinding,
  defaultWebhooks,
} from './policy.ts';
import {
  defaultCsiDriver,
  defaultPersistentVolume,
  defaultPersistentVolumeClaim,
  defaultStorageClass,
} from './storage.ts';
import {
  defaultCronJob,
  defaultDaemonSet,
  defaultDeployment,
  defaultJob,
  defaultReplicaSet,
  defaultReplicationController,
  defaultStatefulSet,
} from './workloads.ts';

/** Each function reads the object as its own kind; this table is the one place where kinds and functions meet. */
type Defaulting = (object: never, context: never) => void;
type Context = Parameters<ApplyDefaults>[2];

const defaulting: Readonly<Record<string, Defaulting>> = {
  pods: defaultPod,
  podtemplates: (object: { template?: object }) => defaultPodTemplate((object.template ??= {})),
  services: defaultService,
  endpoints: defaultEndpoints,
  secrets: defaultSecret,
  namespaces: defaultNamespace,
  events: defaultEvent,
  nodes: defaultNode,
  limitranges: defaultLimitRange,
  resourcequotas: defaultResourceQuota,
  persistentvolumeclaims: defaultPersistentVolumeClaim,
  persistentvolumes: defaultPersistentVolume,
  replicationcontrollers: defaultReplicationController,
  'deployments.apps': defaultDeployment,
  'replicasets.apps': defaultReplicaSet,
  'statefulsets.apps': defaultStatefulSet,
  'daemonsets.apps': defaultDaemonSet,
  'jobs.batch': defaultJob,
  'cronjobs.batch': defaultCronJob,
  'endpointslices.discovery.k8s.io': defaultEndpointSlice,
  'horizontalpodautoscalers.autoscaling': defaultAutoscaler,
  'ingressclasses.networking.k8s.io': defaultIngressClass,
  'networkpolicies.networking.k8s.io': defaultNetworkPolicy,
  'roles.rbac.authorization.k8s.io': defaultRole,
  'clusterroles.rbac.authorization.k8s.io': defaultRole,
  'rolebindings.rbac.authorization.k8s.io': defaultRoleBinding,
  'clusterrolebindings.rbac.authorization.k8s.io': defaultRoleBinding,
  'storageclasses.storage.k8s.io': defaultStorageClass,
  'csidrivers.storage.k8s.io': defaultCsiDriver,
  'priorityclasses.scheduling.k8s.io': defaultPriorityClass,
  'flowschemas.flowcontrol.apiserver.k8s.io': defaultFlowSchema,
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io': defaultPriorityLevel,
  'apiservices.apiregistration.k8s.io': defaultApiService,
  'resourceclaims.resource.k8s.io': defaultClaimOfDevices,
  'resourceclaimtemplates.resource.k8s.io': defaultTemplateOfDevices,
  'customresourcedefinitions.apiextensions.k8s.io': defaultDefinition,
  'validatingadmissionpolicies.admissionregistration.k8s.io': defaultAdmissionPolicy,
  'mutatingadmissionpolicies.admissionregistration.k8s.io': defaultAdmissionPolicy,
  'validatingadmissionpolicybindings.admissionregistration.k8s.io': defaultAdmissionBinding,
  'mutatingadmissionpolicybindings.admissionregistration.k8s.io': defaultAdmissionBinding,
  'validatingwebhookconfigurations.admissionregistration.k8s.io': (object: object) =>
    defaultWebhooks(object, false),
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': (object: object) =>
    defaultWebhooks(object, true),
};

/**
 * Fills in what the client left out, as Kubernetes 1.36 stores it: default values, quantities in their canonical
 * form, no empty optional fields, and on create the status of a new object.
 * @throws StatusError 400 for a quantity that cannot be read
 */
export const applyDefaults: ApplyDefaults = (resource, object, context) => {
  if (isBuiltIn(resource)) dropEmpty(object);
  try {
    const fill = defaulting[resource.id] as ((object: AnyObject, context: Context) => void) | undefined;
    fill?.(object, context);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    throw badRequest(
      `${resource.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: ${error.message}`,
    );
  }
  if (context.operation === 'CREATE') setInitialStatus(resource, object);
};

/** Objects of custom resources are stored as they come. */
function isBuiltIn(resource: Resource): boolean {
  return resource.group === '' || resource.group.endsWith('.k8s.io') || !resource.group.includes('.');
}
