import type { Resource } from '../../model/resources.ts';
import type { Api } from '../api.ts';
import type { CertificateSigner } from '../certificates/signer.ts';
import { createEventRecorder } from '../events/recorder.ts';
import type { Simulation } from '../simulation/simulation.ts';
import type { AccessReview, Controller, ControllerContext, SecretTokenSource } from './controller.ts';
import { createPolicyStatusController } from './admission/policy-status-controller.ts';
import { createHorizontalController } from './autoscaling/horizontal-controller.ts';
import { createApprovingController } from './certificates/approving-controller.ts';
import { createRequestCleaner } from './certificates/cleaner-controller.ts';
import { createSigningController } from './certificates/signing-controller.ts';
import type { PodMetricsSource } from './autoscaling/resource-metrics.ts';
import { createDaemonSetController } from './daemonset/daemonset-controller.ts';
import { createDeploymentController } from './deployment/deployment-controller.ts';
import { createEndpointsController } from './endpoints/endpoints-controller.ts';
import { createEndpointSliceController } from './endpoints/endpointslice-controller.ts';
import { createGarbageCollector } from './garbage-collector/garbage-collector.ts';
import { createNamespaceController } from './namespace/namespace-controller.ts';
import { createDisruptionController } from './disruption/disruption-controller.ts';
import { createNodeLifecycleController } from './nodes/node-lifecycle-controller.ts';
import { createNodeRangeController } from './nodes/node-range-controller.ts';
import { createPodGarbageCollector } from './nodes/pod-garbage-collector.ts';
import { createTaintEvictionController } from './nodes/taint-eviction-controller.ts';
import { createRootCertificateController } from './namespace/root-certificate-controller.ts';
import { createTokenController } from './namespace/token-controller.ts';
import { createServiceAccountController } from './namespace/service-account-controller.ts';
import { createMirroringController } from './endpoints/mirroring-controller.ts';
import { createCronJobController } from './jobs/cronjob-controller.ts';
import { createJobController } from './jobs/job-controller.ts';
import { createTtlAfterFinishedController } from './jobs/ttl-after-finished-controller.ts';
import { createResourceQuotaController } from './quota/resource-quota-controller.ts';
import {
  createReplicaSetController,
  createReplicationControllerController,
} from './replicaset/replicaset-controller.ts';
import { createServiceCidrController } from './services/service-cidr-controller.ts';
import { createStatefulSetController } from './statefulset/statefulset-controller.ts';
import { createEphemeralVolumeController } from './volumes/ephemeral-volumes.ts';
import { createLocalPathProvisioner } from './volumes/local-path-provisioner.ts';
import { createVolumeBinder } from './volumes/volume-binder.ts';
import {
  createAttributesClassProtection,
  createClaimProtection,
  createVolumeProtection,
} from './volumes/volume-protection.ts';
import { SharedWatches } from './shared-watches.ts';

interface Entry {
  /** The service account in kube-system that it acts as. */
  readonly account: string;
  /** `source.component` of its events. */
  readonly eventSource: string;
  readonly create: (context: ControllerContext) => Controller;
}

const entry = (account: string, eventSource: string, create: Entry['create']): Entry => ({
  account,
  eventSource,
  create,
});

/** Every controller, in the order in which they are told of a change. */
const controllers = {
  deployment: entry('deployment-controller', 'deployment-controller', createDeploymentController),
  replicaset: entry('replicaset-controller', 'replicaset-controller', createReplicaSetController),
  replicationcontroller: entry(
    'replication-controller',
    'replication-controller',
    createReplicationControllerController,
  ),
  statefulset: entry('statefulset-controller', 'statefulset-controller', createStatefulSetController),
  daemonset: entry('daemon-set-controller', 'daemonset-controller', createDaemonSetController),
  serviceaccount: entry(
    'service-account-controller',
    'serviceaccount-controller',
    createServiceAccountController,
  ),
  'serviceaccount-token': entry('tokens-controller', 'tokens-controller', createTokenController),
  'root-ca': entry('root-ca-cert-publisher', 'root-ca-cert-publisher', createRootCertificateController),
  'certificatesigningrequest-approving': entry(
    'certificate-controller',
    'certificate-controller',
    createApprovingController,
  ),
  'certificatesigningrequest-signing': entry(
    'certificate-controller',
    'certificate-controller',
    createSigningController,
  ),
  'certificatesigningrequest-cleaner': entry(
    'certificate-controller',
    'certificate-controller',
    createRequestCleaner,
  ),
  namespace: entry('namespace-controller', 'namespace-controller', createNamespaceController),
  'garbage-collector': entry(
    'generic-garbage-collector',
    'garbage-collector-controller',
    createGarbageCollector,
  ),
  'persistentvolume-binder': entry(
    'persistent-volume-binder',
    'persistentvolume-controller',
    createVolumeBinder,
  ),
  'local-path-provisioner': entry(
    'local-path-provisioner',
    'rancher.io/local-path',
    createLocalPathProvisioner,
  ),
  'ephemeral-volume': entry(
    'ephemeral-volume-controller',
    'ephemeral_volume',
    createEphemeralVolumeController,
  ),
  'pvc-protection': entry('pvc-protection-controller', 'pvc-protection-controller', createClaimProtection),
  'pv-protection': entry('pv-protection-controller', 'pv-protection-controller', createVolumeProtection),
  'volumeattributesclass-protection': entry(
    'volumeattributesclass-protection-controller',
    'volumeattributesclass-protection-controller',
    createAttributesClassProtection,
  ),
  'service-cidr': entry('service-cidrs-controller', 'service-cidr-controller', createServiceCidrController),
  'node-ipam': entry('node-controller', 'cidrAllocator', createNodeRangeController),
  'node-lifecycle': entry('node-controller', 'node-controller', createNodeLifecycleController),
  'taint-eviction': entry('node-controller', 'taint-eviction-controller', createTaintEvictionController),
  'pod-garbage-collector': entry('pod-garbage-collector', 'pod-garbage-collector', createPodGarbageCollector),
  disruption: entry('disruption-controller', 'controllermanager', createDisruptionController),
  endpointslice: entry(
    'endpointslice-controller',
    'endpoint-slice-controller',
    createEndpointSliceController,
  ),
  endpoints: entry('endpoint-controller', 'endpoint-controller', createEndpointsController),
  'endpointslice-mirroring': entry(
    'endpointslicemirroring-controller',
    'endpoint-slice-mirroring-controller',
    createMirroringController,
  ),
  resourcequota: entry('resourcequota-controller', 'resourcequota-controller', createResourceQuotaController),
  job: entry('job-controller', 'job-controller', createJobController),
  cronjob: entry('cronjob-controller', 'cronjob-controller', createCronJobController),
  horizontalpodautoscaling: entry(
    'horizontal-pod-autoscaler',
    'horizontal-pod-autoscaler',
    createHorizontalController,
  ),
  'ttl-after-finished': entry(
    'ttl-after-finished-controller',
    'ttl-after-finished-controller',
    createTtlAfterFinishedController,
  ),
  'validatingadmissionpolicy-status': entry(
    'validatingadmissionpolicy-status-controller',
    'validatingadmissionpolicy-status-controller',
    createPolicyStatusController,
  ),
} as const satisfies Record<string, Entry>;

export type ControllerName = keyof typeof controllers;

export interface ControllerDependencies {
  readonly simulation: Simulation;
  /**
   * The API as a component may use it.
   * @param component a service account of kube-system (`deployment-controller`: user
   *   `system:serviceaccount:kube-system:deployment-controller`) or `kube-controller-manager` for the shared watches
   *   (user `system:kube-controller-manager`); the field manager is `kube-controller-manager`
   */
  apiFor(component: string): Api;
  /** Every resource that the API server serves just now, custom ones too. */
  readonly resources: () => readonly Resource[];
  /** The cluster's CA certificate, PEM. */
  readonly rootCertificate: string;
  readonly secretToken: SecretTokenSource;
  readonly certificateSigner: CertificateSigner;
  /** metrics.k8s.io, which may not be there. */
  readonly podMetrics: PodMetricsSource;
  readonly isAllowed: AccessReview;
  /** Only these; all of them where it is left out. */
  readonly only?: readonly ControllerName[];
}

/** Starts kube-controller-manager's control loops. https://kubernetes.io/docs/concepts/architecture/controller/ */
export function startControllers(dependencies: ControllerDependencies): void {
  const { simulation, resources, rootCertificate, secretToken } = dependencies;
  const { certificateSigner, podMetrics, isAllowed } = dependencies;
  const watches = new SharedWatches(dependencies.apiFor('kube-controller-manager'));
  const names = dependencies.only ?? (Object.keys(controllers) as ControllerName[]);
  for (const name of names) {
    const { account, eventSource, create } = controllers[name];
    const api = dependencies.apiFor(account);
    const events = createEventRecorder({ api, simulation, component: eventSource });
    create({
      simulation,
      api,
      events,
      watches,
      resources,
      rootCertificate,
      secretToken,
      certificateSigner,
      podMetrics,
      isAllowed,
    }).start();
  }
  watches.open();
}
