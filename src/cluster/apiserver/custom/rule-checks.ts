import type { Problems } from '../validation/problems.ts';
import { ruleForm } from './definition-form.ts';
import { fieldPathOf } from './rule-paths.ts';
import { compiledRules } from './rules.ts';
import type { ValidationRule, ValidationSchema } from './schema.ts';

const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];

/**
 * What is wrong with the rules of one value of a schema, as a definition with it is refused.
 * @param uncorrelated the part of the schema above whose items cannot be told from one another, where there is one
 */
export function checkRulesOf(
  problems: Problems,
  path: string,
  schema: ValidationSchema,
  { root, uncorrelated }: { readonly root: boolean; readonly uncorrelated: string | undefined },
): void {
  const rules = schema['x-kubernetes-validations'] ?? [];
  const at = (index: number): string => `${path}.x-kubernetes-validations[${index}]`;
  const before = problems.list.length;
  rules.forEach((rule, index) => checkRule(problems, at(index), rule, schema));
  // Expressions are read only where everything else is right.
  if (problems.list.length > before) return;
  compiledRules(schema, root).forEach(({ problem, messageProblem, isTransition }, index) => {
    const rule = rules[index];
    if (rule === undefined) return;
    if (problem !== undefined) problems.invalid(`${at(index)}.rule`, ruleForm(rule), problem);
    if (messageProblem !== undefined)
      problems.invalid(`${at(index)}.messageExpression`, ruleForm(rule), messageProblem);
    if (isTransition && uncorrelated !== undefined) {
      const why = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelated}`;
      problems.invalid(`${at(index)}.rule`, rule.rule, why);
    }
    if (!isTransition && rule.optionalOldSelf !== undefined) {
      const why = 'may not be set if oldSelf is not used in rule';
      problems.invalid(`${at(index)}.optionalOldSelf`, rule.optionalOldSelf, why);
    }
  });
}

function checkRule(problems: Problems, at: string, rule: ValidationRule, schema: ValidationSchema): void {
  const { message = '', messageExpression = '', fieldPath = '', reason } = rule;
  const text = ((rule as Partial<ValidationRule>).rule ?? '').trim();
  const empty = 'must be non-empty if specified';
  if (text === '') problems.required(`${at}.rule`, 'rule is not specified');
  else if (message !== '' && message.trim() === '') problems.invalid(`${at}.message`, message, empty);
  else if (message.trim().includes('\n')) {
    problems.invalid(`${at}.message`, message, 'must not contain line breaks');
  } else if (text.includes('\n') && message.trim() === '') {
    problems.required(`${at}.message`, 'message must be specified if rule contains line breaks');
  }
  if (messageExpression !== '' && messageExpression.trim() === '') {
    problems.required(`${at}.messageExpression`, 'messageExpression must be non-empty if specified');
  }
  problems.oneOf(`${at}.reason`, reason, REASONS);
  if (fieldPath === '') return;
  if (fieldPath.trim() === '') problems.invalid(`${at}.fieldPath`, fieldPath, empty);
  if (fieldPath.includes('\n')) {
    problems.invalid(`${at}.fieldPath`, fieldPath, 'must not contain line breaks');
  }
  if (fieldPathOf(fieldPath, schema) === undefined) {
    problems.invalid(`${at}.fieldPath`, fieldPath, 'must be a valid path');
  }
}
