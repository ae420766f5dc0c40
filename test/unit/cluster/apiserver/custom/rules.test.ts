import { describe, expect, test } from '@jest/globals';
import { checkRulesOf } from '../../../../../src/cluster/apiserver/custom/rule-checks.ts';
import { hasRules, ruleProblems } from '../../../../../src/cluster/apiserver/custom/rules.ts';
import type { ValidationRule, ValidationSchema } from '../../../../../src/cluster/apiserver/custom/schema.ts';
import { Problems } from '../../../../../src/cluster/apiserver/validation/problems.ts';
import { validateObject } from '../../../../../src/cluster/apiserver/validation/validate.ts';
import { send, startApiServer } from '../harness.ts';

const SECOND = 1_000_000;

const withRules = (schema: ValidationSchema, ...rules: ValidationRule[]): ValidationSchema => ({
  ...schema,
  'x-kubernetes-validations': rules,
});

const range: ValidationSchema = {
  type: 'object',
  properties: { min: { type: 'integer' }, max: { type: 'integer' }, 'a-b.c': { type: 'string' } },
};
const inRange = (...rules: ValidationRule[]): ValidationSchema => ({
  type: 'object',
  properties: { spec: withRules(range, ...rules) },
});

function broken(object: object, schema: ValidationSchema, old?: object): readonly string[] {
  const { problems } = ruleProblems(
    object as Record<string, unknown>,
    old as Record<string, unknown>,
    schema,
  );
  return problems.map(({ type, field, detail }) => `${type} ${field}: ${detail}`);
}

describe('rules of a schema', () => {
  test('of a value under a name that all objects have something under', () => {
    const rule = { rule: 'self > 1' };
    const schema: ValidationSchema = {
      type: 'object',
      properties: {
        spec: { type: 'object', additionalProperties: withRules({ type: 'integer' }, rule) },
      },
    };
    expect(broken({ spec: { constructor: 1 } }, schema)).toEqual([
      'FieldValueInvalid spec[constructor]: Invalid value: 1: failed rule: self > 1',
    ]);
  });

  const ordered = 'self.min <= self.max';
  const wrong = { spec: { min: 3, max: 2 } };

  test.each<[string, ValidationRule, string]>([
    [
      'nothing',
      { rule: ordered },
      'FieldValueInvalid spec: Invalid value: failed rule: self.min <= self.max',
    ],
    ['a message', { rule: ordered, message: ' m ' }, 'FieldValueInvalid spec: Invalid value: m'],
    [
      'an expression for a message',
      { rule: ordered, messageExpression: "'min ' + string(self.min)" },
      'FieldValueInvalid spec: Invalid value: min 3',
    ],
    [
      'an expression that fails',
      {
        rule: ordered,
        message: 'm',
        messageExpression: "self['a-b'] == 'x' ? 'y' : 'z'".replace("['a-b']", '.a__dash__b__dot__c'),
      },
      'FieldValueInvalid spec: Invalid value: m',
    ],
    [
      'a reason and a field',
      { rule: ordered, message: 'm', reason: 'FieldValueForbidden', fieldPath: '.max' },
      'FieldValueForbidden spec.max: Forbidden: m',
    ],
    [
      'another reason and a quoted field',
      { rule: ordered, message: 'm', reason: 'FieldValueRequired', fieldPath: "['a-b.c']" },
      'FieldValueRequired spec.a-b.c: Required value: m',
    ],
  ])('one that does not hold, with %s', (_what, rule, words) => {
    expect(broken({ spec: { min: 1, max: 2 } }, inRange(rule))).toEqual([]);
    expect(broken(wrong, inRange(rule))).toEqual([words]);
  });

  test('the value is shown where it is no object and no list', () => {
    const schema: ValidationSchema = {
      type: 'object',
      properties: { x: withRules({ type: 'string' }, { rule: 'self == "a"' }) },
    };
    expect(broken({ x: 'b' }, schema)).toEqual([
      'FieldValueInvalid x: Invalid value: "b": failed rule: self == "a"',
    ]);
  });

  test.each<[string, string, string]>([
    ['a field that is not there', 'self.max > 1', 'no such key: max evaluating rule: self.max > 1'],
    ['what cannot be done', 'self.min / 0 == 1', 'division by zero evaluating rule: self.min / 0 == 1'],
  ])('an error: %s', (_what, rule, words) => {
    expect(broken({ spec: { min: 1 } }, inRange({ rule }))).toEqual([
      `FieldValueInvalid spec: Invalid value: "object": ${words}`,
    ]);
  });

  test('one that costs too much ends all', () => {
    const slow = 'lists.range(900).all(a, lists.range(900).all(b, a + b >= 0 && a + b >= 0 && a + b >= 0))';
    const found = broken({ spec: {} }, inRange({ rule: slow, message: 'slow' }, { rule: 'false' }));
    expect(found).toEqual([
      `FieldValueInvalid spec: Invalid value: "object": 'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: slow`,
    ]);
  });

  test('values have the types of their schema, the root its name', () => {
    const schema = withRules(
      {
        type: 'object',
        properties: {
          spec: {
            type: 'object',
            properties: {
              ratio: { type: 'number' },
              port: { 'x-kubernetes-int-or-string': true },
              since: { type: 'string', format: 'date-time' },
              every: { type: 'string', format: 'duration' },
              names: { type: 'array', items: { type: 'string' } },
              sizes: { type: 'object', additionalProperties: { type: 'integer' } },
              namespace: { type: 'string' },
            },
          },
        },
      },
      { rule: 'self.spec.ratio == 2.0', message: 'number' },
      {
        rule: "type(self.spec.port) == int ? self.spec.port == 80 : self.spec.port == 'http'",
        message: 'port',
      },
      { rule: "self.spec.since < timestamp('2026-01-01T00:00:00Z')", message: 'since' },
      { rule: "self.spec.every == duration('1h')", message: 'every' },
      {
        rule: "self.spec.names.exists(n, n == 'a') && self.spec.sizes.all(k, self.spec.sizes[k] > 0)",
        message: 'lists',
      },
      { rule: "self.metadata.name.startsWith('web') && self.kind == 'Tab'", message: 'root' },
      { rule: "self.spec.__namespace__ == 'n'", message: 'reserved' },
    );
    const spec = {
      ratio: 2,
      port: 'http',
      since: '2025-01-01T00:00:00Z',
      every: '60m',
      names: ['a'],
      sizes: { x: 1 },
      namespace: 'n',
    };
    expect(broken({ apiVersion: 'v1', kind: 'Tab', metadata: { name: 'web-1' }, spec }, schema)).toEqual([]);
    expect(
      broken({ apiVersion: 'v1', kind: 'Tab', metadata: { name: 'x' }, spec: { ...spec, port: 81 } }, schema),
    ).toEqual([
      'FieldValueInvalid <nil>: Invalid value: port',
      'FieldValueInvalid <nil>: Invalid value: root',
    ]);
  });
});

describe('rules that compare with what was before', () => {
  const fixed: ValidationSchema = {
    type: 'object',
    properties: {
      x: withRules({ type: 'string' }, { rule: 'self == oldSelf', message: 'fixed' }),
      items: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
        items: withRules(
          { type: 'object', properties: { name: { type: 'string' }, size: { type: 'integer' } } },
          { rule: 'self.size >= oldSelf.size', message: 'smaller' },
        ),
      },
    },
  };

  test('are for changes only, and know items by their keys', () => {
    expect(broken({ x: 'a' }, fixed)).toEqual([]);
    expect(broken({ x: 'b' }, fixed, { x: 'a' })).toEqual(['FieldValueInvalid x: Invalid value: "b": fixed']);
    const old = {
      items: [
        { name: 'a', size: 2 },
        { name: 'b', size: 2 },
      ],
    };
    expect(
      broken(
        {
          items: [
            { name: 'b', size: 1 },
            { name: 'c', size: 0 },
          ],
        },
        fixed,
        old,
      ),
    ).toEqual(['FieldValueInvalid items[0]: Invalid value: smaller']);
  });

  test('may be for new objects, too', () => {
    const rule = {
      rule: "oldSelf.hasValue() ? self == oldSelf.value() : self == 'first'",
      optionalOldSelf: true,
    };
    const schema: ValidationSchema = {
      type: 'object',
      properties: { x: withRules({ type: 'string' }, rule) },
    };
    expect(broken({ x: 'first' }, schema)).toEqual([]);
    expect(broken({ x: 'other' }, schema)).toHaveLength(1);
    expect(broken({ x: 'other' }, schema, { x: 'other' })).toEqual([]);
  });

  test('what a change leaves as it was may stay broken', () => {
    const schema = inRange({ rule: 'self.min <= self.max', message: 'order' });
    const wrong = { min: 3, max: 2 };
    const kept = ruleProblems({ spec: wrong, y: 1 }, { spec: wrong }, schema);
    expect(kept.problems).toEqual([]);
    expect(kept.ignored).toMatchObject([{ field: 'spec', detail: 'Invalid value: order' }]);
    expect(broken({ spec: { min: 4, max: 2 } }, schema, { spec: wrong })).toHaveLength(1);
  });
});

describe('a definition whose rules are wrong', () => {
  const check = (schema: ValidationSchema, uncorrelated?: string): readonly string[] => {
    const problems = new Problems();
    checkRulesOf(problems, 'at', schema, { root: false, uncorrelated });
    return problems.list.map(({ field, detail }) => `${field}: ${detail}`);
  };
  const at = 'at.x-kubernetes-validations[0]';
  /** A rule as the server prints it. */
  const shown = (rule: string, messageExpression = ''): string =>
    `{"Rule":"${rule}","Message":"","MessageExpression":"${messageExpression}","Reason":null,"FieldPath":"","OptionalOldSelf":null}`;

  test.each<[ValidationRule, string]>([
    [{ rule: ' ' }, `${at}.rule: Required value: rule is not specified`],
    [{ rule: 'true\n', message: ' ' }, `${at}.message: Invalid value: " ": must be non-empty if specified`],
    [
      { rule: 'true &&\nfalse' },
      `${at}.message: Required value: message must be specified if rule contains line breaks`,
    ],
    [
      { rule: 'true', reason: 'No' },
      `${at}.reason: Unsupported value: "No": supported values: "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"`,
    ],
    [{ rule: 'true', fieldPath: '.nope' }, `${at}.fieldPath: Invalid value: ".nope": must be a valid path`],
    [
      { rule: 'self.nope == 1' },
      `${at}.rule: Invalid value: ${shown('self.nope == 1')}: compilation failed: ERROR: <input>:1:5: undefined field 'nope'\n | self.nope == 1\n | ....^`,
    ],
    [{ rule: '1' }, `${at}.rule: Invalid value: ${shown('1')}: cel expression must evaluate to a bool`],
    [
      { rule: 'true', messageExpression: '1' },
      `${at}.messageExpression: Invalid value: ${shown('true', '1')}: messageExpression must evaluate to a string`,
    ],
    [
      { rule: 'true', optionalOldSelf: true },
      `${at}.optionalOldSelf: Invalid value: true: may not be set if oldSelf is not used in rule`,
    ],
  ])('%j', (rule, words) => {
    expect(check(withRules(range, rule))).toEqual([words]);
  });

  test('old items of a list that is no map are nowhere', () => {
    expect(check(withRules(range, { rule: 'self == oldSelf' }), 'list')).toEqual([
      `${at}.rule: Invalid value: "self == oldSelf": oldSelf cannot be used on the uncorrelatable portion of the schema within list`,
    ]);
  });
});

test('the API server keeps definitions and objects to them', async () => {
  const running = startApiServer({ validateObject });
  const definition = (rule: ValidationRule, type = 'object'): object => ({
    metadata: { name: 'ranges.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'ranges', kind: 'Range' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type, ...inRange(rule), required: ['spec'] } },
        },
      ],
    },
  });
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const refused = send(running, 'POST', definitions, definition({ rule: 'self.min' }));
  expect(refused.status).toBe(422);
  expect(refused.body.message).toContain(
    'spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule: Invalid value',
  );
  const rule = { rule: 'self.min <= self.max', message: 'order' };
  expect(send(running, 'POST', definitions, definition(rule)).status).toBe(201);
  await running.simulation.advanceTo(running.simulation.now + SECOND);
  const url = '/apis/example.com/v1/namespaces/default/ranges';
  const object = (spec?: object): object => ({
    apiVersion: 'example.com/v1',
    kind: 'Range',
    metadata: { name: 'r' },
    ...(spec && { spec }),
  });
  expect(send(running, 'POST', url, object({ min: 2, max: 1 })).body.message).toBe(
    'Range.example.com "r" is invalid: spec: Invalid value: order',
  );
  // Where the shape is wrong, rules are not looked at.
  expect(send(running, 'POST', url, object()).body.message).toBe(
    'Range.example.com "r" is invalid: [spec: Required value, <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation]',
  );
  expect(send(running, 'POST', url, object({ min: 1, max: 2 })).status).toBe(201);
  expect(
    send(
      running,
      'PATCH',
      `${url}/r`,
      { spec: { max: 0 } },
      { 'content-type': 'application/merge-patch+json' },
    ).status,
  ).toBe(422);
  expect(hasRules(inRange())).toBe(false);
});
