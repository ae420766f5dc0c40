import type { RandomStreams } from '../../../core/random.ts';
import type { AdmissionPlugin, Authorizer } from '../pipeline.ts';
import { certificatePlugins } from './certificates.ts';
import { customResourceLifecycle } from './custom-resource-lifecycle.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { escalation } from './escalation.ts';
import { limitRanger } from './limit-ranger.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { podResizeValidator } from './pod-resize.ts';
import { podSecurity } from './pod-security.ts';
import { priority } from './priority.ts';
import { resourceQuota } from './resource-quota.ts';
import { runtimeClass } from './runtime-class.ts';
import { serviceAccount } from './service-account.ts';
import { claimResize, defaultStorageClass, storageObjectInUseProtection } from './storage.ts';
import { mutatingPolicies } from '../policies/mutating.ts';
import { validatingPolicies } from '../policies/validating.ts';
import { webhookPlugins } from '../webhooks/admission.ts';
import { warnings } from './warnings.ts';

/**
 * The admission plugins that a Kubernetes 1.36 API server has switched on, in its order, and
 * the warnings of the kinds.
 * https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/
 */
export function admissionPlugins(parts: {
  readonly random: RandomStreams;
  /** Decides who may approve and sign certificates, and grant rights; policies ask it, too. */
  readonly authorizer: Authorizer;
  /** What webhooks and policies are asked with; they are not where it is left out. */
  readonly asking?: Omit<Parameters<typeof webhookPlugins>[0], 'random' | 'authorizer'>;
}): readonly AdmissionPlugin[] {
  const { random, authorizer } = parts;
  const asking = parts.asking && { ...parts.asking, authorizer };
  const webhooks = asking && webhookPlugins({ ...asking, random: random.stream('admission/webhooks') });
  return [
    warnings,
    namespaceLifecycle,
    customResourceLifecycle,
    limitRanger,
    serviceAccount(random.stream('admission/service-account')),
    podSecurity,
    priority,
    defaultTolerationSeconds,
    defaultStorageClass,
    storageObjectInUseProtection,
    claimResize,
    runtimeClass,
    podResizeValidator,
    ...certificatePlugins(authorizer),
    ...(asking === undefined ? [] : [mutatingPolicies(asking)]),
    ...(webhooks === undefined ? [] : [webhooks.mutating]),
    ...(asking === undefined ? [] : [validatingPolicies(authorizer)]),
    ...(webhooks === undefined ? [] : [webhooks.validating]),
    escalation(authorizer),
    resourceQuota,
  ];
}
