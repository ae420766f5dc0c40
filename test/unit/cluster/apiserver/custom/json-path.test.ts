import { describe, expect, test } from '@jest/globals';
import { fieldNames, valuesAt } from '../../../../../src/cluster/apiserver/custom/json-path.ts';

const object = {
  metadata: { annotations: { 'example.com/a': 'dotted' } },
  status: {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Done', status: 'False' },
    ],
  },
  spec: { numbers: [1, 2, 3] },
};

describe('a simple JSONPath', () => {
  test.each([
    ['.spec.numbers[1]', [2]],
    ['.spec.numbers[-1]', [3]],
    ['.spec.numbers[*]', [1, 2, 3]],
    ['.status.conditions[?(@.type=="Ready")].status', ['True']],
    [".status.conditions[?(@.type == 'Done')].status", ['False']],
    [String.raw`.metadata.annotations.example\.com/a`, ['dotted']],
    ["$.metadata.annotations['example.com/a']", ['dotted']],
    ['{.spec.numbers[0]}', [1]],
    ['.spec.nothing.here', []],
    ['.spec[', []],
  ])('%s', (path, values) => {
    expect(valuesAt(object, path)).toEqual(values);
  });

  test('of fields only is a list of names', () => {
    expect(fieldNames('.spec.replicas')).toEqual(['spec', 'replicas']);
    expect(fieldNames('.spec.list[0]')).toBeUndefined();
  });
});
