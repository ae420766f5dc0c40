import type { Line } from './transcript.ts';

/** A line of a golden or of a played transcript, and how it fares in the other. */
export interface Aligned {
  /** `chance`: it stands where the recordings differed, and does not count. */
  readonly kind: 'same' | 'missing' | 'extra' | 'chance';
  readonly line: string;
}

/** A line that is the same is worth more than any number that chance may explain. */
const SAME = 10_000;

/** The longest common subsequence; what stands in a place of chance is taken there, as far as there is room. */
export function align(golden: readonly Line[], played: readonly string[]): readonly Aligned[] {
  // Mostly nearly everything is the same, and the rest takes its square of time.
  let start = 0;
  while (start < golden.length && golden[start] === played[start]) start++;
  let end = 0;
  const longest = Math.min(golden.length, played.length) - start;
  while (end < longest && golden.at(-1 - end) === played.at(-1 - end)) end++;
  const same = (lines: readonly string[]): Aligned[] => lines.map((line) => ({ kind: 'same', line }));
  return [
    ...same(played.slice(0, start)),
    ...subsequence(golden.slice(start, golden.length - end), played.slice(start, played.length - end)),
    ...same(played.slice(played.length - end)),
  ];
}

function subsequence(golden: readonly Line[], played: readonly string[]): readonly Aligned[] {
  // Undefined: a line that may be anything, or not be there.
  const wanted = golden.flatMap((line) =>
    typeof line === 'string' ? [line] : Array.from({ length: line.chance }, () => undefined),
  );
  const worth = worthOf(wanted, played);
  const aligned: Aligned[] = [];
  let [row, column] = [0, 0];
  while (row < wanted.length || column < played.length) {
    const line = wanted[row];
    const seen = played[column] ?? '';
    const here = worth.best(row, column);
    if (worth.together(row, column) > 0 && here === worth.taken(row, column)) {
      aligned.push({ kind: line === undefined ? 'chance' : 'same', line: seen });
      row++;
      column++;
    } else if (row < wanted.length && here === worth.best(row + 1, column)) {
      if (line !== undefined) aligned.push({ kind: 'missing', line });
      row++;
    } else {
      aligned.push({ kind: 'extra', line: seen });
      column++;
    }
  }
  return aligned;
}

interface Worth {
  /** Of the rest from here, at best. */
  best(row: number, column: number): number;
  /** Of the two lines here as a pair; 0 where they are none. */
  together(row: number, column: number): number;
  /** Of the rest from here where the two lines are taken as a pair. */
  taken(row: number, column: number): number;
}

function worthOf(wanted: readonly (string | undefined)[], played: readonly string[]): Worth {
  const width = played.length + 1;
  const table = new Int32Array((wanted.length + 1) * width);
  const best = (row: number, column: number): number => table[row * width + column] ?? 0;
  const together = (row: number, column: number): number => {
    if (row >= wanted.length || column >= played.length) return 0;
    if (wanted[row] === undefined) return 1;
    return wanted[row] === played[column] ? SAME : 0;
  };
  const taken = (row: number, column: number): number => together(row, column) + best(row + 1, column + 1);
  for (let row = wanted.length - 1; row >= 0; row--) {
    for (let column = played.length - 1; column >= 0; column--) {
      const skipped = Math.max(best(row + 1, column), best(row, column + 1));
      const pair = together(row, column) > 0 ? taken(row, column) : 0;
      table[row * width + column] = Math.max(skipped, pair);
    }
  }
  return { best, together, taken };
}
