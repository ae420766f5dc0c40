import type { AnyObject, KubeObject, Labels, LabelSelector, Namespace } from '../../../model/objects.ts';
import { resource, resources } from '../../../model/resources.ts';
import { matchesSelector } from '../../../model/selector.ts';
import type { AdmissionAttributes } from '../pipeline.ts';

/** https://kubernetes.io/docs/reference/kubernetes-api/extend-resources/validating-webhook-configuration-v1/ */
export interface WebhookConfiguration extends KubeObject {
  readonly webhooks?: readonly Webhook[];
}

export interface Webhook {
  readonly name: string;
  readonly clientConfig: ClientConfig;
  readonly rules?: readonly Rule[];
  readonly failurePolicy?: 'Fail' | 'Ignore';
  readonly namespaceSelector?: LabelSelector;
  readonly objectSelector?: LabelSelector;
  readonly matchConditions?: readonly unknown[];
  readonly sideEffects?: string;
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

interface Rule {
  readonly operations?: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly apiVersions?: readonly string[];
  readonly resources?: readonly string[];
  readonly scope?: string;
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

/** Whether a webhook wants to hear of a request; never of those that change webhooks themselves. */
export function concerns(webhook: Webhook, attributes: AdmissionAttributes): boolean {
  const { resource: of } = attributes;
  if (of.id === configurations.mutating.id || of.id === configurations.validating.id) return false;
  // Expressions are not understood here: such a webhook is not asked.
  if ((webhook.matchConditions ?? []).length > 0) return false;
  return (
    (webhook.rules ?? []).some((rule) => matchesRule(rule, attributes)) &&
    matchesNamespace(webhook.namespaceSelector, attributes) &&
    matchesObject(webhook.objectSelector, attributes)
  );
}

function matchesRule(rule: Rule, { operation, resource: of, subresource }: AdmissionAttributes): boolean {
  const has = (words: readonly string[] = [], wanted: string): boolean =>
    words.includes('*') || words.includes(wanted);
  const scope = rule.scope ?? '*';
  return (
    has(rule.operations, operation) &&
    has(rule.apiGroups, of.group) &&
    has(rule.apiVersions, of.version) &&
    (scope === '*' || (scope === 'Namespaced') === of.namespaced) &&
    (rule.resources ?? []).some((pattern) => matchesResource(pattern, of.plural, subresource))
  );
}

/** A resource and perhaps a subresource, a star for any of them. */
function matchesResource(pattern: string, plural: string, subresource: string | undefined): boolean {
  const [resources_ = '', sub] = pattern.split('/');
  if (resources_ !== '*' && resources_ !== plural) return false;
  return sub === '*' || sub === subresource;
}

function matchesNamespace(selector: LabelSelector | undefined, attributes: AdmissionAttributes): boolean {
  const { api, namespace, resource: of, object, old } = attributes;
  if (selector === undefined) return true;
  if (of.id === 'namespaces') return matchesSelector(selector, (object ?? old)?.metadata.labels);
  if (namespace === undefined) return true;
  const found: Namespace | undefined = api.get(resources.namespaces, undefined, namespace);
  return matchesSelector(selector, found?.metadata.labels);
}

function matchesObject(
  selector: LabelSelector | undefined,
  { object, old }: { readonly object: AnyObject | undefined; readonly old: AnyObject | undefined },
): boolean {
  if (selector === undefined) return true;
  const labels: (Labels | undefined)[] = [object, old].flatMap((each) =>
    each ? [each.metadata.labels] : [],
  );
  return labels.some((each) => matchesSelector(selector, each));
}
