import { labelKeyProblems } from '../../../model/label-syntax.ts';
import type { Rule } from '../admission/match-resources.ts';
import { compileCondition } from '../policies/match-conditions.ts';
import type { MatchCondition } from '../policies/objects.ts';
import type { Problems } from '../validation/problems.ts';
import type { Webhook, WebhookConfiguration } from './configuration.ts';

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const SCOPES = ['*', 'Cluster', 'Namespaced'];
const MOST_CONDITIONS = 64;

/** What is wrong with the rules and conditions of webhooks. */
export function checkWebhooks(problems: Problems, { webhooks = [] }: WebhookConfiguration): void {
  webhooks.forEach(({ rules = [], matchConditions = [] }: Webhook, index) => {
    const at = `webhooks[${index}]`;
    checkRules(problems, `${at}.rules`, rules);
    checkMatchConditions(problems, `${at}.matchConditions`, matchConditions, false);
  });
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
