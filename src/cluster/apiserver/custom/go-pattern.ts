const patterns = new Map<string, RegExp | undefined>();

/** How many patterns of definitions are kept compiled. */
const KEPT = 1000;

/** A pattern of RE2's syntax; undefined where JavaScript cannot read it. */
export function goPattern(pattern: string): RegExp | undefined {
  if (!patterns.has(pattern)) {
    if (patterns.size >= KEPT) patterns.clear();
    patterns.set(pattern, compiled(pattern));
  }
  return patterns.get(pattern);
}

/** What means something else, or nothing, without the flag `u`. */
const NEEDS_UNICODE = /[^\0-\x7f]|\\[pPu]/;

function compiled(pattern: string): RegExp | undefined {
  try {
    const source = pattern.replaceAll('(?P<', '(?<').replaceAll('\\z', '$').replaceAll('\\A', '^');
    const strict = new RegExp(source, 'u');
    // Without the flag an expression that goes astray can be helped: see runtime/backtracking.ts.
    return NEEDS_UNICODE.test(source) ? strict : new RegExp(source);
  } catch {
    return undefined;
  }
}
