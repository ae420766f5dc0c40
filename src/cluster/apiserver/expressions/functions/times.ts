import { method, type Overload } from '../library.ts';
import { Duration, ExpressionError, Timestamp } from '../values.ts';

const MILLION = 1_000_000n;
const SECOND = 1_000_000_000n;
const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: MILLION,
  s: SECOND,
  m: 60n * SECOND,
  h: 3600n * SECOND,
};
const DURATION =
  /^[-+]?(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h)(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))*$/;
const PART = /(\d*)\.?(\d*)(ns|us|µs|μs|ms|s|m|h)/g;
const TIMESTAMP = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/;
const DAY = 86_400_000;

/** `1h30m`, `-1.5s`. @throws ExpressionError */
export function parseDuration(text: string): Duration {
  if (text === '0' || text === '+0' || text === '-0') return new Duration(0n);
  if (!DURATION.test(text))
    throw new ExpressionError("type conversion error from 'string' to 'google.protobuf.Duration'");
  let nanos = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of text.matchAll(PART)) {
    const scale = UNITS[unit] ?? 1n;
    nanos += BigInt(whole === '' ? '0' : whole) * scale;
    nanos += (BigInt(fraction === '' ? '0' : fraction) * scale) / 10n ** BigInt(fraction.length);
  }
  return new Duration(text.startsWith('-') ? -nanos : nanos);
}

/** RFC 3339. @throws ExpressionError */
export function parseTimestamp(text: string): Timestamp {
  const [, seconds = '', fraction = '', zone = ''] = TIMESTAMP.exec(text) ?? [];
  const milliseconds = Date.parse(`${seconds}${zone}`);
  if (seconds === '' || Number.isNaN(milliseconds)) {
    throw new ExpressionError("type conversion error from 'string' to 'google.protobuf.Timestamp'");
  }
  return new Timestamp(BigInt(milliseconds) * MILLION + BigInt(fraction.padEnd(9, '0')));
}

/** As `string()` writes it: seconds, `1.5s`. */
export function formatDuration({ nanos }: Duration): string {
  return `${decimal(nanos)}s`;
}

export function formatTimestamp({ nanos }: Timestamp): string {
  const second = nanos - modulo(nanos, SECOND);
  const fraction = String(modulo(nanos, SECOND)).padStart(9, '0').replace(/0+$/, '');
  const text = new Date(Number(second / MILLION)).toISOString().replace('.000Z', '');
  return `${text}${fraction === '' ? '' : `.${fraction}`}Z`;
}

function decimal(nanos: bigint): string {
  const size = nanos < 0n ? -nanos : nanos;
  const fraction = String(size % SECOND)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${nanos < 0n ? '-' : ''}${size / SECOND}${fraction === '' ? '' : `.${fraction}`}`;
}

function modulo(a: bigint, b: bigint): bigint {
  return ((a % b) + b) % b;
}

/** A time on the clocks of a place, as a date whose UTC parts are those of the place. */
function local({ nanos }: Timestamp, zone: string): Date {
  const milliseconds = Number((nanos - modulo(nanos, MILLION)) / MILLION);
  return new Date(milliseconds + offsetOf(zone, milliseconds));
}

/** What a time zone is ahead of UTC, in milliseconds. @throws ExpressionError for one that nobody knows */
function offsetOf(zone: string, milliseconds: number): number {
  if (zone === 'UTC' || zone === '') return 0;
  const [, sign, hours, minutes] = /^([+-]?)(\d{2}):(\d{2})$/.exec(zone) ?? [];
  if (hours !== undefined) {
    const size = (Number(hours) * 60 + Number(minutes)) * 60_000;
    return sign === '-' ? -size : size;
  }
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
    const name = format.formatToParts(milliseconds).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    return name === 'GMT' ? 0 : offsetOf(name.slice(3, 9), milliseconds);
  } catch {
    throw new ExpressionError(`unknown time zone ${zone}`);
  }
}

const PARTS: Readonly<Record<string, (date: Date) => number>> = {
  getFullYear: (date) => date.getUTCFullYear(),
  getMonth: (date) => date.getUTCMonth(),
  getDate: (date) => date.getUTCDate(),
  getDayOfMonth: (date) => date.getUTCDate() - 1,
  getDayOfWeek: (date) => date.getUTCDay(),
  getDayOfYear: (date) => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0)) / DAY),
  getHours: (date) => date.getUTCHours(),
  getMinutes: (date) => date.getUTCMinutes(),
  getSeconds: (date) => date.getUTCSeconds(),
  getMilliseconds: (date) => date.getUTCMilliseconds(),
};

const LENGTHS: Readonly<Record<string, bigint>> = {
  getHours: 3600n * SECOND,
  getMinutes: 60n * SECOND,
  getSeconds: SECOND,
};

/** Parts of times and durations. https://github.com/google/cel-spec/blob/master/doc/langdef.md#timezones */
export const times: readonly Overload[] = [
  ...Object.entries(PARTS).flatMap(([name, part]) => [
    method<[Timestamp]>('timestamp', name, [], 'int', (time) => BigInt(part(local(time, 'UTC')))),
    method<[Timestamp, string]>('timestamp', name, ['string'], 'int', (time, zone) =>
      BigInt(part(local(time, zone))),
    ),
  ]),
  ...Object.entries(LENGTHS).map(([name, unit]) =>
    method<[Duration]>('duration', name, [], 'int', ({ nanos }) => nanos / unit),
  ),
  method<[Duration]>('duration', 'getMilliseconds', [], 'int', ({ nanos }) => (nanos % SECOND) / MILLION),
];
