/** `61 × ECONNREFUSED, 2 × 200`; an outcome without a name is no answer. */
export function countsOf(outcomes: Readonly<Record<string, number>>): string {
  return Object.entries(outcomes)
    .map(([outcome, count]) => `${count} × ${outcome === '' ? 'no answer' : outcome}`)
    .join(', ');
}
