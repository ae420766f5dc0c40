import { messageOf } from '../core/errors.ts';
import { parseGoDuration } from '../core/go-duration.ts';

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
const EVERY = '@every ';
const MINUTE_MS = 60_000;
const HORIZON_DAYS = 5 * 366;

/**
 * https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax
 * @param timeZone IANA name; UTC where it is left out
 * @returns what is wrong, in the API server's words, where the schedule cannot be read
 * @throws RangeError for a zone that does not exist
 */
export function parseSchedule(text: string, timeZone?: string): CronSchedule | string {
  if (text.startsWith(EVERY)) {
    try {
      return everySchedule(parseGoDuration(text.slice(EVERY.length)));
    } catch (error) {
      return `failed to parse duration ${text}: ${messageOf(error)}`;
    }
  }
  const spelled = text.startsWith('@') ? NAMED[text] : text;
  if (spelled === undefined) return `unrecognized descriptor: ${text}`;
  const parts = spelled.split(/\s+/).filter((part) => part !== '');
  if (parts.length !== FIELDS.length) {
    return `expected exactly 5 fields, found ${parts.length}: [${parts.join(' ')}]`;
  }
  const read: Values[] = [];
  for (const [index, field] of FIELDS.entries()) {
    const values = readField(parts[index] ?? '', field);
    if (typeof values === 'string') return values;
    read.push(values);
  }
  return fieldSchedule(
    read as [Values, Values, Values, Values, Values],
    timeZone === undefined || timeZone === 'UTC' ? utcFields : zoneFields(timeZone),
  );
}

/** Minutes, hours, days, months and days of the week. */
type Five = readonly [Values, Values, Values, Values, Values];

function fieldSchedule(five: Five, local: (at: number) => LocalTime): CronSchedule {
  const [minutes, hours, days, months, weekdays] = five;
  const fitsDay = (day: number, weekday: number): boolean =>
    days.isAny || weekdays.isAny
      ? days.has(day) && weekdays.has(weekday)
      : days.has(day) || weekdays.has(weekday);
  return {
    next: (after) => {
      // A field of nothing but commas: minute by minute that would take long to find out.
      if (five.some(({ size }) => size === 0)) return undefined;
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

/** What a field stands for. */
class Values extends Set<number> {
  /** Whether an asterisk without a step is in it: then days of the month and of the week have to fit both. */
  isAny = false;
}

/** Lists of `*`, `?`, `5`, `mon-fri`, `1-10/2`, `5/15`. */
function readField(text: string, field: Field): Values | string {
  const values = new Values();
  for (const range of text.split(',').filter((part) => part !== '')) {
    const problem = readRange(range, field, values);
    if (problem !== undefined) return problem;
  }
  return values;
}

/** @returns what is wrong with it */
function readRange(text: string, field: Field, into: Values): string | undefined {
  const [range = '', step, ...moreSteps] = text.split('/');
  const bounds = readBounds(range, field, text);
  if (typeof bounds === 'string') return bounds;
  if (moreSteps.length > 0) return `too many slashes: ${text}`;
  const by = step === undefined ? 1 : numberOf(step, { low: 0, high: 0 });
  if (typeof by === 'string') return by;
  // A start with a step goes on to the end.
  const { low, high = step === undefined ? low : field.high, isAny } = bounds;
  if (low < field.low) return `beginning of range (${low}) below minimum (${field.low}): ${text}`;
  if (high > field.high) return `end of range (${high}) above maximum (${field.high}): ${text}`;
  if (low > high) return `beginning of range (${low}) beyond end of range (${high}): ${text}`;
  if (by === 0) return `step of range should be a positive number: ${text}`;
  for (let value = low; value <= high; value += by) into.add(value);
  into.isAny ||= isAny && by === 1;
  return undefined;
}

/** What stands before the slash; without an end where there is a beginning only. */
interface Bounds {
  readonly low: number;
  readonly high?: number;
  readonly isAny: boolean;
}

/** @returns what is wrong, as text */
function readBounds(range: string, field: Field, text: string): Bounds | string {
  const [from = '', to, ...more] = range.split('-');
  // What stands behind an asterisk and a hyphen is not looked at.
  if (from === '*' || from === '?') return { low: field.low, high: field.high, isAny: true };
  const low = numberOf(from, field);
  if (typeof low === 'string') return low;
  if (more.length > 0) return `too many hyphens: ${text}`;
  if (to === undefined) return { low, isAny: false };
  const high = numberOf(to, field);
  return typeof high === 'string' ? high : { low, high, isAny: false };
}

/** @returns the number, or what is wrong with the text */
function numberOf(text: string, { low, names }: Field): number | string {
  const index = names?.indexOf(text.toLowerCase()) ?? -1;
  if (index >= 0) return index + low;
  const refused = `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}`;
  if (!/^[+-]?\d+$/.test(text)) return `${refused}: invalid syntax`;
  const number = Number(text);
  if (Math.abs(number) >= 2 ** 63) return `${refused}: value out of range`;
  return number < 0 ? `negative number (${number}) not allowed: ${text}` : number;
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
