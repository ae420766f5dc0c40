import { isObject } from '../../core/json.ts';

/** A value as Go's `%v` prints it. */
export function goText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (isObject(value)) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `map[${entries.map(([name, item]) => `${name}:${goText(item)}`).join(' ')}]`;
  }
  if (typeof value === 'string') return value;
  return value === null || value === undefined ? '<nil>' : JSON.stringify(value);
}
