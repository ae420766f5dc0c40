import type { SecretTokenRequest } from '../apiserver/auth/tokens.ts';
import type { AuthorizationAttributes } from '../apiserver/pipeline.ts';
import type { UserInfo } from '../apiserver/types.ts';
import type { Resource } from '../../model/resources.ts';
import type { Api, EventRecorder } from '../api.ts';
import type { CertificateSigner } from '../certificates/signer.ts';
import type { Simulation } from '../simulation/simulation.ts';
import type { PodMetricsSource } from './autoscaling/resource-metrics.ts';
import type { SharedWatches } from './shared-watches.ts';

/** A control loop. https://kubernetes.io/docs/concepts/architecture/controller/ */
export interface Controller {
  /** As in kube-controller-manager's `--controllers`. */
  readonly name: string;
  /** Asks for its watches and starts its timers; to be called once. */
  start(): void;
}

/** Makes the token that a Secret keeps for a ServiceAccount. */
export type SecretTokenSource = (request: SecretTokenRequest) => string;

/** Whether a user may do something: what a SubjectAccessReview says. */
export type AccessReview = (user: UserInfo, attributes: AuthorizationAttributes) => boolean;

/** What a controller is made of. */
export interface ControllerContext {
  readonly simulation: Simulation;
  /** The API under the controller's own identity. */
  readonly api: Api;
  readonly events: EventRecorder;
  readonly watches: SharedWatches;
  /** Every resource that the API server serves just now, custom ones too. */
  readonly resources: () => readonly Resource[];
  /** The cluster's CA certificate, PEM. */
  readonly rootCertificate: string;
  readonly secretToken: SecretTokenSource;
  readonly certificateSigner: CertificateSigner;
  readonly podMetrics: PodMetricsSource;
  readonly isAllowed: AccessReview;
}
