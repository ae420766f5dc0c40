/** Whether a parameter of a query says yes: whatever does not say no does, an empty text too; not where it is missing. */
export function isTrue(value: string | null): boolean {
  return value !== null && value !== '0' && value.toLowerCase() !== 'false';
}
