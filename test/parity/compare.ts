import { align, type Aligned } from './align.ts';
import type { Line, Passage, Transcript } from './transcript.ts';

export interface Score {
  /** Lines that are the same. */
  readonly equal: number;
  /** Lines that should be the same; a line too much counts as one that is wrong. */
  readonly lines: number;
}

export interface Comparison {
  readonly all: Score;
  /** The same without the lines that the control prints; without a control the same as `all`. */
  readonly own: Score;
  readonly passages: readonly { readonly command: string; readonly aligned: readonly Aligned[] }[];
}

/**
 * Compares what was played with what was recorded.
 * @param control the golden of the case that does the same to something healthy
 */
export function compare(golden: Transcript, played: Transcript, control: Transcript = []): Comparison {
  const common = new Set(
    control.flatMap(({ lines }) => lines.filter((line): line is string => typeof line === 'string')),
  );
  const passages = golden.map(({ command, lines }, index) => ({
    command,
    aligned: align(lines, plain(played[index])),
  }));
  for (const { command, lines } of played.slice(golden.length))
    passages.push({ command, aligned: align([], plain({ command, lines })) });
  const scores = passages.map(({ aligned }) => score(aligned));
  const own = passages.map(({ aligned }) => score(aligned.filter(({ line }) => !common.has(line))));
  return { all: sum(scores), own: sum(own), passages };
}

/** What two recordings of a case have in common; where they differ stands how many lines do. */
export function common(one: Transcript, other: Transcript): Transcript {
  return one.map(({ command, lines }, index) => {
    const merged: Line[] = [];
    let [here, there] = [0, 0];
    const close = (): void => {
      if (here + there > 0) merged.push({ chance: Math.max(here, there) });
      [here, there] = [0, 0];
    };
    for (const { kind, line } of align(lines, plain(other[index]))) {
      if (kind === 'same') {
        close();
        merged.push(line);
      } else if (kind === 'missing') here++;
      else there++;
    }
    close();
    return { command, lines: merged };
  });
}

export function share({ equal, lines }: Score): number {
  return lines === 0 ? 1 : equal / lines;
}

export function sum(scores: readonly Score[]): Score {
  return {
    equal: scores.reduce((total, { equal }) => total + equal, 0),
    lines: scores.reduce((total, { lines }) => total + lines, 0),
  };
}

function score(aligned: readonly Aligned[]): Score {
  const count = (wanted: Aligned['kind']): number => aligned.filter(({ kind }) => kind === wanted).length;
  const equal = count('same');
  return { equal, lines: equal + Math.max(count('missing'), count('extra')) };
}

function plain(passage: Passage | undefined): readonly string[] {
  return passage?.lines.map((line) => (typeof line === 'string' ? line : `~${line.chance}`)) ?? [];
}
