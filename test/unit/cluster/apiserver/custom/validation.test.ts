import { describe, expect, test } from '@jest/globals';
import type { ValidationSchema } from '../../../../../src/cluster/apiserver/custom/schema.ts';
import { schemaProblems } from '../../../../../src/cluster/apiserver/custom/validation.ts';

function problemsOf(value: unknown, field: ValidationSchema): string[] {
  const schema: ValidationSchema = { type: 'object', properties: { x: field } };
  return schemaProblems({ x: value }, schema).map((problem) => `${problem.field}: ${problem.detail}`);
}

describe('values against a schema', () => {
  test.each<[string, unknown, ValidationSchema, string[]]>([
    [
      'a wrong type',
      'one',
      { type: 'integer' },
      ['x: Invalid value: "string": x in body must be of type integer: "string"'],
    ],
    [
      'a name that all objects have something under',
      { constructor: 'one' },
      { type: 'object', additionalProperties: { type: 'integer' } },
      ['x.constructor: Invalid value: "string": x.constructor in body must be of type integer: "string"'],
    ],
    ['a whole number where any will do', 1, { type: 'number' }, []],
    ['null where it may be', null, { type: 'string', nullable: true }, []],
    [
      'null',
      null,
      { type: 'string' },
      ['x: Invalid value: "null": x in body must be of type string: "null"'],
    ],
    [
      'a text too short',
      'a',
      { type: 'string', minLength: 2 },
      ['x: Invalid value: "a": x in body should be at least 2 chars long'],
    ],
    [
      'a text too long',
      'abc',
      { type: 'string', maxLength: 2 },
      ['x: Too long: may not be more than 2 bytes'],
    ],
    [
      'a number at an open end',
      3,
      { type: 'integer', maximum: 3, exclusiveMaximum: true },
      ['x: Invalid value: 3: x in body should be less than 3'],
    ],
    [
      'a list too long',
      [1, 2],
      { type: 'array', maxItems: 1, items: { type: 'integer' } },
      ['x: Too many: 2: must have at most 1 items'],
    ],
    [
      'an item',
      [1, 'a'],
      { type: 'array', items: { type: 'integer' } },
      ['x[1]: Invalid value: "string": x[1] in body must be of type integer: "string"'],
    ],
    [
      'keys that come twice',
      [{ name: 'a' }, { name: 'a' }],
      {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
        items: { type: 'object' },
      },
      ['x[1]: Duplicate value: {"name":"a"}'],
    ],
    ['an integer or a text', 'a', { 'x-kubernetes-int-or-string': true }, []],
    [
      'none of several',
      3,
      { type: 'integer', anyOf: [{ minimum: 5 }, { maximum: 1 }] },
      ['x: Invalid value: 3: "x" must validate at least one schema (anyOf)'],
    ],
    [
      'two of one',
      3,
      { type: 'integer', oneOf: [{ minimum: 1 }, { maximum: 5 }] },
      ['x: Invalid value: 3: "x" must validate one and only one schema (oneOf). Found 2 valid alternatives'],
    ],
    [
      'what must not be',
      3,
      { type: 'integer', not: { minimum: 1 } },
      ['x: Invalid value: 3: "x" must not validate the schema (not)'],
    ],
    [
      'a map',
      { a: 1 },
      { type: 'object', additionalProperties: { type: 'string' } },
      ['x.a: Invalid value: "integer": x.a in body must be of type string: "integer"'],
    ],
  ])('%s', (_title, value, schema, problems) => {
    expect(problemsOf(value, schema)).toEqual(problems);
  });
});
