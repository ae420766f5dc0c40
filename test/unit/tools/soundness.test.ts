import { describe, expect, test } from '@jest/globals';
import type { CaseResult } from '../../../src/engine/verify.ts';
import { between } from '../../../tools/markers.ts';
import { attackTable, verifyTables } from '../../../tools/soundness/tables.ts';

const result = (change: Partial<CaseResult>): CaseResult => ({
  scenario: 'readiness-probe',
  seed: 1,
  case: 'hack remove-probe',
  expected: 'fail at readiness-can-fail',
  seen: 'fail 0/100 (readiness-can-fail: it was still served; as before)',
  ok: true,
  tookMs: 1234,
  failed: ['readiness-can-fail'],
  ...change,
});

const rows = (text: string): string[] => text.split('\n').filter((line) => /^\| (hack|fix|hints)/.test(line));

describe('the tables of docs/soundness.md', () => {
  test('a case is a row over all its seeds', () => {
    const text = verifyTables({ results: [result({}), result({ seed: 2, tookMs: 2000 })] });
    expect(rows(text)).toEqual([
      '| hack remove-probe | fail at readiness-can-fail | 2 of 2 | fail: readiness-can-fail | 0 | 1.2 – 2 s |',
    ]);
    expect(text).toContain('2 of 2 cases as expected');
    expect(text).toContain('### readiness-probe, seeds 1, 2\n');
  });

  test('seeds that differ are told apart, and one that is not as expected is seen', () => {
    const other = result({ seed: 2, ok: false, seen: 'pass 100/100', failed: [] });
    const [row] = rows(verifyTables({ results: [result({}), other] }));
    expect(row).toContain('**1 of 2**');
    expect(row).toContain('fail: readiness-can-fail (1×)<br>pass (1×)');
    expect(row).toContain('| 0 – 100 |');
  });

  test('tables of scenarios that were not run stay, and count', () => {
    const before = verifyTables({ results: [result({ ok: false }), result({ scenario: 'oom-leak' })] });
    const whole = [result({ seed: 7 }), result({ seed: 7, case: 'no-op' })];
    const after = verifyTables({ results: whole }, before);
    expect(after).toContain('3 of 3 cases as expected, 2 scenarios.');
    expect(after.match(/^### .*/gm)).toEqual(['### oom-leak, seed 1', '### readiness-probe, seed 7']);
  });

  test('a run of some cases puts their rows in the place of those of before', () => {
    const before = verifyTables({
      results: [result({ case: 'no-op' }), result({ ok: false }), result({ case: 'fix undo' })],
    });
    const some = [result({}), result({ case: 'hack new', seed: 2 }), result({ case: 'no-op' })];
    const after = verifyTables({ results: some }, before);
    expect(after).toContain('4 of 4 cases as expected, 1 scenarios.');
    expect(after).toContain('### readiness-probe, seeds 1, 2\n');
    expect(after.match(/^\| (?:no-op|hack|fix)[^|]*/gm)).toEqual([
      '| no-op ',
      '| hack remove-probe ',
      '| fix undo ',
      '| hack new ',
    ]);
  });

  test('rows of what is no case any more go', () => {
    const before = verifyTables({
      results: [result({ case: 'no-op' }), result({ case: 'fix old' }), result({ case: 'fix undo' })],
    });
    const isCase = (_scenario: string, name: string): boolean => name !== 'fix old';
    const some = verifyTables({ results: [result({ case: 'no-op' })] }, before, isCase);
    expect(some.match(/^\| (?:no-op|fix)[^|]*/gm)).toEqual(['| no-op ', '| fix undo ']);
    const all = [result({ seed: 7, case: 'no-op' }), result({ seed: 7, case: 'fix undo' })];
    expect(verifyTables({ results: all }, before, isCase)).toContain('### readiness-probe, seed 7');
  });

  test('what an older run did not say is left out; a case that is not graded keeps its words', () => {
    const { failed: _failed, ...old } = result({});
    expect(rows(verifyTables({ results: [old] }))[0]).toContain('| fail | 0 |');
    const hints = result({ case: 'hints', expected: 'all can be told', seen: '3 hints, 0 empty' });
    expect(rows(verifyTables({ results: [hints] }))[0]).toContain('| 3 hints, 0 empty |  |');
  });

  test('runs of the attack are added up', () => {
    const report = {
      scenario: 'b',
      seed: 1,
      sequences: 100,
      passed: 25,
      failed: 74,
      disagreements: [{}],
      seconds: 20,
    };
    const text = attackTable([report, { ...report, scenario: 'a', disagreements: [], failed: 75 }]);
    expect(text.split('\n').slice(2)).toEqual([
      '| a | 100 | 25 (25 %) | 75 (75 %) | 0 | 5.0 |',
      '| b | 100 | 25 (25 %) | 74 (74 %) | 1 | 5.0 |',
      '| all | 200 | 50 | 149 | 1 | |',
    ]);
    const later = attackTable([{ ...report, disagreements: [], seconds: 10 }], text);
    expect(later.split('\n').slice(2)).toEqual([
      '| a | 100 | 25 (25 %) | 75 (75 %) | 0 | 5.0 |',
      '| b | 100 | 25 (25 %) | 74 (74 %) | 0 | 10.0 |',
      '| all | 200 | 50 | 149 | 0 | |',
    ]);
  });
});

test('a run with hardly a repair among its sequences is no proof', () => {
  const report = {
    scenario: 'a',
    seed: 1,
    sequences: 100,
    passed: 4,
    failed: 96,
    disagreements: [],
    seconds: 20,
  };
  expect(attackTable([report])).toContain('| 4 (4 %: **too few**) | 96 (96 %) |');
});

describe('markers', () => {
  const document = 'before\n<!-- soundness:kind -->\nold\n<!-- /soundness:kind -->\nafter';

  test('what is between is replaced, the rest stays', () => {
    expect(between(document, 'soundness:kind', 'new')).toBe(
      'before\n<!-- soundness:kind -->\n\nnew\n\n<!-- /soundness:kind -->\nafter',
    );
  });

  test('a document that lost them is said so', () => {
    expect(() => between(document, 'soundness:attack', 'new')).toThrow('lost its markers');
  });
});
