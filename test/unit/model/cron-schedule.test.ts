import { describe, expect, test } from '@jest/globals';
import { parseSchedule } from '../../../src/model/cron-schedule.ts';

describe('cron schedules', () => {
  const next = (text: string, after: string, zone?: string): string => {
    const schedule = parseSchedule(text, zone);
    if (typeof schedule === 'string') return schedule;
    const at = schedule.next(Date.parse(after));
    return at === undefined ? 'never' : new Date(at).toISOString().slice(0, 16);
  };

  test.each([
    ['* * * * *', '2026-01-01T00:00:00Z', '2026-01-01T00:01'],
    ['*/15 * * * *', '2026-01-01T00:14:59Z', '2026-01-01T00:15'],
    ['30 4 1,15 * *', '2026-01-02T00:00:00Z', '2026-01-15T04:30'],
    // Day of month or of week, when both are given.
    ['0 0 13 * fri', '2026-01-01T00:00:00Z', '2026-01-02T00:00'],
    // An asterisk with a step is as good as a list of days.
    ['0 0 */10 * fri', '2026-01-03T00:00:00Z', '2026-01-09T00:00'],
    ['0 0 */1 * fri', '2026-01-03T00:00:00Z', '2026-01-09T00:00'],
    ['0 0 * * fri', '2026-01-03T00:00:00Z', '2026-01-09T00:00'],
    ['0 0 29 2 *', '2026-01-01T00:00:00Z', '2028-02-29T00:00'],
    ['0 0 30 2 *', '2026-01-01T00:00:00Z', 'never'],
    ['@hourly', '2026-01-01T00:00:00Z', '2026-01-01T01:00'],
    ['0 9-17/4 * * mon-fri', '2026-01-03T00:00:00Z', '2026-01-05T09:00'],
    ['@every 90s', '2026-01-01T00:00:00Z', '2026-01-01T00:01'],
    ['@every 1h30m', '2026-01-01T00:00:00Z', '2026-01-01T01:30'],
    ['+5,, 3 * * *', '2026-01-01T00:00:00Z', '2026-01-01T03:05'],
    // What stands behind an asterisk and a hyphen is not looked at.
    ['*-5/2,7 3 * * *', '2026-01-01T00:00:00Z', '2026-01-01T03:00'],
    [', * * * *', '2026-01-01T00:00:00Z', 'never'],
  ])('%s after %s is %s', (text, after, expected) => {
    expect(next(text, after)).toBe(expected);
  });

  test('zones', () => {
    expect(next('0 9 * * *', '2026-07-01T00:00:00Z', 'Europe/Berlin')).toBe('2026-07-01T07:00');
    expect(next('0 9 * * *', '2026-01-01T00:00:00Z', 'Europe/Berlin')).toBe('2026-01-01T08:00');
    expect(() => parseSchedule('0 9 * * *', 'Mars/Base')).toThrow(RangeError);
  });

  test.each([
    ['@often', 'unrecognized descriptor: @often'],
    ['@every day', 'failed to parse duration @every day: time: invalid duration "day"'],
    ['1-2-3 * * * *', 'too many hyphens: 1-2-3'],
    ['1/2/3 * * * *', 'too many slashes: 1/2/3'],
    ['-1 * * * *', 'failed to parse int from : strconv.Atoi: parsing "": invalid syntax'],
    [
      '99999999999999999999 * * * *',
      'failed to parse int from 99999999999999999999: strconv.Atoi: parsing "99999999999999999999": value out of range',
    ],
    ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
    ['60 * * * *', 'end of range (60) above maximum (59): 60'],
    ['5-1 * * * *', 'beginning of range (5) beyond end of range (1): 5-1'],
    ['*/0 * * * *', 'step of range should be a positive number: */0'],
  ])('%s is refused', (text, expected) => {
    expect(parseSchedule(text)).toBe(expected);
  });
});
