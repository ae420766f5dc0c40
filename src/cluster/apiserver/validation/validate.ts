import type { AnyObject } from '../../../model/objects.ts';
import type { Resource } from '../../../model/resources.ts';
import type { ValidateObject } from '../pipeline.ts';
import {
  checkBindingUpdate,
  checkClusterRole,
  checkClusterRoleBinding,
  checkRole,
  checkRoleBinding,
} from './access.ts';
import { checkIpAddress, checkServiceCidr } from './addresses.ts';
import { checkAutoscaler, checkDisruptionBudget } from './autoscaling.ts';
import { checkApproval, checkCertificateRequest, checkSigning } from './certificates.ts';
import {
  checkAttributesClass,
  checkCsiDriver,
  checkIngressClass,
  checkRuntimeClass,
  checkVolumeAttachment,
} from './classes.ts';
import {
  checkApiService,
  checkEvent,
  checkLease,
  checkNamespace,
  checkNode,
  checkPriorityClass,
  checkPriorityClassUpdate,
} from './cluster.ts';
import { checkConfigMap, checkConfigMapUpdate, checkSecret, checkSecretUpdate } from './configuration.ts';
import { checkDefinition, checkDefinitionUpdate } from '../custom/definition-checks.ts';
import {
  checkMutatingBinding,
  checkMutatingPolicy,
  checkValidatingBinding,
  checkValidatingPolicy,
} from '../policies/checks.ts';
import { checkWebhooks } from '../webhooks/checks.ts';
import { checkClaimOfDevices, checkTemplateOfDevices } from './devices.ts';
import { checkFlowSchema, checkPriorityLevel } from './flow-control.ts';
import { checkIngress } from './ingress.ts';
import { checkCronJob, checkJob, checkJobUpdate } from './jobs.ts';
import { checkJobStatus } from './job-status.ts';
import {
  checkLimitRange,
  checkResourceQuota,
  checkResourceQuotaStatus,
  checkResourceQuotaUpdate,
} from './limits.ts';
import { checkMetadata, checkMetadataUpdate } from './metadata.ts';
import { checkNetworkPolicy } from './network-policy.ts';
import { checkPod } from './pod.ts';
import { checkEphemeralUpdate, checkPodResize, checkPodUpdate } from './pod-update.ts';
import { Problems } from './problems.ts';
import { checkService, checkServiceUpdate } from './services.ts';
import { checkEndpoints, checkEndpointSlice } from './endpoints.ts';
import {
  checkAutoscalerStatus,
  checkDaemonSetStatus,
  checkDeploymentStatus,
  checkDisruptionBudgetStatus,
  checkIngressStatus,
  checkNamespaceStatus,
  checkNodeStatus,
  checkReplicaSetStatus,
  checkServiceStatus,
  checkStatefulSetStatus,
} from './statuses.ts';
import { checkClaim, checkClaimUpdate, checkVolume, checkVolumeUpdate } from './storage.ts';
import { checkStorageClass, checkStorageClassUpdate } from './storage-class.ts';
import {
  checkControllerRevision,
  checkDaemonSet,
  checkDeployment,
  checkFixedSelector,
  checkPodTemplate,
  checkReplicaSet,
  checkReplicationController,
  checkStatefulSet,
  checkStatefulSetUpdate,
} from './workloads.ts';

/** Checks an object; `old` is the stored one when it is a change. */
type Check = (problems: Problems, object: never, old: never) => void;

/** Each function reads the object as its own kind; these tables are the one place where kinds and functions meet. */
const creations: Readonly<Record<string, Check>> = {
  pods: checkPod,
  services: checkService,
  endpoints: checkEndpoints,
  configmaps: checkConfigMap,
  secrets: checkSecret,
  namespaces: checkNamespace,
  nodes: checkNode,
  events: checkEvent,
  limitranges: checkLimitRange,
  resourcequotas: checkResourceQuota,
  persistentvolumeclaims: checkClaim,
  persistentvolumes: checkVolume,
  replicationcontrollers: checkReplicationController,
  'deployments.apps': checkDeployment,
  'replicasets.apps': checkReplicaSet,
  'statefulsets.apps': checkStatefulSet,
  'daemonsets.apps': checkDaemonSet,
  'jobs.batch': checkJob,
  'cronjobs.batch': checkCronJob,
  'endpointslices.discovery.k8s.io': checkEndpointSlice,
  'ingresses.networking.k8s.io': checkIngress,
  'flowschemas.flowcontrol.apiserver.k8s.io': checkFlowSchema,
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io': checkPriorityLevel,
  'servicecidrs.networking.k8s.io': checkServiceCidr,
  'ipaddresses.networking.k8s.io': checkIpAddress,
  'ingressclasses.networking.k8s.io': checkIngressClass,
  'runtimeclasses.node.k8s.io': checkRuntimeClass,
  'csidrivers.storage.k8s.io': checkCsiDriver,
  'volumeattachments.storage.k8s.io': checkVolumeAttachment,
  'volumeattributesclasses.storage.k8s.io': checkAttributesClass,
  'resourceclaims.resource.k8s.io': checkClaimOfDevices,
  'resourceclaimtemplates.resource.k8s.io': checkTemplateOfDevices,
  'apiservices.apiregistration.k8s.io': checkApiService,
  podtemplates: checkPodTemplate,
  'controllerrevisions.apps': checkControllerRevision,
  'networkpolicies.networking.k8s.io': checkNetworkPolicy,
  'horizontalpodautoscalers.autoscaling': checkAutoscaler,
  'poddisruptionbudgets.policy': checkDisruptionBudget,
  'storageclasses.storage.k8s.io': checkStorageClass,
  'priorityclasses.scheduling.k8s.io': checkPriorityClass,
  'leases.coordination.k8s.io': checkLease,
  'certificatesigningrequests.certificates.k8s.io': checkCertificateRequest,
  'customresourcedefinitions.apiextensions.k8s.io': checkDefinition,
  'validatingadmissionpolicies.admissionregistration.k8s.io': checkValidatingPolicy,
  'validatingadmissionpolicybindings.admissionregistration.k8s.io': checkValidatingBinding,
  'mutatingadmissionpolicies.admissionregistration.k8s.io': checkMutatingPolicy,
  'mutatingadmissionpolicybindings.admissionregistration.k8s.io': checkMutatingBinding,
  'validatingwebhookconfigurations.admissionregistration.k8s.io': checkWebhooks,
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': checkWebhooks,
  'roles.rbac.authorization.k8s.io': checkRole,
  'clusterroles.rbac.authorization.k8s.io': checkClusterRole,
  'rolebindings.rbac.authorization.k8s.io': checkRoleBinding,
  'clusterrolebindings.rbac.authorization.k8s.io': checkClusterRoleBinding,
};
/** What a change must keep to beyond what a new object must; without an entry, the check of new objects applies. */
const changes: Readonly<Record<string, Check>> = {
  pods: checkPodUpdate,
  services: checkServiceUpdate,
  configmaps: checkConfigMapUpdate,
  secrets: checkSecretUpdate,
  resourcequotas: checkResourceQuotaUpdate,
  persistentvolumeclaims: checkClaimUpdate,
  persistentvolumes: checkVolumeUpdate,
  'deployments.apps': checkFixedSelector(checkDeployment),
  'replicasets.apps': checkFixedSelector(checkReplicaSet),
  'statefulsets.apps': checkStatefulSetUpdate,
  'daemonsets.apps': checkFixedSelector(checkDaemonSet, { first: true }),
  'jobs.batch': checkJobUpdate,
  'customresourcedefinitions.apiextensions.k8s.io': checkDefinitionUpdate,
  'storageclasses.storage.k8s.io': checkStorageClassUpdate,
  'priorityclasses.scheduling.k8s.io': checkPriorityClassUpdate,
  'rolebindings.rbac.authorization.k8s.io': checkBindingUpdate(checkRoleBinding),
  'clusterrolebindings.rbac.authorization.k8s.io': checkBindingUpdate(checkClusterRoleBinding),
};
const subresources: Readonly<Record<string, Check>> = {
  'pods/resize': checkPodResize,
  'pods/ephemeralcontainers': checkEphemeralUpdate,
  'certificatesigningrequests.certificates.k8s.io/approval': checkApproval,
  'certificatesigningrequests.certificates.k8s.io/status': checkSigning,
  'namespaces/status': checkNamespaceStatus,
  'services/status': checkServiceStatus,
  'replicationcontrollers/status': checkReplicaSetStatus,
  'deployments.apps/status': checkDeploymentStatus,
  'replicasets.apps/status': checkReplicaSetStatus,
  'statefulsets.apps/status': checkStatefulSetStatus,
  'daemonsets.apps/status': checkDaemonSetStatus,
  'nodes/status': checkNodeStatus,
  'resourcequotas/status': checkResourceQuotaStatus,
  'jobs.batch/status': checkJobStatus,
  'horizontalpodautoscalers.autoscaling/status': checkAutoscalerStatus,
  'ingresses.networking.k8s.io/status': checkIngressStatus,
  'poddisruptionbudgets.policy/status': checkDisruptionBudgetStatus,
};

/**
 * What is wrong with an object that has its defaults, as the API server says it in a 422. Kinds that have no check
 * of their own are checked for their metadata.
 */
export const validateObject: ValidateObject = (resource, object, { operation, old, subresource }) => {
  const problems = new Problems();
  if (operation === 'CREATE' || old === undefined) {
    checkMetadata(problems, resource, object);
    run(creations[resource.id], problems, object, undefined);
    return problems.list;
  }
  checkMetadataUpdate(problems, resource, object.metadata, old.metadata);
  run(changeCheck(resource, subresource), problems, object, old);
  return problems.list;
};

function changeCheck({ id }: Resource, subresource: string | undefined): Check | undefined {
  if (subresource !== undefined) return subresources[`${id}/${subresource}`];
  return changes[id] ?? creations[id];
}

function run(
  check: Check | undefined,
  problems: Problems,
  object: AnyObject,
  old: AnyObject | undefined,
): void {
  (check as ((problems: Problems, object: AnyObject, old: AnyObject | undefined) => void) | undefined)?.(
    problems,
    object,
    old,
  );
}
