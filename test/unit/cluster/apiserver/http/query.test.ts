import { expect, test } from '@jest/globals';
import { isTrue } from '../../../../../src/cluster/apiserver/http/query.ts';

test('whatever does not say no says yes, but for what is missing', () => {
  for (const yes of ['true', '1', 'TRUE', '', 'no']) expect([yes, isTrue(yes)]).toEqual([yes, true]);
  for (const no of ['false', 'False', '0', null]) expect([no, isTrue(no)]).toEqual([no, false]);
});
