/** A line of output, or a place where two recordings differed: up to `chance` lines of anything. */
export type Line = string | { readonly chance: number };

/** A command and what it printed, normalised. */
export interface Passage {
  readonly command: string;
  readonly lines: readonly Line[];
}

export type Transcript = readonly Passage[];

const CHANCE = /^~ up to (\d+) lines? of chance$/;

/** A transcript as a golden file. */
export function writeTranscript(transcript: Transcript): string {
  return transcript
    .map(({ command, lines }) => {
      const [first = '', ...more] = command.trimEnd().split('\n');
      const head = [`$ ${first}`, ...more.map((line) => `> ${line}`)];
      return [...head, ...lines.map(written), ''].join('\n');
    })
    .join('\n');
}

function written(line: Line): string {
  if (typeof line === 'string') return line === '' ? '' : `  ${line}`;
  return `~ up to ${line.chance} line${line.chance === 1 ? '' : 's'} of chance`;
}

/** Reads what {@link writeTranscript} wrote. @throws Error with the number of a line that is none of a transcript */
export function readTranscript(text: string): Transcript {
  const passages: { command: string; lines: Line[] }[] = [];
  if (text === '') return passages;
  for (const [index, line] of text.split('\n').entries()) {
    const last = passages.at(-1);
    const chance = CHANCE.exec(line)?.[1];
    if (line.startsWith('$ ')) passages.push({ command: line.slice(2), lines: [] });
    else if (last !== undefined && line.startsWith('> ')) last.command += `\n${line.slice(2)}`;
    else if (last !== undefined && chance !== undefined) last.lines.push({ chance: Number(chance) });
    else if (last !== undefined && (line === '' || line.startsWith('  '))) last.lines.push(line.slice(2));
    else throw new Error(`line ${index + 1} is none of a transcript: ${line}`);
  }
  // An empty line parts a passage from the next; the file ends with one too.
  for (const { lines } of passages) if (lines.at(-1) === '') lines.pop();
  return passages;
}

/** The lines of a command's normalised output. */
export function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
