import { builtins, isSpecial } from './builtins/table.ts';
import { Abort, Exit, Interrupt, Jump, LoopJump, Return, ShellError } from './control.ts';
import { expandPattern, expandText } from './expand.ts';
import { compilePattern } from '../common/pattern.ts';
import { parseReadable, runScript } from './script.ts';
import { forkShell, isPlain, pipeOf, readOutput, startProgram, waitForeground } from './processes.ts';
import type { Running } from './processes.ts';
import { quoted } from './quote.ts';
import { redirected } from './redirect.ts';
import { replaceProgram } from './replace.ts';
import type { Descriptor, Runner, Shell } from './shell.ts';
import { SIGNALS } from '../common/signals.ts';
import { Failure, memoryProblem, OUT_OF_MEMORY } from '../errors.ts';
import { ShellSyntaxError } from './syntax-error.ts';
import { expandWords } from './words.ts';
import type { Assignment, Command, Redirection, Simple, Statement } from './tree.ts';

/** Functions may call each other this deep; the real thing runs out of stack somewhere there. */
const DEEPEST = 5000;

export const runner: Runner = {
  statements: runStatements,
  words: (shell, words, plain) => runWords(shell, words, { plain, environment: [] }),
  replace: replaceProgram,
  substitute,
  builtins: new Set(builtins.keys()),
};

/** Runs statements in turn. @returns the status of the last one */
export async function runStatements(shell: Shell, statements: readonly Statement[]): Promise<number> {
  let status = 0;
  for (const statement of statements) {
    if (shell.hasOption('n') && !shell.isInteractive) return status;
    shell.text = statement.text;
    if (statement.background) {
      await runInBackground(shell, statement);
      status = 0;
    } else {
      status = await runCommand(shell, statement.command);
    }
    shell.status = status;
    // Also behind the last one, such as a `wait` that a signal has ended.
    if (shell.signals.hasArrived) await handleSignals(shell);
  }
  return status;
}

/** Runs what may jump out of a script to its end, exit trap included. @returns the exit code */
export async function runToEnd(shell: Shell, run: () => Promise<number>): Promise<number> {
  const status = await exitCode(shell, run);
  const trap = shell.traps.get('EXIT');
  if (trap === undefined || trap === '') return status;
  shell.traps.delete('EXIT');
  shell.status = status;
  let left = status;
  await exitCode(shell, async () => {
    try {
      await runScript(shell, trap);
    } catch (jump) {
      if (jump instanceof Exit) left = jump.status;
      else throw jump;
    }
    return status;
  });
  return left;
}

async function exitCode(shell: Shell, run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Jump) return error.status;
    return report(shell, error);
  }
}

/** Says what is wrong. @returns the exit code; what is no error of a script is thrown on */
export function report(shell: Shell, thrown: unknown): number {
  const problem = memoryProblem(thrown) ?? (thrown instanceof Failure ? thrown : undefined);
  const error = problem === undefined ? thrown : new ShellError(problem.message, problem.code);
  if (error instanceof ShellSyntaxError) {
    const isArithmetic = error.message === 'arithmetic';
    shell.complain(isArithmetic ? 'arithmetic syntax error' : `syntax error: ${error.message}`);
    return 2;
  }
  if (!(error instanceof ShellError)) throw error;
  if (error.message === OUT_OF_MEMORY) shell.context.memory.exhaust();
  if (error.message !== '') shell.complain(error.message);
  return error.status;
}

async function runCommand(shell: Shell, command: Command): Promise<number> {
  switch (command.kind) {
    case 'simple':
      return afterwards(shell, await runSimple(shell, command));
    case 'pipeline':
      return afterwards(shell, await runPipeline(shell, command.commands));
    case 'subshell':
      return afterwards(shell, await runSubshell(shell, command.body));
    case 'not':
      return (shell.status =
        (await asCondition(shell, () => runCommand(shell, command.command))) === 0 ? 1 : 0);
    case 'and':
    case 'or': {
      const left = await asCondition(shell, () => runCommand(shell, command.left));
      shell.status = left;
      return (left === 0) === (command.kind === 'and') ? runCommand(shell, command.right) : left;
    }
    case 'group':
      return runStatements(shell, command.body);
    case 'if': {
      const isTrue = (await asCondition(shell, () => runStatements(shell, command.condition))) === 0;
      if (isTrue) return runStatements(shell, command.then);
      return command.otherwise === undefined ? 0 : runCommand(shell, command.otherwise);
    }
    case 'loop':
      return runLoop(shell, async () => {
        const status = await asCondition(shell, () => runStatements(shell, command.condition));
        return (status === 0) === command.until ? undefined : command.body;
      });
    case 'for':
      return runFor(shell, command);
    case 'case':
      return runCase(shell, command);
    case 'function':
      shell.functions.set(command.name, command.body);
      return 0;
    case 'redirected':
      return runRedirected(shell, command.command, command.redirections);
  }
}

/** `set -e`, and what a command costs. */
function afterwards(shell: Shell, status: number): number {
  shell.status = status;
  if (status !== 0 && shell.tested === 0 && shell.hasOption('e')) throw new Exit(status);
  return status;
}

async function asCondition(shell: Shell, run: () => Promise<number>): Promise<number> {
  shell.tested++;
  try {
    return await run();
  } finally {
    shell.tested--;
  }
}

/** Charges a step, and lets signals have their effect. */
export async function breathe(shell: Shell, micros?: number): Promise<void> {
  if (shell.step(micros)) await shell.pay();
  if (shell.signals.hasArrived) await handleSignals(shell);
}

/** Runs the traps of the signals that have arrived. */
export async function handleSignals(shell: Shell): Promise<void> {
  for (let name = shell.signals.take(); name !== undefined; name = shell.signals.take()) {
    const trap = shell.traps.get(name);
    if (trap === undefined) {
      if (!shell.isInteractive) throw new Exit(128 + (SIGNALS[name] ?? 0));
      if (name === 'HUP') throw new Exit(129);
      if (name === 'INT') throw new Interrupt();
      continue;
    }
    const { status } = shell;
    if (trap !== '') await runScript(shell, trap);
    shell.status = status;
  }
}

async function runLoop(shell: Shell, next: () => Promise<readonly Statement[] | undefined>): Promise<number> {
  let status = 0;
  shell.loopDepth++;
  try {
    for (;;) {
      await breathe(shell);
      try {
        const body = await next();
        if (body === undefined) return status;
        status = await runStatements(shell, body);
      } catch (jump) {
        if (!(jump instanceof LoopJump)) throw jump;
        if (jump.levels > 1 && shell.loopDepth > 1) throw new LoopJump(jump.kind, jump.levels - 1);
        status = 0;
        shell.status = 0;
        if (jump.kind === 'break') return status;
      }
    }
  } finally {
    shell.loopDepth--;
  }
}

async function runFor(shell: Shell, command: Extract<Command, { kind: 'for' }>): Promise<number> {
  const values = command.items === undefined ? shell.positional : await expandWords(shell, command.items);
  let index = 0;
  return runLoop(shell, () => {
    const value = values[index++];
    if (value !== undefined) shell.set(command.name, value);
    return Promise.resolve(value === undefined ? undefined : command.body);
  });
}

async function runCase(shell: Shell, command: Extract<Command, { kind: 'case' }>): Promise<number> {
  const text = await expandText(shell, command.word);
  for (const item of command.items) {
    for (const word of item.patterns) {
      const pattern = await expandPattern(shell, word);
      if (compilePattern(pattern).matches(text)) return runStatements(shell, item.body);
    }
  }
  return 0;
}

async function runRedirected(
  shell: Shell,
  command: Command,
  redirections: readonly Redirection[],
): Promise<number> {
  const descriptors = await tryRedirect(shell, redirections);
  if (descriptors === undefined) return afterwards(shell, 1);
  return withDescriptors(shell, descriptors, () => runCommand(shell, command));
}

async function tryRedirect(
  shell: Shell,
  redirections: readonly Redirection[],
): Promise<Map<number, Descriptor> | undefined> {
  try {
    return await redirected(shell, redirections);
  } catch (error) {
    if (!(error instanceof ShellError) || error.status !== 1) throw error;
    shell.complain(error.message);
    return undefined;
  }
}

async function withDescriptors<T>(
  shell: Shell,
  descriptors: Map<number, Descriptor>,
  run: () => Promise<T>,
): Promise<T> {
  const before = shell.descriptors;
  shell.descriptors = descriptors;
  try {
    return await run();
  } finally {
    if (shell.descriptors === descriptors) shell.descriptors = before;
  }
}

async function runSimple(shell: Shell, command: Simple): Promise<number> {
  await breathe(shell);
  shell.line = command.line;
  shell.substituted = undefined;
  const alias = aliasOf(shell, command);
  if (alias !== undefined) return runSimple(shell, alias);
  const words = await expandWords(shell, command.words);
  const [name] = words;
  if (name === undefined) {
    await assign(shell, command.assignments);
    const descriptors = await tryRedirect(shell, command.redirections);
    return descriptors === undefined ? 1 : shell.takeSubstituted();
  }
  const environment = await values(shell, command.assignments);
  trace(shell, environment, command.isImplied === true ? words.slice(1) : words);
  const descriptors = await tryRedirect(shell, command.redirections);
  if (descriptors === undefined) {
    if (isSpecial(name) && !shell.isInteractive) throw new Abort(1);
    return 1;
  }
  if (name === 'exec') {
    if (words.length > 1 && command.isImplied !== true) shell.builtin = 'exec';
    return runExec(shell, words, environment, descriptors);
  }
  return withDescriptors(shell, descriptors, () => runWords(shell, words, { plain: false, environment }));
}

/** `exec` keeps its redirections. */
async function runExec(
  shell: Shell,
  words: readonly string[],
  environment: Values,
  descriptors: Map<number, Descriptor>,
): Promise<number> {
  for (const [name, value] of environment) {
    shell.set(name, value);
    shell.variables.mark(name, { isExported: true });
  }
  shell.descriptors = descriptors;
  if (words.length === 1) return 0;
  const status = await replaceProgram(shell, words.slice(1));
  shell.traps.delete('EXIT');
  throw new Exit(status);
}

/** The command with its alias in place of the first word, where it has one. */
function aliasOf(shell: Shell, command: Simple): Simple | undefined {
  const [first, ...rest] = command.words;
  if (shell.aliases.size === 0 || first?.literal === undefined || first.parts[0]?.kind !== 'text') {
    return undefined;
  }
  const text = shell.aliases.get(first.literal);
  const replacement = text === undefined ? undefined : parseReadable(text)[0]?.command;
  if (replacement?.kind !== 'simple' || replacement.words[0]?.literal === first.literal) {
    if (replacement?.kind !== 'simple') return undefined;
    const [own, ...others] = replacement.words;
    // An alias of itself (`ls='ls -l'`) is not looked up again: what is quoted is no alias.
    const name = {
      parts: [{ kind: 'quoted', text: own?.literal ?? '' }],
      literal: own?.literal ?? '',
    } as const;
    return { ...command, words: [name, ...others, ...rest] };
  }
  return { ...command, words: [...replacement.words, ...rest] };
}

type Values = readonly (readonly [name: string, value: string])[];

async function values(shell: Shell, assignments: readonly Assignment[]): Promise<Values> {
  const result: (readonly [string, string])[] = [];
  for (const { name, value } of assignments) result.push([name, await expandText(shell, value, true)]);
  return result;
}

async function assign(shell: Shell, assignments: readonly Assignment[]): Promise<void> {
  const assigned: (readonly [string, string])[] = [];
  for (const { name, value } of assignments) {
    const text = await expandText(shell, value, true);
    assigned.push([name, text]);
    shell.set(name, text);
    if (shell.hasOption('a')) shell.variables.mark(name, { isExported: true });
  }
  if (assigned.length > 0) trace(shell, assigned, []);
}

function trace(shell: Shell, environment: Values, words: readonly string[]): void {
  if (!shell.hasOption('x')) return;
  const assigned = environment.map(([name, value]) => `${name}=${quoted(value)}`);
  const prefix = shell.variables.get('PS4') ?? '+ ';
  shell.say(`${prefix}${[...assigned, ...words.map(quoted)].join(' ')}\n`);
}

async function runWords(
  shell: Shell,
  words: readonly string[],
  options: { readonly plain: boolean; readonly environment: Values },
): Promise<number> {
  const [name = ''] = words;
  const body = options.plain ? undefined : shell.functions.get(name);
  if (body !== undefined) {
    return withAssignments(shell, options.environment, () => callFunction(shell, body, words.slice(1)));
  }
  if (builtins.has(name)) return runBuiltin(shell, words, options);
  const environment = { ...shell.variables.environment(), ...Object.fromEntries(options.environment) };
  const started = startProgram(shell, words, environment, shell.descriptors);
  return typeof started === 'number' ? started : waitForeground(shell, [started]);
}

async function callFunction(shell: Shell, body: Command, args: readonly string[]): Promise<number> {
  if (shell.callDepth >= DEEPEST) {
    shell.say('Segmentation fault\n');
    throw new Exit(139);
  }
  // Lets the host's stack unwind: however deep functions call each other, it stays flat.
  await Promise.resolve();
  const { positional, loopDepth } = shell;
  shell.positional = args;
  shell.loopDepth = 0;
  shell.callDepth++;
  try {
    return await shell.variables.within(() => runCommand(shell, body));
  } catch (jump) {
    if (jump instanceof Return) return jump.status;
    throw jump;
  } finally {
    shell.callDepth--;
    shell.loopDepth = loopDepth;
    shell.positional = positional;
  }
}

/** With values that hold for one command only. */
async function withAssignments<T>(shell: Shell, environment: Values, run: () => Promise<T>): Promise<T> {
  if (environment.length === 0) return run();
  return shell.variables.within(() => {
    for (const [name, value] of environment) {
      shell.variables.local(name);
      shell.set(name, value);
      shell.variables.mark(name, { isExported: true });
    }
    return run();
  });
}

async function runBuiltin(
  shell: Shell,
  words: readonly string[],
  options: { readonly plain: boolean; readonly environment: Values },
): Promise<number> {
  const [name = '', ...args] = words;
  const builtin = builtins.get(name);
  const special = isSpecial(name) && !options.plain;
  const before = shell.builtin;
  if (special) for (const [variable, value] of options.environment) shell.set(variable, value);
  try {
    shell.builtin = name;
    const run = async (): Promise<number> => builtin?.(shell, args, name) ?? 127;
    return await withAssignments(shell, special ? [] : options.environment, run);
  } catch (error) {
    if (error instanceof Jump) throw error;
    const status = report(shell, error);
    if (special) throw new Abort(status);
    return status;
  } finally {
    shell.builtin = before;
  }
}

async function runPipeline(shell: Shell, commands: readonly Command[]): Promise<number> {
  const running = await startPipeline(shell, commands, shell.descriptors);
  return waitForeground(shell, running);
}

async function startPipeline(
  shell: Shell,
  commands: readonly Command[],
  descriptors: Map<number, Descriptor>,
): Promise<readonly Running[]> {
  const running: Running[] = [];
  let input = descriptors.get(0);
  for (const [index, command] of commands.entries()) {
    const isLast = index === commands.length - 1;
    const pipe = isLast ? undefined : pipeOf(shell);
    const own = new Map(descriptors);
    if (input === undefined) own.delete(0);
    else own.set(0, input);
    if (pipe !== undefined) own.set(1, { output: pipe.output });
    running.push(await startCommand(shell, command, own));
    pipe?.output.end();
    input = pipe === undefined ? undefined : { input: pipe.input };
  }
  return running;
}

/** Starts a command as a process of its own: the program itself where it is one, otherwise a subshell. */
async function startCommand(
  shell: Shell,
  command: Command,
  descriptors: Map<number, Descriptor>,
): Promise<Running> {
  const isProgram = command.kind === 'simple' && isPlain(shell, command, builtins);
  if (!isProgram) {
    return forkShell(shell, descriptors, (sub) => runToEnd(sub, () => runCommand(sub, command)));
  }
  return withDescriptors(shell, descriptors, async () => {
    shell.line = command.line;
    const words = await expandWords(shell, command.words);
    const assigned = await values(shell, command.assignments);
    trace(shell, assigned, words);
    const redirectedTo = await tryRedirect(shell, command.redirections);
    if (redirectedTo === undefined) return { exited: Promise.resolve(1) };
    const environment = { ...shell.variables.environment(), ...Object.fromEntries(assigned) };
    const started = startProgram(shell, words, environment, redirectedTo);
    return typeof started === 'number' ? { exited: Promise.resolve(started) } : started;
  });
}

async function runSubshell(shell: Shell, body: readonly Statement[]): Promise<number> {
  await breathe(shell);
  const child = forkShell(shell, shell.descriptors, (sub) => runToEnd(sub, () => runStatements(sub, body)));
  return waitForeground(shell, [child]);
}

async function substitute(shell: Shell, body: readonly Statement[]): Promise<string> {
  await breathe(shell);
  const pipe = pipeOf(shell);
  const descriptors = new Map(shell.descriptors).set(1, { output: pipe.output });
  const child = forkShell(shell, descriptors, (sub) => runToEnd(sub, () => runStatements(sub, body)));
  pipe.output.end();
  const text = await readOutput(shell, pipe.input);
  shell.substituted = await child.exited;
  return text.replace(/\n+$/, '');
}

async function runInBackground(shell: Shell, statement: Statement): Promise<void> {
  const { command, text } = statement;
  const descriptors = new Map(shell.descriptors);
  if (!shell.isInteractive) descriptors.delete(0);
  const running =
    command.kind === 'pipeline'
      ? await startPipeline(shell, command.commands, descriptors)
      : [await startCommand(shell, command, descriptors)];
  const pids = running.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  for (const pid of pids) shell.terminal?.addBackground(pid);
  shell.jobs.add(running, shell.isInteractive ? text : '');
  shell.lastBackground = pids.at(-1) ?? shell.lastBackground;
}
