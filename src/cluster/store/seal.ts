/** What one value costs in memory, roughly; only used to bound the history. */
const VALUE_BYTES = 16;

/**
 * Freezes plain data all the way down. What is frozen already is shared with an earlier version of the object
 * and is neither visited nor counted.
 * @returns roughly how many bytes are new
 */
export function seal(value: unknown): number {
  if (typeof value === 'string') return VALUE_BYTES + value.length;
  if (typeof value !== 'object' || value === null) return VALUE_BYTES;
  if (Object.isFrozen(value)) return 0;
  Object.freeze(value);
  let bytes = VALUE_BYTES;
  for (const key in value) bytes += key.length + seal((value as Record<string, unknown>)[key]);
  return bytes;
}
