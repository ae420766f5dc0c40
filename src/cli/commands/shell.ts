import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { constants, homedir } from 'node:os';
import { basename, join } from 'node:path';
import { BreakfixError, messageOf } from '../../core/errors.ts';
import type { CommandContext } from '../context.ts';

interface ShellCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Files that the shell reads at its start, by name in `folder`. */
  readonly files: Readonly<Record<string, string>>;
}

/** `breakfix shell`: a subshell that works on the lab, with a prompt that names it. @returns the shell's exit code */
export async function shell(context: CommandContext, name: string | undefined): Promise<number> {
  const { output } = context;
  const lab = await context.open(name);
  await lab.cluster[Symbol.asyncDispose]();
  const folder = lab.folder.file('shell');
  const program = process.env['SHELL'] ?? (process.platform === 'win32' ? 'powershell.exe' : '/bin/sh');
  const command = shellFor(program, folder, lab.record.incident, process.env);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const [file, text] of Object.entries(command.files)) writeFileSync(join(folder, file), text);
  output.note(`a shell for ${lab.record.incident}; exit leaves it`);
  const code = await runShell(command, {
    KUBECONFIG: lab.folder.file('kubeconfig'),
    BREAKFIX_LAB: lab.name,
  });
  return code;
}

/**
 * How a shell is started so that its prompt names the incident and the user's own settings stay.
 * @param folder where its files will be
 */
export function shellFor(
  program: string,
  folder: string,
  incident: string,
  environment: Readonly<Record<string, string | undefined>>,
): ShellCommand {
  const mark = `(${incident})`;
  switch (basename(program)) {
    case 'bash':
      return {
        program,
        args: ['--rcfile', join(folder, 'bashrc'), '-i'],
        env: {},
        files: { bashrc: `[ -r ~/.bashrc ] && . ~/.bashrc\nPS1="${mark} $PS1"\n` },
      };
    case 'zsh': {
      const own = environment['ZDOTDIR'] ?? homedir();
      return {
        program,
        args: ['-i'],
        env: { ZDOTDIR: folder },
        files: {
          '.zshenv': `[ -r '${own}/.zshenv' ] && . '${own}/.zshenv'\n`,
          '.zshrc': `ZDOTDIR='${own}'\n[ -r "$ZDOTDIR/.zshrc" ] && . "$ZDOTDIR/.zshrc"\nPROMPT="${mark} $PROMPT"\n`,
        },
      };
    }
    case 'fish': {
      const prompt = `functions -q fish_prompt; and functions -c fish_prompt breakfix_prompt; function fish_prompt; echo -n '${mark} '; functions -q breakfix_prompt; and breakfix_prompt; end`;
      return { program, args: ['-i', '-C', prompt], env: {}, files: {} };
    }
    case 'powershell.exe':
    case 'pwsh': {
      const prompt = `$inner = $function:prompt; function prompt { '${mark} ' + (& $inner) }`;
      return { program, args: ['-NoExit', '-Command', prompt], env: {}, files: {} };
    }
    default:
      return { program, args: ['-i'], env: { PS1: `${mark} $ ` }, files: {} };
  }
}

function runShell(
  { program, args, env }: ShellCommand,
  variables: Readonly<Record<string, string>>,
): Promise<number> {
  // Ctrl-C is for what runs in the shell; it reaches this process too, which must outlive it.
  const ignore = (): void => {};
  process.on('SIGINT', ignore);
  return new Promise<number>((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, ...env, ...variables } });
    child.once('error', (cause) => reject(notStarted(program, cause)));
    child.once('exit', (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  }).finally(() => process.off('SIGINT', ignore));
}

function notStarted(program: string, cause: unknown): BreakfixError {
  return new BreakfixError({
    code: 'SHELL_NOT_STARTED',
    kind: 'environment',
    message: `the shell ${program} cannot be started: ${messageOf(cause)}`,
    fix: 'set SHELL to one that is installed: SHELL=/bin/sh breakfix shell',
    cause,
  });
}
