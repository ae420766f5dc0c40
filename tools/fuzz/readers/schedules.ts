import fc from 'fast-check';
import { parseSchedule } from '../../../src/model/cron-schedule.ts';
import { texts } from '../inputs.ts';
import { mustHold, reader } from '../reader.ts';

const AT = Date.UTC(2026, 10, 22, 9);

export const schedules = reader<string>({
  name: 'schedules',
  reads: 'schedules of CronJobs',
  inputs: fc.oneof(
    {
      weight: 3,
      arbitrary: texts({
        corpus: [
          '*/5 * * * *',
          '0 0 1 1 *',
          '1-5/2,7 3 * jan-mar mon',
          '@hourly',
          '@every 1h30m',
          '0 0 31 2 *',
          '? ? ? ? ?',
        ],
        words: [
          '*',
          '/',
          '-',
          ',',
          ' ',
          '?',
          'mon',
          'jan',
          '@every ',
          '@daily',
          '0',
          '59',
          '7',
          '1h',
          '9'.repeat(30),
          'TZ=',
        ],
      }),
    },
    {
      weight: 1,
      arbitrary: fc
        .array(
          fc.constantFrom(
            '*',
            '*/7',
            '5',
            '1-3',
            '?',
            '0',
            '31',
            '2',
            '*/0',
            '1/1',
            '0,1',
            '*/1000000000000',
            '+1',
            '1-',
          ),
          { minLength: 5, maxLength: 5 },
        )
        .map((fields) => fields.join(' ')),
    },
  ),
  tested: 250,
  open: () => (text) => {
    const schedule = parseSchedule(text);
    if (typeof schedule === 'string') return;
    const next = schedule.next(AT);
    mustHold(next === undefined || next > AT, 'the next time is later');
  },
});
