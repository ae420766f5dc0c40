import type { Command } from 'commander';
import { closest } from 'fastest-levenshtein';
import { BreakfixError } from '../../core/errors.ts';
import type { CommandContext } from '../context.ts';

/** A command as a completion sees it. */
interface CompletedCommand {
  readonly name: string;
  readonly description: string;
  readonly options: readonly { readonly flag: string; readonly description: string }[];
  /** What its arguments are, as `breakfix complete KIND` lists them. */
  readonly kind?: CompletionKind;
}

/** What arguments can be, by their name in the help. */
const KINDS = { incident: 'incidents', lab: 'labs', ids: 'ids', shell: 'shells' } as const;
type CompletionKind = (typeof KINDS)[keyof typeof KINDS];

const scripts: Readonly<Record<string, (commands: readonly CompletedCommand[]) => string>> = {
  bash,
  zsh,
  fish,
};

/** `breakfix completion SHELL`: a script that completes commands, options, incidents and labs. */
export function completion(context: CommandContext, shell: string, program: Command): void {
  const names = Object.keys(scripts);
  const script = scripts[shell];
  if (script === undefined || !names.includes(shell)) {
    throw new BreakfixError({
      code: 'SHELL_UNKNOWN',
      kind: 'user',
      message: `there is no completion for "${shell}"; there is one for ${names.join(', ')}`,
      fix: `breakfix completion ${closest(shell, names)}`,
    });
  }
  const text = script(commandsOf(program));
  context.output.result({ shell, script: text }, text);
}

/** The hidden `breakfix complete KIND`: candidates for an argument, one a line. */
export async function complete(context: CommandContext, kind: string): Promise<void> {
  const candidates = await candidatesFor(context, kind);
  context.output.result(candidates, candidates.join('\n'));
}

async function candidatesFor(context: CommandContext, kind: string): Promise<string[]> {
  switch (kind) {
    case 'incidents':
      return (await context.catalogue()).map(({ incident }) => incident);
    case 'ids':
      return (await context.catalogue()).map(({ id }) => id);
    case 'labs':
      return context.store.list().map(({ name }) => name);
    case 'shells':
      return Object.keys(scripts);
    default:
      return [];
  }
}

function commandsOf(program: Command): CompletedCommand[] {
  const helper = program.createHelp();
  return helper.visibleCommands(program).map((command) => {
    const names = command.registeredArguments.map((argument) => argument.name());
    const kind = names
      .map((name) => KINDS[name as keyof typeof KINDS] as CompletionKind | undefined)
      .find(Boolean);
    return {
      name: command.name(),
      description: command.description(),
      options: helper
        .visibleOptions(command)
        .flatMap(({ long, description }) => (typeof long === 'string' ? [{ flag: long, description }] : [])),
      ...(kind === undefined ? {} : { kind }),
    };
  });
}

const ask = (kind: CompletionKind | undefined): string =>
  kind === undefined ? '' : `$(breakfix complete ${kind} 2>/dev/null)`;

function bash(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(({ name, options, kind }) => {
    const flags = options.map(({ flag }) => flag).join(' ');
    return `      ${name}) flags="${flags}"; [[ $cur == -* ]] || words="${ask(kind)}" ;;`;
  });
  return `# breakfix completion for bash: eval "$(breakfix completion bash)"
_breakfix() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" words="" flags=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${commands.map(({ name }) => name).join(' ')}"
  else
    case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    esac
    [[ $cur == -* ]] && words="$flags"
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _breakfix breakfix
`;
}

function zsh(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name, description }) => `    '${name}:${quoted(description)}'`);
  const cases = commands.map(({ name, options, kind }) => {
    const flags = options.map(({ flag, description }) => `'${flag}:${quoted(description)}'`).join(' ');
    const words = kind === undefined ? '_files' : `compadd -- \${(f)"${ask(kind)}"}`;
    return `    ${name}) flags=(${flags}); [[ $PREFIX == -* ]] || ${words} ;;`;
  });
  return `#compdef breakfix
# breakfix completion for zsh: breakfix completion zsh > "\${fpath[1]}/_breakfix"
_breakfix() {
  local -a commands flags
  commands=(
${names.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  case "$words[2]" in
${cases.join('\n')}
  esac
  [[ $PREFIX == -* ]] && _describe option flags
}
compdef _breakfix breakfix
`;
}

/** Inside single quotes of a list for zsh's _describe. */
function quoted(text: string): string {
  return text.replaceAll("'", "'\\''").replaceAll(':', '\\:');
}

function fish(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ name, description, options, kind }) => {
    const on = `-n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c breakfix -n __fish_use_subcommand -a ${name} -d '${fishQuoted(description)}'`,
      ...(kind === undefined
        ? []
        : [`complete -c breakfix ${on} -a '(breakfix complete ${kind} 2>/dev/null)'`]),
      ...options.map(
        ({ flag, description: about }) =>
          `complete -c breakfix ${on} -l ${flag.slice(2)} -d '${fishQuoted(about)}'`,
      ),
    ];
  });
  return ['# breakfix completion for fish: breakfix completion fish | source', ...lines, ''].join('\n');
}

function fishQuoted(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
}
