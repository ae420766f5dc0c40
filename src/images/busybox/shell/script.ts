import { OUT_OF_MEMORY } from '../errors.ts';
import { ShellError } from './control.ts';
import { parseScript, parseToEnd } from './parse.ts';
import type { Shell } from './shell.ts';
import { ShellSyntaxError } from './syntax-error.ts';
import type { Statement } from './tree.ts';

/** Characters up to which a script is read at once; a longer one is read command by command, as ash reads all. */
const SHORT = 2048;
/** A single command may have so many characters, and so many marks that make it consist of parts. */
const LONGEST_COMMAND = 256 * 1024;
const MOST_PARTS = 5000;
/** What stands between the parts of a command, each of which takes the parser some time. */
const PARTS = /[;&|\n$`(]/g;
/** Parts of a script that are read at no price of their own, and what one of the others costs in microseconds. */
const FREE_PARTS = 20;
const MICROS_PER_PART = 100;

/** Host time is spent on parsing, so a script pays for its length, and for the parts that it consists of. */
function costOf(text: string): number {
  return text.length + MICROS_PER_PART * Math.max(0, partsOf(text) - FREE_PARTS);
}

function partsOf(text: string): number {
  return text.match(PARTS)?.length ?? 0;
}

export function isShort(text: string): boolean {
  return text.length <= SHORT;
}

/** @throws ShellError where a text is too much for the parser at once */
function mustBeReadable(text: string): void {
  if (text.length > LONGEST_COMMAND || partsOf(text) > MOST_PARTS) throw new ShellError(OUT_OF_MEMORY);
}

/** A text that comes from a script and is read at once. @throws ShellSyntaxError @throws ShellError as above */
export function parseReadable(text: string): readonly Statement[] {
  mustBeReadable(text);
  return parseScript(text);
}

/** Charges what reading a piece of a script takes. @throws ShellError where one command is too much for the parser */
export async function payForReading(shell: Shell, text: string): Promise<void> {
  mustBeReadable(text);
  await payForTyped(shell, text);
}

/** The same for what somebody has typed, however much it is. */
export async function payForTyped(shell: Shell, text: string): Promise<void> {
  if (shell.step(costOf(text))) await shell.pay();
}

/** Runs a text as a script. @returns the status of its last command @throws ShellSyntaxError */
export async function runScript(shell: Shell, text: string): Promise<number> {
  if (!isShort(text)) return runInPieces(shell, text);
  await payForReading(shell, text);
  return shell.runner.statements(shell, parseToEnd(text));
}

/** Runs what is whole of a script before it looks at what comes behind it. */
export async function runInPieces(shell: Shell, text: string): Promise<number> {
  const offset = shell.lineOffset;
  let rest = '';
  let tried = 0;
  let line = 0;
  let status = 0;
  for (const piece of piecesOf(text)) {
    rest += piece;
    // What was not whole is looked at again when there is twice as much of it: otherwise reading would never end.
    if (rest.length < 2 * tried) continue;
    await payForReading(shell, rest);
    const statements = parsed(rest);
    if (statements === undefined) {
      tried = rest.length;
      continue;
    }
    shell.lineOffset = offset + line;
    status = await shell.runner.statements(shell, statements);
    line += rest.match(/\n/g)?.length ?? 0;
    rest = '';
    tried = 0;
  }
  shell.lineOffset = offset + line;
  if (rest === '') return status;
  await payForReading(shell, rest);
  return shell.runner.statements(shell, parseToEnd(rest));
}

/** @returns undefined where more is needed, or the end of the piece is no end of a command */
function parsed(text: string): readonly Statement[] | undefined {
  try {
    return parseScript(text);
  } catch (error) {
    if (!(error instanceof ShellSyntaxError)) throw error;
    if (error.mayEndWith === undefined && text.endsWith('\n')) throw error;
    return undefined;
  }
}

/** Lines, and of long lines what ends with a semicolon. */
function* piecesOf(text: string): Generator<string> {
  for (const [line] of text.matchAll(/[^\n]*\n|[^\n]+$/g)) {
    // A semicolon in a comment ends nothing.
    if (isShort(line) || /(^|\s)#/.test(line)) {
      yield line;
      continue;
    }
    let start = 0;
    while (start < line.length) {
      const end = line.indexOf(';', start + SHORT) + 1;
      yield line.slice(start, end === 0 ? undefined : end);
      start = end === 0 ? line.length : end;
    }
  }
}
