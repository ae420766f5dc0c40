import { messageOf } from '../../../core/errors.ts';
import { parseGoDuration } from '../../../core/go-duration.ts';

/** A cron schedule: five fields, or a name such as `@hourly`. */
export interface CronSchedule {
  /** The first instant after `after`, both in milliseconds since 1970; undefined when there is none in five years. */
  next(after: number): number | undefined;
}

interface Field {
  readonly low: number;
  readonly high: number;
  readonly names?: readonly string[];
}

const FIELDS: readonly Field[] = [
  { low: 0, high: 59 },
  { low: 0, high: 23 },
  { low: 1, high: 31 },
  {
    low: 1,
    high: 12,
    names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  { low: 0, high: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
];
const NAMED: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
const MINUTE_MS = 60_000;
const HORIZON_DAYS = 5 * 366;

/**
 * https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax
 * @param timeZone IANA name; UTC where it is left out
 * @returns what is wrong, as text, where the schedule cannot be read. The API server refuses such schedules.
 */
export function parseSchedule(text: string, timeZone?: string): CronSchedule | string {
  if (text.startsWith('@every ')) {
    try {
      return everySchedule(parseGoDuration(text.slice('@every '.length)));
    } catch (error) {
      return `failed to parse duration ${text}: ${messageOf(error)}`;
    }
  }
  const fields = (NAMED[text] ?? text).trim().split(/\s+/);
  if (fields.length !== FIELDS.length) {
    return `expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`;
  }
  const sets: ReadonlySet<number>[] = [];
  for (const [index, field] of FIELDS.entries()) {
    const values = parseField(fields[index] ?? '', field);
    if (typeof values === 'string') return values;
    sets.push(values);
  }
  const isAnyDay = isWildcard(fields[2]);
  const isAnyWeekday = isWildcard(fields[4]);
  const [minutes, hours, days, months, weekdays] = sets as [
    ReadonlySet<number>,
    ReadonlySet<number>,
    ReadonlySet<number>,
    ReadonlySet<number>,
    ReadonlySet<number>,
  ];
  const fitsDay = (day: number, weekday: number): boolean =>
    isAnyDay || isAnyWeekday
      ? days.has(day) && weekdays.has(weekday)
      : days.has(day) || weekdays.has(weekday);
  const local = timeZone === undefined || timeZone === 'UTC' ? utcFields : zoneFields(timeZone);
  return {
    next: (after) => {
      // A field of nothing but commas: minute by minute that would take long to find out.
      if (sets.some(({ size }) => size === 0)) return undefined;
      let at = Math.floor(after / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
      const end = after + HORIZON_DAYS * 24 * 60 * MINUTE_MS;
      while (at <= end) {
        const now = local(at);
        if (!months.has(now.month) || !fitsDay(now.day, now.weekday)) {
          // To the next local midnight, or at least its hour: zones shift by whole quarter hours.
          at += (24 * 60 - now.hour * 60 - now.minute) * MINUTE_MS;
        } else if (!hours.has(now.hour)) at += (60 - now.minute) * MINUTE_MS;
        else if (!minutes.has(now.minute)) at += MINUTE_MS;
        else return at;
      }
      return undefined;
    },
  };
}

/** Whole seconds, and one at least. */
function everySchedule(periodMs: number): CronSchedule {
  const seconds = Math.max(1, Math.floor(periodMs / 1000));
  return { next: (after) => (Math.floor(after / 1000) + seconds) * 1000 };
}

function isWildcard(field: string | undefined): boolean {
  return field === '*' || field === '?' || field?.startsWith('*/') === true;
}

/** `*`, `5`, `1-5`, `1-10/2`, `x/2` and lists of them. */
function parseField(text: string, field: Field): ReadonlySet<number> | string {
  const values = new Set<number>();
  const parts = text.toLowerCase().split(',');
  for (const part of parts.filter((one) => one !== '')) {
    const [range = '', step] = part.split('/');
    const [from = '', to] = range.split('-');
    const isAll = range === '*' || range === '?';
    const low = isAll ? field.low : numberOf(from, field);
    const high = isAll
      ? field.high
      : to === undefined
        ? step === undefined
          ? low
          : field.high
        : numberOf(to, field);
    const by = step === undefined ? 1 : Number(step);
    if (low === undefined || high === undefined || !Number.isInteger(by)) {
      return `failed to parse int from ${part}: strconv.Atoi: parsing "${part}": invalid syntax`;
    }
    if (low < field.low) return `beginning of range (${low}) below minimum (${field.low}): ${part}`;
    if (high > field.high) return `end of range (${high}) above maximum (${field.high}): ${part}`;
    if (low > high) return `beginning of range (${low}) beyond end of range (${high}): ${part}`;
    if (by < 1) return `step of range should be a positive number: ${part}`;
    for (let value = low; value <= high; value += by) values.add(value);
  }
  return values;
}

function numberOf(text: string, { low, names }: Field): number | undefined {
  const index = names?.indexOf(text) ?? -1;
  if (index >= 0) return index + low;
  return /^\+?\d+$/.test(text) ? Number(text) : undefined;
}

interface LocalTime {
  readonly minute: number;
  readonly hour: number;
  readonly day: number;
  readonly month: number;
  readonly weekday: number;
}

function utcFields(at: number): LocalTime {
  const date = new Date(at);
  return {
    minute: date.getUTCMinutes(),
    hour: date.getUTCHours(),
    day: date.getUTCDate(),
    month: date.getUTCMonth() + 1,
    weekday: date.getUTCDay(),
  };
}

/** @throws RangeError for a zone that does not exist */
function zoneFields(timeZone: string): (at: number) => LocalTime {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  return (at) => {
    const parts = Object.fromEntries(
      format.formatToParts(at).map(({ type, value }) => [type, Number(value)]),
    );
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = parts;
    return { minute, hour, day, month, weekday: new Date(Date.UTC(year, month - 1, day)).getUTCDay() };
  };
}
