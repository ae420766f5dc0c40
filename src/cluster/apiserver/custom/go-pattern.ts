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

function compiled(pattern: string): RegExp | undefined {
  try {
    return new RegExp(pattern.replaceAll('(?P<', '(?<').replaceAll('\\z', '$').replaceAll('\\A', '^'), 'u');
  } catch {
    return undefined;
  }
}
