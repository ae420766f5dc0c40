import pc from 'picocolors';

/**
 * Where a command's words go: the result on stdout (text, or one JSON document), progress on stderr. Colour and
 * redrawn lines only on a terminal that has a width.
 */
export interface Output {
  readonly json: boolean;
  /** Prints the result once: the document with `--json`, otherwise the text. */
  result(document: unknown, text: string): void;
  /** What a command that fails has to show all the same: with `--json` it stands beside the error. */
  partial(document: Readonly<Record<string, unknown>>): void;
  /** With `--json`, prints the document of a command that failed. @param error code, kind, message and so on */
  failure(error: Readonly<Record<string, unknown>>): void;
  /** A line of progress; nothing with `--json`. */
  note(line: string): void;
  /** A line that the next progress replaces, on a terminal; nothing elsewhere. */
  passing(line: string): void;
  readonly colors: Colors;
  /** See {@link outputWidth}. */
  readonly width: number;
}

export type Colors = ReturnType<typeof pc.createColors>;

/** Columns of standard output's terminal; 80 where there is none. */
export const outputWidth = (): number =>
  process.stdout.isTTY && process.stdout.columns > 0 ? process.stdout.columns : 80;

export function createOutput(options: { json: boolean }): Output {
  const { stdout, stderr, env } = process;
  const onTerminal = stderr.isTTY && stderr.columns > 0;
  const colourful = stdout.isTTY && stdout.columns > 0 && (env['NO_COLOR'] ?? '') === '';
  let passing = false;
  let kept: Readonly<Record<string, unknown>> = {};
  const clear = (): void => {
    if (passing) stderr.write('\r\u001b[K');
    passing = false;
  };
  return {
    json: options.json,
    colors: pc.createColors(colourful && !options.json),
    width: outputWidth(),
    result: (document, text) => {
      clear();
      stdout.write(options.json ? `${JSON.stringify(document)}\n` : text.endsWith('\n') ? text : `${text}\n`);
    },
    partial: (document) => {
      kept = document;
    },
    failure: (error) => {
      if (options.json) stdout.write(`${JSON.stringify({ ...kept, error })}\n`);
    },
    note: (line) => {
      clear();
      if (!options.json) stderr.write(`${line}\n`);
    },
    passing: (line) => {
      if (!onTerminal || options.json) return;
      clear();
      stderr.write(line.slice(0, stderr.columns - 1));
      passing = true;
    },
  };
}

/** What goes to the next line together: a number stays with its unit. */
const WORD = /\d+(?:\.\d+)? (?:s|min|h|MB)\b\S*|\S+/g;

/** Words in lines of at most `width` columns; blank lines and indentation of paragraphs stay. */
export function wrap(text: string, width: number, indent = ''): string {
  return text
    .split(/\n{2,}/)
    .map((paragraph) => {
      const lines: string[] = [];
      let line = '';
      for (const word of paragraph.replace(/\s+/g, ' ').match(WORD) ?? []) {
        if (line !== '' && indent.length + line.length + 1 + word.length > width) {
          lines.push(indent + line);
          line = word;
        } else line = line === '' ? word : `${line} ${word}`;
      }
      return [...lines, indent + line].join('\n');
    })
    .join('\n\n');
}

/** Each line wrapped by itself, further lines indented as the first: for messages with lists in them. */
export function wrapLines(text: string, width: number): string {
  return text
    .split('\n')
    .map((line) => wrap(line, width, /^ */.exec(line)?.[0] ?? ''))
    .join('\n');
}

/** `0.3 s`, `12.0 s`, `2 min`, `9 h`. */
export function shortTime(ms: number): string {
  if (ms < 120_000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.round(ms / 60_000);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

/** `1 hint`, `2 hints`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
