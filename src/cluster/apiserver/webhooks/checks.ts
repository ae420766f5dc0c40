import { labelKeyProblems } from '../../../model/label-syntax.ts';
import type { Rule } from '../admission/match-resources.ts';
import { compileCondition } from '../policies/match-conditions.ts';
import type { MatchCondition } from '../policies/objects.ts';
import { subdomainProblems } from '../validation/formats.ts';
import type { Problems } from '../validation/problems.ts';
import type { ClientConfig, Webhook, WebhookConfiguration } from './configuration.ts';

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const SCOPES = ['*', 'Cluster', 'Namespaced'];
const MOST_CONDITIONS = 64;
const SIDE_EFFECTS = ['None', 'NoneOnDryRun'];
/** Versions of reviews that the API server writes. */
export const REVIEW_VERSIONS: readonly string[] = ['v1', 'v1beta1'];
const FORM = '; desired format: https://host[/path]';

/** What is wrong with webhooks. */
export function checkWebhooks(problems: Problems, { webhooks = [] }: WebhookConfiguration): void {
  webhooks.forEach((webhook, index) => {
    const at = `webhooks[${index}]`;
    const { name = '', rules = [], matchConditions = [] } = webhook as Partial<Webhook>;
    checkName(problems, `${at}.name`, name);
    checkRules(problems, `${at}.rules`, rules);
    problems.oneOf(`${at}.failurePolicy`, webhook.failurePolicy, ['Fail', 'Ignore']);
    problems.oneOf(`${at}.matchPolicy`, webhook.matchPolicy, ['Equivalent', 'Exact']);
    if (webhook.sideEffects === undefined)
      problems.required(`${at}.sideEffects`, `must specify one of ${SIDE_EFFECTS.join(', ')}`);
    problems.oneOf(`${at}.sideEffects`, webhook.sideEffects, SIDE_EFFECTS);
    const { timeoutSeconds = 10 } = webhook;
    if (timeoutSeconds < 1 || timeoutSeconds > 30) {
      const why = 'the timeout value must be between 1 and 30 seconds';
      problems.invalid(`${at}.timeoutSeconds`, timeoutSeconds, why);
    }
    problems.oneOf(`${at}.reinvocationPolicy`, webhook.reinvocationPolicy, ['IfNeeded', 'Never']);
    checkClient(problems, `${at}.clientConfig`, webhook.clientConfig);
    checkMatchConditions(problems, `${at}.matchConditions`, matchConditions, false);
    checkReviewVersions(problems, `${at}.admissionReviewVersions`, webhook.admissionReviewVersions ?? []);
    if (webhooks.findIndex((other) => other.name === name) < index) problems.duplicate(`${at}.name`, name);
  });
}

function checkName(problems: Problems, field: string, name: string): void {
  const wrong = subdomainProblems(name);
  if (name === '') problems.required(field);
  else if (wrong.length > 0) problems.invalidFor(field, name, wrong);
  else if (name.split('.').length < 3)
    problems.invalid(field, name, 'should be a domain with at least three segments separated by dots');
}

/** Where a webhook is: behind a Service or at an address. */
export function checkClient(problems: Problems, field: string, client: Partial<ClientConfig> = {}): void {
  const { url, service } = client;
  if ((url === undefined) === (service === undefined))
    problems.required(field, 'exactly one of url or service is required');
  if (url !== undefined) checkUrl(problems, `${field}.url`, url);
  if (service === undefined) return;
  const { name = '', namespace = '', path, port = 443 } = service as Partial<typeof service>;
  if (name === '') problems.required(`${field}.service.name`, 'service name is required');
  if (namespace === '') problems.required(`${field}.service.namespace`, 'service namespace is required');
  if (port < 1 || port > 65_535) {
    const why = 'port is not valid: must be between 1 and 65535, inclusive';
    problems.invalid(`${field}.service.port`, port, why);
  }
  if (path !== undefined && path !== '') checkPath(problems, `${field}.service.path`, path);
}

/** An empty path is the root, too. */
function checkPath(problems: Problems, field: string, path: string): void {
  if (path === '/') return;
  if (!path.startsWith('/')) {
    problems.invalid(field, path, "must start with a '/'");
    return;
  }
  const segments = path.slice(1).replace(/\/$/, '').split('/');
  for (const [index, segment] of segments.entries()) {
    const at = `segment[${index}]`;
    const why =
      segment === '' ? [`${at} may not be empty`] : subdomainProblems(segment).map((one) => `${at}: ${one}`);
    problems.invalidFor(field, path, why);
  }
}

function checkUrl(problems: Problems, field: string, text: string): void {
  const [, scheme = '', rest = ''] = /^(?:([a-z][a-z0-9+.-]*):)?(.*)$/is.exec(text) ?? [];
  const [, authority = ''] = /^\/\/([^/?#]*)/.exec(rest) ?? [];
  const [, user, host = ''] = /^(?:(.*)@)?(.*)$/s.exec(authority) ?? [];
  const [, query = '', fragment = ''] = /^[^?#]*(?:\?([^#]*))?(?:#(.*))?$/s.exec(rest) ?? [];
  if (scheme !== 'https') problems.invalid(field, scheme, `'https' is the only allowed URL scheme${FORM}`);
  if (host === '') problems.invalid(field, host, `host must be specified${FORM}`);
  if (user !== undefined) problems.invalid(field, user, 'user information is not permitted in the URL');
  if (fragment !== '') problems.invalid(field, fragment, 'fragments are not permitted in the URL');
  if (query !== '') problems.invalid(field, query, 'query parameters are not permitted in the URL');
}

function checkReviewVersions(problems: Problems, field: string, versions: readonly string[]): void {
  if (versions.length === 0) {
    problems.required(field, `must specify one of ${REVIEW_VERSIONS.join(', ')}`);
    return;
  }
  versions.forEach((version, index) => {
    if (versions.indexOf(version) < index)
      problems.duplicate(`${field}[${index}]`, version, 'duplicate version');
  });
  if (!versions.some((version) => REVIEW_VERSIONS.includes(version)))
    problems.invalid(field, versions, `must include at least one of ${REVIEW_VERSIONS.join(', ')}`);
}

/** https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#matching-requests-rules */
export function checkRules(problems: Problems, field: string, rules: readonly Rule[]): void {
  rules.forEach((rule, index) => {
    const at = `${field}[${index}]`;
    const { operations = [], apiGroups = [], apiVersions = [], resources = [], scope } = rule;
    const alone = (name: string, words: readonly string[], others: string): void => {
      if (words.length === 0) problems.required(`${at}.${name}`);
      if (words.length > 1 && words.includes('*')) {
        problems.invalid(`${at}.${name}`, words, `if '*' is present, must not specify other ${others}`);
      }
    };
    alone('operations', operations, 'operations');
    operations.forEach((operation, item) =>
      problems.oneOf(`${at}.operations[${item}]`, operation, OPERATIONS),
    );
    alone('apiGroups', apiGroups, 'API groups');
    alone('apiVersions', apiVersions, 'API versions');
    if (resources.length === 0) problems.required(`${at}.resources`);
    if (resources.length > 1 && resources.includes('*/*')) {
      problems.invalid(`${at}.resources`, resources, "if '*/*' is present, must not specify other resources");
    }
    problems.oneOf(`${at}.scope`, scope, SCOPES);
  });
}

/** @param hasParams whether the conditions may refer to the parameters of a policy */
export function checkMatchConditions(
  problems: Problems,
  field: string,
  conditions: readonly MatchCondition[],
  hasParams: boolean,
): void {
  if (conditions.length > MOST_CONDITIONS) problems.tooMany(field, conditions.length, MOST_CONDITIONS);
  conditions.forEach((condition, index) => {
    const at = `${field}[${index}]`;
    const { name = '', expression = '' } = condition;
    if (expression.trim() === '') problems.required(`${at}.expression`);
    else {
      const { problem } = compileCondition(condition, hasParams);
      if (problem !== undefined) problems.invalid(`${at}.expression`, expression.trim(), problem);
    }
    if (name === '') problems.required(`${at}.name`);
    else {
      problems.invalidFor(`${at}.name`, name, labelKeyProblems(name));
      if (conditions.findIndex((other) => other.name === name) < index)
        problems.duplicate(`${at}.name`, name);
    }
  });
}
