/** Ages as the API server and kubectl print them. Durations here are whole seconds. */

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** Two units where the first is small: `5m30s`, `3h20m`, `2d4h`, `3y20d`. */
export function humanDuration(seconds: number): string {
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 2 * MINUTE) return `${seconds}s`;
  if (seconds < 10 * MINUTE) return units(seconds, [MINUTE, 'm'], [1, 's']);
  if (seconds < 3 * HOUR) return `${Math.floor(seconds / MINUTE)}m`;
  if (seconds < 8 * HOUR) return units(seconds, [HOUR, 'h'], [MINUTE, 'm']);
  if (seconds < 2 * DAY) return `${Math.floor(seconds / HOUR)}h`;
  if (seconds < 8 * DAY) return units(seconds, [DAY, 'd'], [HOUR, 'h']);
  if (seconds < 2 * YEAR) return `${Math.floor(seconds / DAY)}d`;
  if (seconds < 8 * YEAR) return units(seconds, [YEAR, 'y'], [DAY, 'd']);
  return `${Math.floor(seconds / YEAR)}y`;
}

/** One unit: `59s`, `5m`, `23h`, `364d`, `2y`. */
export function shortHumanDuration(seconds: number): string {
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < MINUTE) return `${seconds}s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)}m`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)}h`;
  if (seconds < YEAR) return `${Math.floor(seconds / DAY)}d`;
  return `${Math.floor(seconds / YEAR)}y`;
}

type Unit = readonly [size: number, letter: string];

function units(seconds: number, [size, letter]: Unit, [rest, restLetter]: Unit): string {
  const left = Math.floor((seconds % size) / rest);
  const main = `${Math.floor(seconds / size)}${letter}`;
  return left === 0 ? main : `${main}${left}${restLetter}`;
}

/** How long ago an instant was, as a table shows it; `now` in microseconds. */
export function since(time: string | null | undefined, now: number): string {
  if (time === undefined || time === null) return '<unknown>';
  return humanDuration(Math.trunc((now - Date.parse(time) * 1000) / 1_000_000));
}
