import { describe, expect, test } from '@jest/globals';
import { timeProblem } from '../../../../src/cluster/apiserver/go-time.ts';

const LAYOUT = 'as "2006-01-02T15:04:05Z07:00"';

describe('times as Go reads them', () => {
  test.each(['2026-11-22T10:00:00Z', '2024-02-29T23:59:59.5+01:00'])('%s is one', (text) => {
    expect(timeProblem(text)).toBeUndefined();
  });

  test.each([
    ['abc', `parsing time "abc" ${LAYOUT}: cannot parse "abc" as "2006"`],
    ['2020-01-01', `parsing time "2020-01-01" ${LAYOUT}: cannot parse "" as "T"`],
    ['2020-13-01T00:00:00Z', 'parsing time "2020-13-01T00:00:00Z": month out of range'],
    ['2020-01-01T25:00:00Z', 'parsing time "2020-01-01T25:00:00Z": hour out of range'],
    ['2020-02-30T00:00:00Z', 'parsing time "2020-02-30T00:00:00Z": day out of range'],
    ['2020-01-01T00:00:00Zx', 'parsing time "2020-01-01T00:00:00Zx": extra text: "x"'],
  ])('%s is none', (text, problem) => {
    expect(timeProblem(text)).toBe(problem);
  });
});
