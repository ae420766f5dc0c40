import type { AnyObject, FlowSchema } from '../../../model/objects.ts';
import type { ResourceInfo } from '../resource-registry.ts';
import {
  apiServicePrinter,
  componentStatusPrinter,
  configMapPrinter,
  defaultPrinter,
  eventPrinter,
  flowSchemaPrinter,
  leasePrinter,
  nameAndAgePrinter,
  namespacePrinter,
  nodePrinter,
  priorityClassPrinter,
  priorityLevelPrinter,
  resourceQuotaPrinter,
  runtimeClassPrinter,
  secretPrinter,
} from './cluster.ts';
import type { Column, Printer, Row } from './columns.ts';
import { resourceClaimPrinter, resourceSlicePrinter } from './devices.ts';
import {
  endpointSlicePrinter,
  endpointsPrinter,
  ingressClassPrinter,
  ingressPrinter,
  ipAddressPrinter,
  networkPolicyPrinter,
  serviceCidrPrinter,
  servicePrinter,
} from './network.ts';
import { nodeMetricsPrinter, podMetricsPrinter } from './metrics.ts';
import { podPrinter } from './pod.ts';
import {
  autoscalerPrinter,
  certificateSigningRequestPrinter,
  mutatingPolicyPrinter,
  podDisruptionBudgetPrinter,
  policyBindingPrinter,
  roleBindingPrinter,
  scalePrinter,
  validatingPolicyPrinter,
  webhookConfigurationPrinter,
} from './policy.ts';
import {
  csiDriverPrinter,
  csiNodePrinter,
  persistentVolumeClaimPrinter,
  persistentVolumePrinter,
  storageClassPrinter,
  volumeAttachmentPrinter,
  volumeAttributesClassPrinter,
} from './storage.ts';
import {
  controllerRevisionPrinter,
  cronJobPrinter,
  daemonSetPrinter,
  deploymentPrinter,
  jobPrinter,
  podTemplatePrinter,
  replicaSetPrinter,
  replicationControllerPrinter,
  statefulSetPrinter,
} from './workloads.ts';

/** By the resource that objects are stored as; each printer reads its own kind. */
const printers: Readonly<Record<string, Printer<never>>> = {
  pods: podPrinter,
  podtemplates: podTemplatePrinter,
  replicationcontrollers: replicationControllerPrinter,
  'deployments.apps': deploymentPrinter,
  'replicasets.apps': replicaSetPrinter,
  'statefulsets.apps': statefulSetPrinter,
  'daemonsets.apps': daemonSetPrinter,
  'controllerrevisions.apps': controllerRevisionPrinter,
  'jobs.batch': jobPrinter,
  'cronjobs.batch': cronJobPrinter,
  services: servicePrinter,
  endpoints: endpointsPrinter,
  'endpointslices.discovery.k8s.io': endpointSlicePrinter,
  'ingresses.networking.k8s.io': ingressPrinter,
  'ingressclasses.networking.k8s.io': ingressClassPrinter,
  'networkpolicies.networking.k8s.io': networkPolicyPrinter,
  'ipaddresses.networking.k8s.io': ipAddressPrinter,
  'servicecidrs.networking.k8s.io': serviceCidrPrinter,
  componentstatuses: componentStatusPrinter,
  nodes: nodePrinter,
  namespaces: namespacePrinter,
  configmaps: configMapPrinter,
  secrets: secretPrinter,
  serviceaccounts: nameAndAgePrinter,
  events: eventPrinter,
  resourcequotas: resourceQuotaPrinter,
  'leases.coordination.k8s.io': leasePrinter,
  'priorityclasses.scheduling.k8s.io': priorityClassPrinter,
  'runtimeclasses.node.k8s.io': runtimeClassPrinter,
  'apiservices.apiregistration.k8s.io': apiServicePrinter,
  'flowschemas.flowcontrol.apiserver.k8s.io': flowSchemaPrinter,
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io': priorityLevelPrinter,
  persistentvolumeclaims: persistentVolumeClaimPrinter,
  persistentvolumes: persistentVolumePrinter,
  'storageclasses.storage.k8s.io': storageClassPrinter,
  'csidrivers.storage.k8s.io': csiDriverPrinter,
  'csinodes.storage.k8s.io': csiNodePrinter,
  'volumeattachments.storage.k8s.io': volumeAttachmentPrinter,
  'volumeattributesclasses.storage.k8s.io': volumeAttributesClassPrinter,
  'poddisruptionbudgets.policy': podDisruptionBudgetPrinter,
  'horizontalpodautoscalers.autoscaling': autoscalerPrinter,
  'scales.autoscaling': scalePrinter,
  'rolebindings.rbac.authorization.k8s.io': roleBindingPrinter,
  'clusterrolebindings.rbac.authorization.k8s.io': roleBindingPrinter,
  'certificatesigningrequests.certificates.k8s.io': certificateSigningRequestPrinter,
  'validatingwebhookconfigurations.admissionregistration.k8s.io': webhookConfigurationPrinter,
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': webhookConfigurationPrinter,
  'validatingadmissionpolicies.admissionregistration.k8s.io': validatingPolicyPrinter,
  'mutatingadmissionpolicies.admissionregistration.k8s.io': mutatingPolicyPrinter,
  'validatingadmissionpolicybindings.admissionregistration.k8s.io': policyBindingPrinter,
  'mutatingadmissionpolicybindings.admissionregistration.k8s.io': policyBindingPrinter,
  'deviceclasses.resource.k8s.io': nameAndAgePrinter,
  'resourceclaims.resource.k8s.io': resourceClaimPrinter,
  'resourceslices.resource.k8s.io': resourceSlicePrinter,
  'resourceclaimtemplates.resource.k8s.io': nameAndAgePrinter,
  'pods.metrics.k8s.io': podMetricsPrinter,
  'nodes.metrics.k8s.io': nodeMetricsPrinter,
};

/**
 * Objects in the columns in which `kubectl get` shows them.
 * @param objects in the form in which they are stored
 * @param now microseconds
 */
export function tableOf(
  info: Pick<ResourceInfo, 'storage'> & Partial<Pick<ResourceInfo, 'custom'>>,
  objects: readonly AnyObject[],
  now: number,
): { readonly columns: readonly Column[]; readonly rows: readonly Row[] } {
  const builtIn = (printers[info.storage] ?? defaultPrinter) as Printer<AnyObject>;
  const printer = info.custom?.printer ?? builtIn;
  return { columns: printer.columns, rows: objects.map((object) => printer.row(object, now)) };
}

/** Lists that are shown in an order of their own rather than by name. */
const ORDERS: Readonly<Record<string, (a: AnyObject, b: AnyObject) => number>> = {
  'flowschemas.flowcontrol.apiserver.k8s.io': (a, b) => precedenceOf(a) - precedenceOf(b),
};

/** Objects in the order in which a table has them. */
export function inTableOrder(storage: string, objects: readonly AnyObject[]): readonly AnyObject[] {
  const order = ORDERS[storage];
  return order === undefined ? objects : [...objects].sort(order);
}

function precedenceOf(schema: AnyObject): number {
  return (schema as unknown as FlowSchema).spec.matchingPrecedence ?? 0;
}
