import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  formatRequirements,
  formatSelector,
  matchesRequirements,
  matchesSelector,
  parseFieldSelector,
  parseLabelSelector,
  requirementsOf,
} from '../../../src/model/selector.ts';
import type { LabelSelector } from '../../../src/model/objects.ts';

const labels = { app: 'web', tier: 'front', weight: '10', empty: '' };
const matches = (text: string): boolean => matchesRequirements(parseLabelSelector(text), labels);

describe('label selectors as text', () => {
  test.each([
    '',
    'app=web',
    'app==web',
    ' app = web , tier!=back ',
    'app in (web, api)',
    'app notin (api)',
    'missing notin (x)',
    'missing!=x',
    'app',
    '!missing',
    'weight>9',
    'weight<11',
    'empty=',
    'empty in ()',
    'empty in (a,)',
    'app=web,tier in (front),!missing',
  ])('%j fits', (text) => {
    expect(matches(text)).toBe(true);
  });

  test.each([
    'app=api',
    'missing',
    '!app',
    'missing=x',
    'app in (api)',
    'app notin (web)',
    'weight>10',
    'app>1',
  ])('%j does not fit', (text) => {
    expect(matches(text)).toBe(false);
  });

  // Answers of a Kubernetes 1.36.3 API server.
  test.each([
    ['a in', "unable to parse requirement: found '' expected: '('"],
    ['a=b,,', "found ',', expected: identifier after ','"],
    ['a=b,', "found '', expected: identifier after ','"],
    ['a in (x', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['a notin x', "unable to parse requirement: found 'x' expected: '('"],
    [
      'a>b',
      `unable to parse requirement: values[0]: Invalid value: "b": for 'Gt', 'Lt' operators, the value must be an integer`,
    ],
    ['!a=b', "found '=', expected: ',' or 'end of string'"],
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['a ! b', "unable to parse requirement: found '!', expected: in, notin, =, ==, !=, gt, lt"],
    ['a=b=c', "found '=', expected: ',' or 'end of string'"],
    [',', "found ',', expected: !, identifier, or 'end of string'"],
    [
      '-a=b',
      `unable to parse requirement: <nil>: Invalid value: "-a": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
    ],
    [
      'a=-b',
      `unable to parse requirement: values[0][a]: Invalid value: "-b": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
    ],
    [
      'A_b/c=d',
      `unable to parse requirement: <nil>: Invalid value: "A_b/c": prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
    ],
  ])('%j is refused', (text, message) => {
    expect(() => parseLabelSelector(text)).toThrow(new Error(message));
  });
});

describe('selectors of objects', () => {
  test('none fits nothing, an empty one fits everything', () => {
    expect(matchesSelector(undefined, labels)).toBe(false);
    expect(matchesSelector({}, labels)).toBe(true);
    expect(matchesSelector({}, undefined)).toBe(true);
  });

  test.each<[LabelSelector, boolean, string]>([
    [{ matchLabels: { app: 'web' } }, true, 'app=web'],
    [{ matchLabels: { tier: 'back', app: 'web' } }, false, 'app=web,tier=back'],
    [
      { matchExpressions: [{ key: 'app', operator: 'In', values: ['web', 'api'] }] },
      true,
      'app in (api,web)',
    ],
    [{ matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] }, false, 'app notin (web)'],
    [{ matchExpressions: [{ key: 'x', operator: 'DoesNotExist' }] }, true, '!x'],
    [
      { matchLabels: { tier: 'front' }, matchExpressions: [{ key: 'app', operator: 'Exists' }] },
      true,
      'app,tier=front',
    ],
    [{}, true, '<none>'],
  ])('%j', (selector, fits, text) => {
    expect(matchesSelector(selector, labels)).toBe(fits);
    expect(formatSelector(selector)).toBe(text);
  });

  test('text of an object selector means the same', () => {
    const word = fc.constantFrom('app', 'tier', 'a', 'b', 'web');
    const values = fc.array(word, { minLength: 1, maxLength: 3 });
    const selector = fc.record({
      matchLabels: fc.dictionary(word, word, { maxKeys: 2 }),
      matchExpressions: fc.array(
        fc.oneof(
          fc.record({ key: word, operator: fc.constantFrom('In' as const, 'NotIn' as const), values }),
          fc.record({ key: word, operator: fc.constantFrom('Exists' as const, 'DoesNotExist' as const) }),
        ),
        { maxLength: 3 },
      ),
    });
    fc.assert(
      fc.property(selector, fc.dictionary(word, word), (some, onObject) => {
        const parsed = parseLabelSelector(formatRequirements(requirementsOf(some)));
        expect(matchesRequirements(parsed, onObject)).toBe(matchesSelector(some, onObject));
      }),
    );
  });
});

describe('field selectors', () => {
  test('are terms of =, == and !=', () => {
    expect(parseFieldSelector('status.phase!=Running,metadata.name==a\\,b')).toEqual([
      { field: 'metadata.name', operator: '=', value: 'a,b' },
      { field: 'status.phase', operator: '!=', value: 'Running' },
    ]);
    expect(parseFieldSelector('')).toEqual([]);
    expect(parseFieldSelector('spec.nodeName=')).toEqual([
      { field: 'spec.nodeName', operator: '=', value: '' },
    ]);
  });

  test.each([
    ['a', "invalid selector: 'a'; can't understand 'a'"],
    ['status.phase=a=b', 'invalid field selector: unescaped character in value: 61'],
    ['metadata.name=x\\', 'invalid field selector: invalid escape sequence: \\'],
    ['metadata.name=x\\z', 'invalid field selector: invalid escape sequence: \\z'],
  ])('%j is refused', (text, message) => {
    expect(() => parseFieldSelector(text)).toThrow(new Error(message));
  });
});
