import { LineEditor } from '../terminal/line-editor.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { complete } from './completion.ts';
import { Abort, Exit, Interrupt, Jump } from './control.ts';
import { expandText } from './expand.ts';
import { handleSignals, report, runStatements } from './interpreter.ts';
import { Lines } from './lines.ts';
import { parseScript } from './parse.ts';
import { payForTyped } from './script.ts';
import type { Shell } from './shell.ts';
import { ShellSyntaxError } from './syntax-error.ts';
import type { Statement } from './tree.ts';

/** Prompts and runs what is typed until there is nothing more. @returns the exit code */
export async function interact(shell: Shell, terminal: Terminal): Promise<number> {
  for (const signal of ['INT', 'TERM', 'QUIT', 'HUP']) shell.signals.listen(signal);
  for (const letter of 'smi') shell.options.add(letter);
  const editor = new LineEditor(shell.context, terminal, shell.history, (line) => complete(shell, line));
  try {
    for (;;) {
      try {
        await handleSignals(shell);
        sayNews(shell);
        const statements = await readStatements(shell, editor);
        if (statements === undefined) return shell.status;
        shell.exitsWarned = Math.max(0, shell.exitsWarned - 1);
        if (statements.length > 0) shell.status = await runStatements(shell, statements);
      } catch (error) {
        shell.status = recover(shell, error);
      }
    }
  } finally {
    // Nobody is left who could continue them.
    for (const { pids, stoppedBy } of shell.jobs.list) {
      if (stoppedBy === undefined) continue;
      for (const signal of ['SIGHUP', 'SIGCONT'] as const) terminal.signalGroup(pids, signal);
    }
  }
}

/** Back to the prompt, unless it was the end. */
function recover(shell: Shell, error: unknown): number {
  if (error instanceof Interrupt) {
    shell.say('\n');
    return error.status;
  }
  if (error instanceof Exit) throw error;
  if (error instanceof Abort || error instanceof Jump) return error.status;
  return report(shell, error);
}

async function readStatements(shell: Shell, editor: LineEditor): Promise<readonly Statement[] | undefined> {
  const lines = new Lines();
  for (;;) {
    const typed = await editor.read(await promptOf(shell, lines.text === '' ? 'PS1' : 'PS2'));
    if (typed === 'interrupt') {
      if (shell.traps.has('INT')) shell.signals.raise('INT');
      else {
        shell.status = 130;
        shell.say('\n');
      }
      return [];
    }
    if (typed === 'end') {
      if (lines.text === '') return undefined;
      throw new ShellSyntaxError('unexpected end of file');
    }
    const line = `${typed.line}\n`;
    if (lines.readsAgainWith(line)) await payForTyped(shell, lines.text + line);
    const statements = lines.add(line);
    if (statements !== undefined) return statements;
  }
}

function sayNews(shell: Shell): void {
  for (const job of shell.jobs.list) {
    if (!job.isNews) continue;
    shell.say(`${shell.jobs.describe(job)}\n`);
    job.isNews = false;
    if (job.status !== undefined) shell.jobs.forget(job);
  }
}

async function promptOf(shell: Shell, name: 'PS1' | 'PS2'): Promise<string> {
  const text = (shell.variables.get(name) ?? '').replace(/\\([^])/g, (whole, letter: string) =>
    promptPart(shell, letter, whole),
  );
  if (!/[$`]/.test(text)) return text;
  const [statement] = parseScript(`: "${text.replace(/["\\]|\$$|\$(?=[^\w{(?])/g, '\\$&')}"`);
  const word = statement?.command.kind === 'simple' ? statement.command.words[1] : undefined;
  return word === undefined ? text : expandText(shell, word);
}

function promptPart(shell: Shell, letter: string, whole: string): string {
  const home = shell.variables.get('HOME') ?? '';
  const isBelowHome = home.length > 1 && `${shell.cwd}/`.startsWith(`${home}/`);
  const folder = isBelowHome ? `~${shell.cwd.slice(home.length)}` : shell.cwd;
  const { context } = shell;
  switch (letter) {
    case 'w':
      return folder;
    case 'W':
      return folder.replace(/^.*\/(?=.)/, '');
    case '$':
      return context.user.uid === 0 ? '#' : '$';
    case 'u':
      return context.processes.list().find(({ pid }) => pid === context.pid)?.user ?? '';
    case 'h':
    case 'H':
      return context.hostname;
    case 'n':
      return '\n';
    case 'e':
      return '\x1b';
    case '[':
    case ']':
      return '';
    default:
      return whole;
  }
}
