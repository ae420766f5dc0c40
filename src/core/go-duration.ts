const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Go counts nanoseconds in 64 bits. */
const LONGEST = 2 ** 63 / 1e6;

/** Milliseconds of a Go duration (`5s`, `1h30m`, `500ms`). @throws Error with Go's words */
export function parseGoDuration(text: string): number {
  if (text === '0') return 0;
  const quoted = JSON.stringify(text);
  const [, sign = '', amounts = ''] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (amounts === '') throw new Error(`time: invalid duration ${quoted}`);
  let total = 0;
  for (let rest = amounts; rest !== '';) {
    const [part = '', amount = '', unit = ''] = /^(\d+(?:\.\d*)?|\.\d+)([^.\d]*)/.exec(rest) ?? [];
    if (amount === '') throw new Error(`time: invalid duration ${quoted}`);
    if (unit === '') throw new Error(`time: missing unit in duration ${quoted}`);
    const size = Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined;
    if (size === undefined)
      throw new Error(`time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`);
    total += Number(amount) * size;
    rest = rest.slice(part.length);
  }
  if (total > LONGEST) throw new Error(`time: invalid duration ${quoted}`);
  return sign === '-' ? -total : total;
}

/** A duration as Go prints it: `1m30s`, `5s`, `500ms`. */
export function formatGoDuration(milliseconds: number): string {
  if (milliseconds < 1000) return milliseconds === 0 ? '0s' : `${milliseconds}ms`;
  const hours = Math.floor(milliseconds / 3_600_000);
  const minutes = Math.floor(milliseconds / 60_000) % 60;
  const seconds = (milliseconds % 60_000) / 1000;
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}
