import { messageOf } from '../../../core/errors.ts';
import { parseGoDuration } from '../../../core/go-duration.ts';

/** One field of a schedule. */
interface Field {
  readonly least: number;
  readonly most: number;
  readonly names?: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const FIELDS: readonly Field[] = [
  { least: 0, most: 59 },
  { least: 0, most: 23 },
  { least: 1, most: 31 },
  { least: 1, most: 12, names: MONTHS },
  { least: 0, most: 6, names: DAYS },
];
const DESCRIPTORS = new Set([
  '@yearly',
  '@annually',
  '@monthly',
  '@weekly',
  '@daily',
  '@midnight',
  '@hourly',
]);

const EVERY = '@every ';

/**
 * What is wrong with the schedule of a CronJob, in the API server's words; undefined where it can be read.
 * https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax
 */
export function scheduleProblem(schedule: string): string | undefined {
  if (/TZ/.test(schedule)) return 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead';
  if (schedule.startsWith('@')) {
    if (DESCRIPTORS.has(schedule)) return undefined;
    if (!schedule.startsWith(EVERY)) return `unrecognized descriptor: ${schedule}`;
    try {
      parseGoDuration(schedule.slice(EVERY.length));
      return undefined;
    } catch (error) {
      return `failed to parse duration ${schedule}: ${messageOf(error)}`;
    }
  }
  const parts = schedule.split(/\s+/).filter((part) => part !== '');
  if (parts.length !== FIELDS.length) {
    return `expected exactly 5 fields, found ${parts.length}: [${parts.join(' ')}]`;
  }
  for (const [index, field] of FIELDS.entries()) {
    const problem = fieldProblem(parts[index] ?? '', field);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function fieldProblem(text: string, field: Field): string | undefined {
  for (const range of text.split(',').filter((part) => part !== '')) {
    const problem = rangeProblem(range, field);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** `*`, `?`, `5`, `mon-fri`, each with a step: an asterisk, a slash and 15. */
function rangeProblem(text: string, field: Field): string | undefined {
  const [range = '', step, ...moreSteps] = text.split('/');
  const [low = '', high, ...moreBounds] = range.split('-');
  const isAny = low === '*' || low === '?';
  let start = field.least;
  let end = field.most;
  if (!isAny) {
    const from = numberOf(low, field);
    if (typeof from === 'string') return from;
    if (moreBounds.length > 0) return `too many hyphens: ${text}`;
    const to = high === undefined ? undefined : numberOf(high, field);
    if (typeof to === 'string') return to;
    start = from;
    // A start with a step goes on to the end.
    end = to ?? (step === undefined ? from : field.most);
  }
  if (moreSteps.length > 0) return `too many slashes: ${text}`;
  const every = step === undefined ? 1 : numberOf(step, { least: 0, most: 0 });
  if (typeof every === 'string') return every;
  if (start < field.least) return `beginning of range (${start}) below minimum (${field.least}): ${text}`;
  if (end > field.most) return `end of range (${end}) above maximum (${field.most}): ${text}`;
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${text}`;
  return every === 0 ? `step of range should be a positive number: ${text}` : undefined;
}

/** @returns the number, or what is wrong with the text */
function numberOf(text: string, { names, least }: Field): number | string {
  const index = names?.indexOf(text.toLowerCase()) ?? -1;
  if (index >= 0) return index + least;
  if (!/^[+-]?\d+$/.test(text)) {
    return `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`;
  }
  const number = Number(text);
  return number < 0 ? `negative number (${number}) not allowed: ${text}` : number;
}
