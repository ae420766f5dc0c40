import type { KubeObject } from '../../../model/objects.ts';
import { resource } from '../../../model/resources.ts';
import { matchesRule, matchesSelectors, type Rule, type Selectors } from '../admission/match-resources.ts';
import type { AdmissionAttributes } from '../pipeline.ts';
import { type MatchCondition, UNTOUCHABLE } from '../policies/objects.ts';

/** https://kubernetes.io/docs/reference/kubernetes-api/extend-resources/validating-webhook-configuration-v1/ */
export interface WebhookConfiguration extends KubeObject {
  readonly webhooks?: readonly Webhook[];
}

export interface Webhook extends Selectors {
  readonly name: string;
  readonly clientConfig: ClientConfig;
  readonly rules?: readonly Rule[];
  readonly failurePolicy?: 'Fail' | 'Ignore';
  readonly matchPolicy?: 'Equivalent' | 'Exact';
  readonly matchConditions?: readonly MatchCondition[];
  readonly admissionReviewVersions?: readonly string[];
  readonly sideEffects?: string;
  /** Of webhooks that change objects. */
  readonly reinvocationPolicy?: 'Never' | 'IfNeeded';
  /** Seconds. */
  readonly timeoutSeconds?: number;
}

export interface ClientConfig {
  /** PEM in base64. */
  readonly caBundle?: string;
  readonly url?: string;
  readonly service?: {
    readonly namespace: string;
    readonly name: string;
    readonly path?: string;
    readonly port?: number;
  };
}

const GROUP = 'admissionregistration.k8s.io';

export const configurations = {
  mutating: resource<WebhookConfiguration>(
    GROUP,
    'v1',
    'mutatingwebhookconfigurations',
    'MutatingWebhookConfiguration',
    false,
  ),
  validating: resource<WebhookConfiguration>(
    GROUP,
    'v1',
    'validatingwebhookconfigurations',
    'ValidatingWebhookConfiguration',
    false,
  ),
} as const;

/** Whether a webhook wants to hear of a request; never of those that change webhooks and policies themselves. */
export function concerns(webhook: Webhook, attributes: AdmissionAttributes): boolean {
  return (
    !UNTOUCHABLE.has(attributes.resource.id) &&
    (webhook.rules ?? []).some((rule) => matchesRule(rule, attributes)) &&
    matchesSelectors(webhook, attributes)
  );
}
