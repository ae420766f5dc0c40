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

/**
 * What Go says of a pattern that is none; undefined for one that is right, or wrong in a way that is not looked for.
 * https://pkg.go.dev/regexp/syntax#ErrorCode
 */
export function patternProblem(pattern: string): string | undefined {
  let depth = 0;
  let canRepeat = false;
  for (let at = 0; at < pattern.length; at++) {
    const rest = pattern.slice(at);
    const [repeat, least, most] = /^[*+?]|^\{(\d+)(?:,(\d*))?\}/.exec(rest) ?? [];
    if (repeat !== undefined) {
      if (!canRepeat) return `missing argument to repetition operator: \`${repeat}\``;
      const wrong = countProblem(repeat, least, most);
      if (wrong !== undefined) return wrong;
      at += repeat.length - 1 + Number(rest[repeat.length] === '?');
      continue;
    }
    canRepeat = !/^[(|]/.test(rest);
    if (rest.startsWith('\\')) at += escapeLength(rest) - 1;
    else if (rest.startsWith('[')) {
      const length = classLength(rest);
      if (length === undefined) return `missing closing ]: \`${rest}\``;
      at += length - 1;
    } else if (rest.startsWith('(')) {
      depth++;
      at += (/^\(\?(?:P?<\w+>|[imsU-]*:)?/.exec(rest)?.[0].length ?? 1) - 1;
    } else if (rest.startsWith(')') && --depth < 0) return `unexpected ): \`${pattern}\``;
  }
  return depth > 0 ? `missing closing ): \`${pattern}\`` : undefined;
}

function countProblem(repeat: string, least = '', most = ''): string | undefined {
  const isWrong =
    Number(least) > 1000 || Number(most) > 1000 || (most !== '' && Number(least) > Number(most));
  return isWrong ? `invalid repeat count: \`${repeat}\`` : undefined;
}

/** How long what a backslash begins is. */
const escapeLength = (text: string): number => /^\\(?:Q.*?(?:\\E|$)|x\{[^}]*\})/s.exec(text)?.[0].length ?? 2;

/** Of `[a-z]`, `[]a]`, `[[:alpha:]]`; undefined where it has no end. */
function classLength(text: string): number | undefined {
  return /^\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]/s.exec(text)?.[0].length;
}
