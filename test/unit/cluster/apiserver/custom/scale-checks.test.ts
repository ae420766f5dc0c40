import { describe, expect, test } from '@jest/globals';
import { scaleProblems } from '../../../../../src/cluster/apiserver/custom/scale-checks.ts';
import type { AnyObject } from '../../../../../src/model/objects.ts';

const PATHS = {
  specReplicasPath: '.spec.count',
  statusReplicasPath: '.status.count',
  labelSelectorPath: '.status.selector',
};

function problemsOf(fields: Readonly<Record<string, unknown>>): string[] {
  const object: AnyObject = { apiVersion: 'a/v1', kind: 'A', metadata: { name: 'a' } as never, ...fields };
  return scaleProblems(object, PATHS).map(({ field, detail }) => `${field}: ${detail}`);
}

describe('what a Scale is read from', () => {
  test('may be missing, or right', () => {
    expect(problemsOf({})).toEqual([]);
    expect(problemsOf({ spec: { count: 3 }, status: { count: 0, selector: 'a=b' } })).toEqual([]);
  });

  test.each([
    [
      { spec: { count: 'few' } },
      '.spec.count: Invalid value: 0: .spec.count accessor error: few is of the type string, expected int64',
    ],
    [
      { spec: { count: true } },
      '.spec.count: Invalid value: 0: .spec.count accessor error: true is of the type bool, expected int64',
    ],
    [
      { spec: { count: 1.5 } },
      '.spec.count: Invalid value: 0: .spec.count accessor error: 1.5 is of the type float64, expected int64',
    ],
    [{ spec: { count: -1 } }, '.spec.count: Invalid value: -1: should be a non-negative integer'],
    [
      { status: { count: 2 ** 31 } },
      '.status.count: Invalid value: 2147483648: should be less than or equal to 2147483647',
    ],
    [
      { status: { selector: 1 } },
      '.status.selector: Invalid value: "": .status.selector accessor error: 1 is of the type int64, expected string',
    ],
  ])('is refused: %j', (fields, problem) => {
    expect(problemsOf(fields)).toEqual([problem]);
  });
});
