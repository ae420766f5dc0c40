/** A run of equal lines: where it begins in both texts, and how long it is. */
interface Match {
  readonly a: number;
  readonly b: number;
  readonly size: number;
}
/** A stretch of lines of both texts, equal or not. */
interface Stretch {
  readonly isEqual: boolean;
  readonly a: readonly [from: number, to: number];
  readonly b: readonly [from: number, to: number];
}

const CONTEXT = 3;
/** From this many lines on, lines that are all over the place do not start a match. */
const MANY_LINES = 200;

/**
 * The unified difference of two values printed as JSON, as the API server appends it to some messages: it compares
 * lines by the Ratcliff–Obershelp method, which finds other matches than a shortest edit would.
 */
export function unifiedDiff(before: unknown, after: unknown): string {
  const a = linesOf(before);
  const b = linesOf(after);
  const hunks = grouped(stretchesOf(a, b));
  return hunks.map((hunk) => written(hunk, a, b)).join('');
}

function linesOf(value: unknown): string[] {
  return JSON.stringify(value, undefined, 1).split('\n');
}

function stretchesOf(a: readonly string[], b: readonly string[]): Stretch[] {
  const stretches: Stretch[] = [];
  let [i, j] = [0, 0];
  for (const match of [...matchesOf(a, b), { a: a.length, b: b.length, size: 0 }]) {
    if (i < match.a || j < match.b) stretches.push({ isEqual: false, a: [i, match.a], b: [j, match.b] });
    i = match.a + match.size;
    j = match.b + match.size;
    if (match.size > 0) stretches.push({ isEqual: true, a: [match.a, i], b: [match.b, j] });
  }
  return stretches;
}

/** The longest run of equal lines, then the same on both sides of it. */
function matchesOf(a: readonly string[], b: readonly string[]): Match[] {
  const places = placesOf(b);
  const matches: Match[] = [];
  const queue: [number, number, number, number][] = [[0, a.length, 0, b.length]];
  for (let range = queue.pop(); range !== undefined; range = queue.pop()) {
    const [fromA, toA, fromB, toB] = range;
    const match = longestMatch(a, b, places, range);
    if (match.size === 0) continue;
    matches.push(match);
    if (fromA < match.a && fromB < match.b) queue.push([fromA, match.a, fromB, match.b]);
    const [endA, endB] = [match.a + match.size, match.b + match.size];
    if (endA < toA && endB < toB) queue.push([endA, toA, endB, toB]);
  }
  return matches.sort((one, other) => one.a - other.a || one.b - other.b);
}

/** Where each line is, without those that are too frequent. */
function placesOf(lines: readonly string[]): Map<string, number[]> {
  const places = new Map<string, number[]>();
  lines.forEach((line, index) => {
    const known = places.get(line);
    if (known === undefined) places.set(line, [index]);
    else known.push(index);
  });
  if (lines.length < MANY_LINES) return places;
  const most = Math.floor(lines.length / 100) + 1;
  for (const [line, indices] of places) if (indices.length > most) places.delete(line);
  return places;
}

function longestMatch(
  a: readonly string[],
  b: readonly string[],
  places: ReadonlyMap<string, readonly number[]>,
  [fromA, toA, fromB, toB]: readonly [number, number, number, number],
): Match {
  let best: Match = { a: fromA, b: fromB, size: 0 };
  let lengths = new Map<number, number>();
  for (let i = fromA; i < toA; i++) {
    const next = new Map<number, number>();
    for (const j of places.get(a[i] ?? '') ?? []) {
      if (j < fromB) continue;
      if (j >= toB) break;
      const size = (lengths.get(j - 1) ?? 0) + 1;
      next.set(j, size);
      if (size > best.size) best = { a: i - size + 1, b: j - size + 1, size };
    }
    lengths = next;
  }
  let { a: startA, b: startB, size } = best;
  while (startA > fromA && startB > fromB && a[startA - 1] === b[startB - 1]) {
    startA--;
    startB--;
    size++;
  }
  while (startA + size < toA && startB + size < toB && a[startA + size] === b[startB + size]) size++;
  return { a: startA, b: startB, size };
}

/** Changes with three lines around them; what is close together is one hunk. */
function grouped(stretches: readonly Stretch[]): Stretch[][] {
  const hunks: Stretch[][] = [];
  let hunk: Stretch[] = [];
  stretches.forEach((stretch, index) => {
    const { isEqual, a, b } = stretch;
    const size = a[1] - a[0];
    const isFirst = index === 0;
    const isLast = index === stretches.length - 1;
    if (!isEqual || (size <= 2 * CONTEXT && !isFirst && !isLast)) {
      hunk.push(stretch);
      return;
    }
    const kept = Math.min(size, CONTEXT);
    if (!isFirst) {
      hunk.push({ isEqual, a: [a[0], a[0] + kept], b: [b[0], b[0] + kept] });
      hunks.push(hunk);
      hunk = [];
    }
    if (!isLast) hunk.push({ isEqual, a: [a[1] - kept, a[1]], b: [b[1] - kept, b[1]] });
  });
  if (hunk.some(({ isEqual }) => !isEqual)) hunks.push(hunk);
  return hunks.filter((candidate) => candidate.some(({ isEqual }) => !isEqual));
}

function written(hunk: readonly Stretch[], a: readonly string[], b: readonly string[]): string {
  const [first, last] = [hunk[0], hunk.at(-1)];
  if (first === undefined || last === undefined) return '';
  const header = `@@ -${range(first.a[0], last.a[1])} +${range(first.b[0], last.b[1])} @@\n`;
  const lines = hunk.flatMap((stretch) => {
    const [old, now] = [a.slice(...stretch.a), b.slice(...stretch.b)];
    if (stretch.isEqual) return old.map((line) => ` ${line}\n`);
    return [...old.map((line) => `-${line}\n`), ...now.map((line) => `+${line}\n`)];
  });
  return header + lines.join('');
}

function range(from: number, to: number): string {
  const size = to - from;
  if (size === 1) return String(from + 1);
  return `${size === 0 ? from : from + 1},${size}`;
}
