import type { Applet, Command } from '../command.ts';
import { errorWords } from '../errors.ts';
import { decode, Input } from '../streams.ts';
import { terminalOf } from '../terminal/terminal.ts';
import { setOptions } from './builtins/variables.ts';
import { ShellError } from './control.ts';
import { interact } from './interactive.ts';
import { Lines } from './lines.ts';
import { runner, runStatements, runToEnd } from './interpreter.ts';
import { parseToEnd } from './parse.ts';
import { isShort, payForReading, runInPieces } from './script.ts';
import type { Shell as ShellType } from './shell.ts';
import { Shell } from './shell.ts';
import { ShellSyntaxError } from './syntax-error.ts';
import type { Simple, Statement } from './tree.ts';

/** `sh`: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/sh.html */
export const sh: Applet = async (command) => {
  const { context } = command;
  const args = readArguments(command.args);
  const input = terminalOf(context.stdin);
  const wantsPrompt = args.isForcedInteractive || (args.text === undefined && args.file === undefined);
  const terminal = input ?? terminalOf(context.stderr);
  const isInteractive = wantsPrompt && input !== undefined && terminalOf(context.stderr) !== undefined;
  const shell = new Shell(context, runner, {
    name: args.name ?? command.context.args[0] ?? 'sh',
    multicall: command.multicall,
    isInteractive,
    terminal,
  });
  shell.positional = args.positional;
  if (args.name !== undefined) shell.script = args.name;
  return runToEnd(shell, async () => {
    setOptions(shell, args.options);
    if (args.text !== undefined) {
      shell.options.add('c');
      return runText(shell, args.text);
    }
    if (args.file !== undefined) return runFile(shell, command, args.file);
    if (isInteractive) return interact(shell, input);
    return runInput(shell);
  });
};

interface Arguments {
  readonly options: readonly string[];
  readonly text: string | undefined;
  readonly file: string | undefined;
  /** `$0`, where it is not the shell's own name. */
  readonly name: string | undefined;
  readonly positional: readonly string[];
  readonly isForcedInteractive: boolean;
}

function readArguments(args: readonly string[]): Arguments {
  const options: string[] = [];
  let letters = '';
  let index = 0;
  for (; /^[-+]./.test(args[index] ?? ''); index++) {
    const argument = args[index] ?? '';
    if (argument === '--') {
      index++;
      break;
    }
    letters += argument.slice(1);
    const own = argument.replace(/[cils]/g, '');
    if (own.length > 1) options.push(own);
    if (argument.endsWith('o')) options.push(args[++index] ?? '');
  }
  const rest = args.slice(index);
  const isForcedInteractive = letters.includes('i');
  if (letters.includes('c')) {
    const [text, name, ...positional] = rest;
    if (text === undefined) throw new ShellError('-c requires an argument');
    return { options, text, file: undefined, name, positional, isForcedInteractive };
  }
  const file = letters.includes('s') ? undefined : rest[0];
  const positional = file === undefined ? rest : rest.slice(1);
  return { options, text: undefined, file, name: file, positional, isForcedInteractive };
}

/** `-c`: lines are counted from 0, and the last command takes the shell's place. */
async function runText(shell: ShellType, text: string): Promise<number> {
  shell.lineOffset = -1;
  if (!isShort(text)) return runInPieces(shell, text);
  await payForReading(shell, text);
  const statements = parseAsFarAsPossible(shell, text);
  if (statements === undefined) return runLines(shell, linesOf(text));
  const last = statements.at(-1);
  const final = last === undefined ? undefined : finalCommand(shell, last);
  if (final === undefined) return runStatements(shell, statements);
  await runStatements(shell, statements.slice(0, -1));
  if (shell.traps.size > 0 || shell.functions.has(final.words[0]?.literal ?? '')) {
    return runStatements(shell, statements.slice(-1));
  }
  return runStatements(shell, [{ command: asExec(final), background: false, text: '' }]);
}

/** The command that a script ends with, where nothing comes after its program. */
function finalCommand(shell: ShellType, statement: Statement): Simple | undefined {
  const { command, background } = statement;
  if (background || command.kind !== 'simple') return undefined;
  const name = command.words[0]?.literal;
  return name !== undefined && !shell.isBuiltin(name) ? command : undefined;
}

function asExec(command: Simple): Simple {
  return { ...command, words: [{ parts: [], literal: 'exec' }, ...command.words], isImplied: true };
}

/** @returns undefined where a syntax error comes after something that is to be run first */
function parseAsFarAsPossible(shell: ShellType, text: string): readonly Statement[] | undefined {
  try {
    return parseToEnd(text);
  } catch (error) {
    if (!(error instanceof ShellSyntaxError)) throw error;
    return undefined;
  }
}

async function runFile(shell: ShellType, command: Command, file: string): Promise<number> {
  let text: string;
  try {
    text = shell.files.readText(command.path(file));
  } catch (error) {
    shell.script = undefined;
    shell.name = command.context.args[0] ?? 'sh';
    throw new ShellError(`can't open '${file}': ${errorWords(error)}`);
  }
  if (!isShort(text)) return runInPieces(shell, text);
  await payForReading(shell, text);
  const statements = parseAsFarAsPossible(shell, text);
  return statements === undefined ? runLines(shell, linesOf(text)) : runStatements(shell, statements);
}

/**
 * Standard input as a script, command by command. What has come at once is the shell's: commands read what comes
 * after it.
 */
function runInput(shell: ShellType): Promise<number> {
  const source = new Input({ read: () => shell.stdin.read() }, shell.context);
  shell.options.add('s');
  return runLines(shell, () => source.readUntil().then((bytes) => bytes && decode(bytes)));
}

function linesOf(text: string): () => Promise<string | undefined> {
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  let index = 0;
  return () => Promise.resolve(lines[index++]);
}

async function runLines(shell: ShellType, next: () => Promise<string | undefined>): Promise<number> {
  const lines = new Lines();
  let count = 0;
  const offset = shell.lineOffset;
  for (let line = await next(); line !== undefined; line = await next()) {
    count++;
    // What is not whole yet is read again with every line.
    await payForReading(shell, lines.text + line);
    const statements = lines.add(line);
    if (statements === undefined) continue;
    await runStatements(shell, statements);
    shell.lineOffset = offset + count;
  }
  if (lines.text !== '') await runStatements(shell, parseToEnd(lines.text));
  return shell.status;
}
