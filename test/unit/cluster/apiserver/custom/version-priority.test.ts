import { expect, test } from '@jest/globals';
import { byVersionPriority } from '../../../../../src/cluster/apiserver/custom/version-priority.ts';

test('stable versions come before beta, beta before alpha, newer first, other names last', () => {
  const names = ['foo1', 'v1alpha1', 'v10', 'v2', 'v11beta2', 'v3beta1', 'v12alpha1', 'foo10', 'v11alpha2'];
  expect(names.sort(byVersionPriority)).toEqual([
    'v10',
    'v2',
    'v11beta2',
    'v3beta1',
    'v12alpha1',
    'v11alpha2',
    'v1alpha1',
    'foo1',
    'foo10',
  ]);
});
