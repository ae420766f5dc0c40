import type { Applet } from '../command.ts';
import { Failure } from '../errors.ts';

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const DAY = 86_400_000;
/** The last one that dates of ours can tell, in the year 275760. */
const LAST_SECOND = 8_640_000_000_000;
/** What `-I` adds, up to a unit. */
const PRECISIONS: Readonly<Record<string, string>> = {
  date: '',
  hours: 'T%H%:z',
  minutes: 'T%H:%M%:z',
  seconds: 'T%H:%M:%S%:z',
  ns: 'T%H:%M:%S,%N%:z',
};

/** strftime(3) in UTC: there are no time zones in these images. */
export function formatDate(format: string, ms: number): string {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  const hour12 = date.getUTCHours() % 12 === 0 ? 12 : date.getUTCHours() % 12;
  const dayName = DAYS[date.getUTCDay()] ?? '';
  const monthName = MONTHS[date.getUTCMonth()] ?? '';
  const yearStart = Date.UTC(date.getUTCFullYear(), 0, 1);
  const dayOfYear = Math.floor((ms - yearStart) / DAY);
  const values: Readonly<Record<string, () => string>> = {
    a: () => dayName.slice(0, 3),
    A: () => dayName,
    b: () => monthName.slice(0, 3),
    h: () => monthName.slice(0, 3),
    B: () => monthName,
    c: () => formatDate('%a %b %e %H:%M:%S %Y', ms),
    C: () => two(Math.floor(date.getUTCFullYear() / 100)),
    d: () => two(date.getUTCDate()),
    D: () => formatDate('%m/%d/%y', ms),
    e: () => String(date.getUTCDate()).padStart(2),
    F: () => formatDate('%Y-%m-%d', ms),
    H: () => two(date.getUTCHours()),
    I: () => two(hour12),
    j: () => String(dayOfYear + 1).padStart(3, '0'),
    k: () => String(date.getUTCHours()).padStart(2),
    l: () => String(hour12).padStart(2),
    m: () => two(date.getUTCMonth() + 1),
    M: () => two(date.getUTCMinutes()),
    n: () => '\n',
    N: () => `${String(date.getUTCMilliseconds()).padStart(3, '0')}000000`,
    p: () => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
    P: () => (date.getUTCHours() < 12 ? 'am' : 'pm'),
    r: () => formatDate('%I:%M:%S %p', ms),
    R: () => formatDate('%H:%M', ms),
    s: () => String(Math.floor(ms / 1000)),
    S: () => two(date.getUTCSeconds()),
    t: () => '\t',
    T: () => formatDate('%H:%M:%S', ms),
    u: () => String(date.getUTCDay() === 0 ? 7 : date.getUTCDay()),
    U: () => two(Math.floor((dayOfYear + 7 - date.getUTCDay()) / 7)),
    w: () => String(date.getUTCDay()),
    W: () => two(Math.floor((dayOfYear + 7 - ((date.getUTCDay() + 6) % 7)) / 7)),
    x: () => formatDate('%m/%d/%y', ms),
    X: () => formatDate('%H:%M:%S', ms),
    y: () => two(date.getUTCFullYear() % 100),
    Y: () => String(date.getUTCFullYear()),
    z: () => '+0000',
    Z: () => 'UTC',
    '%': () => '%',
  };
  return format.replaceAll('%:z', '+00:00').replace(/%-?([a-zA-Z%])/g, (whole, letter: string) => {
    const text = values[letter]?.();
    if (text === undefined) return whole;
    return whole.startsWith('%-') ? text.replace(/^[0 ]+(?=.)/, '') : text;
  });
}

const FULL = /^(\d{4})-(\d{2})-(\d{2})(?: (\d{1,2}):(\d{2})(?::(\d{2}))?)?$/;

/** The formats of `-d`. @param now fills in what is missing @throws Failure */
export function parseDate(text: string, now: number): number {
  const at = /^@(\d+)/.exec(text);
  if (at !== null) {
    if (Number(at[1]) > LAST_SECOND) throw new Failure(`invalid date '${text}'`);
    return Number(at[1]) * 1000;
  }
  const day = Math.floor(now / DAY) * DAY;
  const clock = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text);
  if (clock !== null) {
    return day + (Number(clock[1]) * 3600 + Number(clock[2]) * 60 + Number(clock[3] ?? 0)) * 1000;
  }
  const compact = /^(\d{4}|\d{2})??(\d{2})(\d{2})(\d{2})(\d{2})(?:\.(\d{2}))?$/.exec(text);
  if (compact !== null) {
    const [, year = String(new Date(now).getUTCFullYear()), ...rest] = compact;
    const [month = 1, ...others] = rest.map((part) => Number(part || 0));
    return Date.UTC(Number(year.padStart(4, '20')), month - 1, ...others);
  }
  const full = FULL.exec(text.replace(/^(\d{4})\.(\d{2})\.(\d{2})-/, '$1-$2-$3 '));
  if (full === null) throw new Failure(`invalid date '${text}'`);
  const [year, month, date, hours = 0, minutes = 0, seconds = 0] = full
    .slice(1)
    .map((part) => Number(part || 0));
  return Date.UTC(year ?? 0, (month ?? 1) - 1, date, hours, minutes, seconds);
}

export const date: Applet = (command) => {
  const options = command.options('us:d:r:RI::D:', { utc: 'u', date: 'd', reference: 'r', 'rfc-2822': 'R' });
  const { clock, files } = command.context;
  const text = options.value('d') ?? options.value('s');
  const reference = options.value('r');
  const now = clock.now();
  const ms =
    reference !== undefined
      ? files.stat(command.path(reference)).modified
      : text === undefined
        ? now
        : parseDate(text, now);
  // It goes on all the same, and shows the time that was to be set.
  if (options.has('s')) command.warn("can't set date: Operation not permitted");
  const [operand] = options.operands;
  if (operand !== undefined && !operand.startsWith('+')) throw new Failure(`invalid date '${operand}'`);
  let format = operand?.slice(1) ?? '%a %b %e %H:%M:%S %Z %Y';
  if (options.has('R')) format = '%a, %d %b %Y %H:%M:%S %z';
  if (options.has('I')) format = `%F${PRECISIONS[options.value('I') ?? 'date'] ?? ''}`;
  command.print(`${formatDate(format, ms)}\n`);
  return 0;
};
