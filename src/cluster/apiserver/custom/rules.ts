import { equal, isObject, own } from '../../../core/json.ts';
import { memoized } from '../../../core/memo.ts';
import { compile, isOutOfBudget, type Program, standardLibrary } from '../expressions/expressions.ts';
import type { Budget } from '../expressions/interpreter.ts';
import { DYN, optionalOf } from '../expressions/types.ts';
import { ExpressionError, Optional, type Value } from '../expressions/values.ts';
import type { FieldProblem } from '../pipeline.ts';
import { fieldPathOf } from './rule-paths.ts';
import { ruleType, ruleValue } from './rule-types.ts';
import type { ValidationRule, ValidationSchema } from './schema.ts';

/** What the rules of one object may cost together. */
const BUDGET = 10_000_000;
const LONGEST_MESSAGE = 5 * 1024;
const SPENT = 'validation failed due to running out of cost budget, no further validation rules will be run';

/** A rule that has been read, or why it cannot be. */
export interface CompiledRule {
  readonly program: Program | undefined;
  readonly problem?: string;
  readonly message?: Program;
  readonly messageProblem?: string;
  /** Whether it compares with what was before. */
  readonly isTransition: boolean;
}

const compiledAt = (root: boolean): ((schema: ValidationSchema) => readonly CompiledRule[]) =>
  memoized((schema) =>
    (schema['x-kubernetes-validations'] ?? []).map((rule) => compileRule(rule, schema, root)),
  );
const compiled = { root: compiledAt(true), below: compiledAt(false) };

/** The rules of one value of a schema, which are read once. */
export function compiledRules(schema: ValidationSchema, root: boolean): readonly CompiledRule[] {
  return compiled[root ? 'root' : 'below'](schema);
}

function compileRule(rule: ValidationRule, schema: ValidationSchema, root: boolean): CompiledRule {
  const self = ruleType(schema, root) ?? DYN;
  const declarations = {
    library: standardLibrary(),
    variables: new Map([
      ['self', self],
      ['oldSelf', rule.optionalOldSelf === true ? optionalOf(self) : self],
    ]),
  };
  const program = compile(rule.rule, declarations);
  if (typeof program === 'string') {
    return { program: undefined, problem: `compilation failed: ${program}`, isTransition: false };
  }
  if (program.type.kind !== 'bool') {
    return { program: undefined, problem: 'cel expression must evaluate to a bool', isTransition: false };
  }
  const isTransition = program.names.has('oldSelf');
  if ((rule.messageExpression ?? '') === '') return { program, isTransition };
  const message = compile(rule.messageExpression ?? '', declarations);
  if (typeof message === 'string') {
    return { program, isTransition, messageProblem: `messageExpression compilation failed: ${message}` };
  }
  if (message.type.kind !== 'string') {
    return { program, isTransition, messageProblem: 'messageExpression must evaluate to a string' };
  }
  return { program, message, isTransition };
}

/** Whether any value below the schema has rules. */
export function hasRules(schema: ValidationSchema): boolean {
  const { properties = {}, items, additionalProperties } = schema;
  return (
    (schema['x-kubernetes-validations'] ?? []).length > 0 ||
    Object.values(properties).some(hasRules) ||
    (items !== undefined && hasRules(items)) ||
    (typeof additionalProperties === 'object' && hasRules(additionalProperties))
  );
}

/**
 * Which rules of its schema a custom object breaks.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules
 * @param old what was stored before; undefined for a new object
 * @returns `ignored`: broken by what an update has left as it was, which is only warned of
 */
export function ruleProblems(
  object: Readonly<Record<string, unknown>>,
  old: Readonly<Record<string, unknown>> | undefined,
  schema: ValidationSchema,
): { readonly problems: readonly FieldProblem[]; readonly ignored: readonly FieldProblem[] } {
  const checking = new Checking();
  try {
    checking.value({ path: '', value: object, old, isUnchanged: false, root: true }, schema);
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
  }
  return checking;
}

/** A value on the way through an object. */
interface Node {
  readonly path: string;
  readonly value: unknown;
  /** What was in its place before. */
  readonly old: unknown;
  /** Whether it, or what it is in, is as it was before. */
  readonly isUnchanged: boolean;
  readonly root: boolean;
}

/** A value with a rule of its schema. */
interface Ruled extends Node {
  readonly schema: ValidationSchema;
  readonly of: ValidationRule;
  readonly self: Value;
  readonly before: Value | undefined;
}

/** No further rules are run. */
class Stopped extends Error {}

class Checking {
  readonly problems: FieldProblem[] = [];
  readonly ignored: FieldProblem[] = [];
  readonly #budget: Budget = { spent: 0, limit: BUDGET };

  value(node: Node, schema: ValidationSchema): void {
    const { path, value, old } = node;
    if (value === null || value === undefined) return;
    this.#rules(node, schema);
    const { items, properties = {}, additionalProperties } = schema;
    if (Array.isArray(value)) {
      if (items === undefined) return;
      value.forEach((item: unknown, index) => {
        this.#below(node, `${path}[${index}]`, item, counterpart(schema, item, old), items);
      });
      return;
    }
    if (!isObject(value)) return;
    const before = isObject(old) ? old : {};
    for (const [name, field] of Object.entries(value)) {
      const declared = own(properties, name);
      if (declared !== undefined) this.#below(node, below(path, name), field, own(before, name), declared);
      else if (typeof additionalProperties === 'object') {
        this.#below(node, `${path}[${name}]`, field, own(before, name), additionalProperties);
      }
    }
  }

  #below(parent: Node, path: string, value: unknown, old: unknown, schema: ValidationSchema): void {
    const isUnchanged = old === undefined ? parent.isUnchanged : equal(value, old);
    const root = schema['x-kubernetes-embedded-resource'] === true;
    this.value({ path, value, old, isUnchanged, root }, schema);
  }

  #rules(node: Node, schema: ValidationSchema): void {
    const rules = schema['x-kubernetes-validations'] ?? [];
    if (rules.length === 0) return;
    const self = ruleValue(node.value, schema, node.root);
    const before =
      node.old === undefined || node.old === null ? undefined : ruleValue(node.old, schema, node.root);
    compiledRules(schema, node.root).forEach((rule, index) => {
      const of = rules[index];
      if (of !== undefined) this.#rule({ ...node, schema, of, self, before }, rule);
    });
  }

  #rule(about: Ruled, { program, problem, message, isTransition }: CompiledRule): void {
    const { path, schema, of: rule, self, before } = about;
    const type = schema.type ?? '';
    if (program === undefined) {
      this.#add('FieldValueInvalid', path, invalid(type, `rule compile error: ${problem ?? ''}`));
      return;
    }
    const isOptional = rule.optionalOldSelf === true;
    if (isTransition && before === undefined && !isOptional) return;
    const oldSelf = isOptional ? (before === undefined ? Optional.none : new Optional(before)) : before;
    const variables = (name: string): Value | undefined =>
      name === 'self' ? self : name === 'oldSelf' ? oldSelf : undefined;
    let holds: Value;
    try {
      holds = program.run(variables, this.#budget);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      this.#add('FieldValueInvalid', path, invalid(type, errorWords(error, rule)));
      if (isOutOfBudget(error)) throw new Stopped();
      return;
    }
    this.#checkBudget(path, type);
    if (holds === true) return;
    const detail = this.#message(message, variables) ?? messageOf(rule);
    this.#checkBudget(path, type);
    this.#broken(about, detail, isTransition);
  }

  #checkBudget(path: string, type: string): void {
    if (this.#budget.spent <= this.#budget.limit) return;
    this.#add('FieldValueInvalid', path, invalid(type, SPENT));
    throw new Stopped();
  }

  #message(message: Program | undefined, variables: (name: string) => Value | undefined): string | undefined {
    if (message === undefined) return undefined;
    try {
      const text = message.run(variables, this.#budget);
      const trimmed = typeof text === 'string' ? text.trim() : '';
      const isUsable =
        trimmed !== '' && !trimmed.includes('\n') && Buffer.byteLength(trimmed) <= LONGEST_MESSAGE;
      return isUsable ? trimmed : undefined;
    } catch (error) {
      if (error instanceof ExpressionError) return undefined;
      throw error;
    }
  }

  #broken(
    { path, value, isUnchanged, schema, of: rule }: Ruled,
    detail: string,
    isTransition: boolean,
  ): void {
    const field = path + (fieldPathOf(rule.fieldPath ?? '', schema) ?? '');
    const problem = brokenRule(field === path ? field : field.replace(/^\./, ''), value, rule, detail);
    (isUnchanged && !isTransition ? this.ignored : this.problems).push(problem);
  }

  #add(type: FieldProblem['type'], path: string, detail: string): void {
    this.problems.push({ type, field: shown(path), detail });
  }
}

function brokenRule(path: string, value: unknown, { reason }: ValidationRule, detail: string): FieldProblem {
  const field = shown(path);
  switch (reason) {
    case 'FieldValueForbidden':
      return { type: reason, field, detail: `Forbidden: ${detail}` };
    case 'FieldValueRequired':
      return { type: reason, field, detail: `Required value: ${detail}` };
    case 'FieldValueDuplicate':
      return {
        type: reason,
        field,
        detail: `Duplicate value${isWhole(value) ? '' : `: ${JSON.stringify(value)}`}`,
      };
    default: {
      const written = isWhole(value) ? 'Invalid value' : `Invalid value: ${JSON.stringify(value)}`;
      return { type: 'FieldValueInvalid', field, detail: `${written}: ${detail}` };
    }
  }
}

/** Objects and lists are not shown. */
function isWhole(value: unknown): boolean {
  return typeof value === 'object';
}

function invalid(value: string, why: string): string {
  return `Invalid value: ${JSON.stringify(value)}: ${why}`;
}

function errorWords(error: ExpressionError, rule: ValidationRule): string {
  const { message } = error;
  const named = ruleText(rule);
  if (message.startsWith('no such overload')) {
    return `'${message}': call arguments did not match a supported operator, function or macro signature for rule: ${named}`;
  }
  if (isOutOfBudget(error)) {
    return `'${message}': no further validation rules will be run due to call cost exceeds limit for rule: ${named}`;
  }
  return `${message} evaluating rule: ${named}`;
}

function ruleText({ rule, message = '' }: ValidationRule): string {
  return message === '' ? rule.trim() : message.trim();
}

function messageOf(rule: ValidationRule): string {
  const { message = '' } = rule;
  return message === '' ? `failed rule: ${ruleText(rule)}` : message.trim();
}

/** What an item of a list was before: only items of maps can be told from one another. */
function counterpart(schema: ValidationSchema, item: unknown, old: unknown): unknown {
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  if (schema['x-kubernetes-list-type'] !== 'map' || !Array.isArray(old) || !isObject(item)) return undefined;
  return old.find((other) => isObject(other) && keys.every((key) => equal(other[key], item[key])));
}

function below(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function shown(path: string): string {
  return path === '' ? '<nil>' : path;
}
