import { expect, test } from '@jest/globals';
import { earned, keptOrPrice } from '../../../src/report/worth.ts';

const part = { id: 'a', title: 'A', seen: '', expected: '', tookMs: 0 };

test('what an objective has earned', () => {
  expect(earned({ ...part, status: 'pass', points: 30 })).toBe('30/30');
  expect(earned({ ...part, status: 'error', points: 30 })).toBe('0/30');
});

test('a safeguard that was kept has no price', () => {
  expect(keptOrPrice({ ...part, status: 'pass', price: 'veto' })).toBe('kept');
  expect(keptOrPrice({ ...part, status: 'fail', price: 'veto' })).toBe('veto');
  expect(keptOrPrice({ ...part, status: 'fail', price: 10 })).toBe('-10');
});
