import type { AnyObject, Labels, LabelSelector, Namespace } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import { matchesSelector } from '../../../model/selector.ts';
import type { AdmissionAttributes } from '../pipeline.ts';

/** Which requests a webhook or a policy wants to hear of. */
export interface Rule {
  readonly operations?: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly apiVersions?: readonly string[];
  readonly resources?: readonly string[];
  /** Of policies only. */
  readonly resourceNames?: readonly string[];
  readonly scope?: string;
}

export interface Selectors {
  readonly namespaceSelector?: LabelSelector;
  readonly objectSelector?: LabelSelector;
}

/** https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#matching-requests-rules */
export function matchesRule(rule: Rule, attributes: AdmissionAttributes): boolean {
  const { operation, resource: of, subresource, name } = attributes;
  const has = (words: readonly string[] = [], wanted: string): boolean =>
    words.includes('*') || words.includes(wanted);
  const scope = rule.scope ?? '*';
  const { resourceNames = [] } = rule;
  return (
    has(rule.operations, operation) &&
    has(rule.apiGroups, of.group) &&
    has(rule.apiVersions, of.version) &&
    (scope === '*' || (scope === 'Namespaced') === of.namespaced) &&
    (resourceNames.length === 0 || resourceNames.includes(name)) &&
    (rule.resources ?? []).some((pattern) => matchesResource(pattern, of.plural, subresource))
  );
}

/** A resource and perhaps a subresource, a star for any of them. */
function matchesResource(pattern: string, plural: string, subresource: string | undefined): boolean {
  const [resource = '', sub] = pattern.split('/');
  if (resource !== '*' && resource !== plural) return false;
  return sub === '*' || sub === subresource;
}

/** Whether the labels of the object and of its namespace are those that are wanted. */
export function matchesSelectors(
  { namespaceSelector, objectSelector }: Selectors,
  attributes: AdmissionAttributes,
): boolean {
  return matchesNamespace(namespaceSelector, attributes) && matchesObject(objectSelector, attributes);
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
  // What is asked for a connection has no metadata.
  const labels: (Labels | undefined)[] = [object, old].flatMap((each) =>
    each === undefined ? [] : [(each.metadata as AnyObject['metadata'] | undefined)?.labels],
  );
  return labels.length === 0
    ? matchesSelector(selector, undefined)
    : labels.some((each) => matchesSelector(selector, each));
}
