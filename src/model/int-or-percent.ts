/**
 * `maxSurge: 1` or `maxSurge: 25%` of a total. Text that is neither counts as 0; validation lets none through.
 * @param rounding percentages are rounded `up` or `down`
 */
export function scaledValue(value: number | string, total: number, rounding: 'up' | 'down'): number {
  if (typeof value === 'number') return value;
  const percent = /^(\d+)%$/.exec(value)?.[1];
  if (percent === undefined) return 0;
  const exact = Number(percent) * total;
  return rounding === 'up' ? Math.ceil(exact / 100) : Math.floor(exact / 100);
}
