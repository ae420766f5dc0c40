import type { Command } from 'commander';
import { closest } from 'fastest-levenshtein';
import { BreakfixError } from '../../core/errors.ts';
import type { CommandContext } from '../context.ts';

/** A command as a completion sees it. */
interface CompletedCommand {
  /** `start`, `cluster faults add` */
  readonly path: string;
  readonly description: string;
  readonly options: readonly { readonly flag: string; readonly description: string }[];
  /** What its arguments are, as `breakfix complete KIND` lists them. */
  readonly kind?: CompletionKind;
  /** Commands of its own. */
  readonly below: readonly CompletedCommand[];
}

/** What arguments and the values of flags can be, by their name in the help. */
const KINDS = {
  incident: 'incidents',
  lab: 'labs',
  ids: 'ids',
  shell: 'shells',
  fault: 'faults',
  name: 'clusters',
} as const;
type CompletionKind = (typeof KINDS)[keyof typeof KINDS];

const scripts: Readonly<Record<string, (commands: readonly CompletedCommand[]) => string>> = {
  bash,
  zsh,
  fish,
};

/** `breakfix completion SHELL`: a script that completes commands, options, incidents, labs and clusters. */
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
  const text = script(commandsOf(program, ''));
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
    case 'clusters':
      return new (await import('../cluster/store.ts')).ClusterStore().names();
    case 'faults':
      return Object.keys((await import('../cluster/fault-words.ts')).faultKinds);
    default:
      return [];
  }
}

function commandsOf(parent: Command, above: string): CompletedCommand[] {
  const helper = parent.createHelp();
  // What help adds by itself is no command of ours.
  const commands = helper.visibleCommands(parent).filter((command) => parent.commands.includes(command));
  return commands.map((command) => {
    const names = command.registeredArguments.map((argument) => argument.name());
    const kind = names
      .map((name) => KINDS[name as keyof typeof KINDS] as CompletionKind | undefined)
      .find(Boolean);
    const path = `${above} ${command.name()}`.trim();
    return {
      path,
      description: command.description(),
      options: helper
        .visibleOptions(command)
        .flatMap(({ long, description }) => (typeof long === 'string' ? [{ flag: long, description }] : [])),
      ...(kind === undefined ? {} : { kind }),
      below: commandsOf(command, path),
    };
  });
}

/** Commands with all that are below them. */
const flat = (commands: readonly CompletedCommand[]): CompletedCommand[] =>
  commands.flatMap((command) => [command, ...flat(command.below)]);
const lastOf = (path: string): string => path.slice(path.lastIndexOf(' ') + 1);

const ask = (kind: CompletionKind | undefined): string =>
  kind === undefined ? '' : `$(breakfix complete ${kind} 2>/dev/null)`;

function bash(commands: readonly CompletedCommand[]): string {
  const all = flat(commands);
  const cases = all.map(({ path, options, kind, below }) => {
    const flags = options.map(({ flag }) => flag).join(' ');
    const words = below.length > 0 ? below.map((one) => lastOf(one.path)).join(' ') : ask(kind);
    return `    '${path}') flags="${flags}"; [[ $cur == -* ]] || words="${words}" ;;`;
  });
  return `# breakfix completion for bash: eval "$(breakfix completion bash)"
_breakfix() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" words="" flags="" path="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path $word" in
      ${all.map(({ path }) => `' ${path}'`).join('|')}) path="$path $word" ;;
    esac
  done
  case "\${path# }" in
    '') words="${commands.map(({ path }) => path).join(' ')}" ;;
${cases.join('\n')}
  esac
  [[ $cur == -* ]] && words="$flags"
  [[ "\${COMP_WORDS[COMP_CWORD-1]}" == --name ]] && words="${ask('clusters')}"
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _breakfix breakfix
`;
}

function zsh(commands: readonly CompletedCommand[]): string {
  const all = flat(commands);
  const described = (some: readonly CompletedCommand[]): string =>
    some.map(({ path, description }) => `'${lastOf(path)}:${quoted(description)}'`).join(' ');
  const cases = all.map(({ path, options, kind, below }) => {
    const flags = options.map(({ flag, description }) => `'${flag}:${quoted(description)}'`).join(' ');
    const words =
      below.length > 0
        ? `{ commands=(${described(below)}); _describe command commands }`
        : kind === undefined
          ? '_files'
          : `compadd -- \${(f)"${ask(kind)}"}`;
    return `    '${path}') flags=(${flags}); [[ $PREFIX == -* ]] || ${words} ;;`;
  });
  return `#compdef breakfix
# breakfix completion for zsh: breakfix completion zsh > "\${fpath[1]}/_breakfix"
_breakfix() {
  local -a commands flags
  local at="" word
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at $word" in
      (${all.map(({ path }) => `' ${path}'`).join('|')}) at="$at $word" ;;
    esac
  done
  if [[ $words[CURRENT-1] == --name ]]; then
    compadd -- \${(f)"${ask('clusters')}"}
    return
  fi
  case "\${at# }" in
    '') commands=(${described(commands)}); _describe command commands ;;
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
  const offered = (some: readonly CompletedCommand[], above: string): string[] =>
    some.map(
      ({ path, description }) =>
        `complete -c breakfix -f -n '__breakfix_at ${above}' -a ${lastOf(path)} -d '${fishQuoted(description)}'`,
    );
  const lines = flat(commands).flatMap(({ path, options, kind, below }) => [
    ...offered(below, path),
    ...(kind === undefined
      ? []
      : [`complete -c breakfix -n '__breakfix_under ${path}' -a '(breakfix complete ${kind} 2>/dev/null)'`]),
    ...options.map(({ flag, description }) => {
      const value = flag === '--name' ? " -x -a '(breakfix complete clusters 2>/dev/null)'" : '';
      return `complete -c breakfix -n '__breakfix_under ${path}' -l ${flag.slice(2)} -d '${fishQuoted(description)}'${value}`;
    }),
  ]);
  return [
    '# breakfix completion for fish: breakfix completion fish | source',
    FISH_FUNCTIONS,
    ...offered(commands, ''),
    ...lines,
    '',
  ].join('\n');
}

/** Whether the words so far are a command, or begin with one. */
const FISH_FUNCTIONS = `function __breakfix_words
  string match -v -- '-*' (commandline -opc)[2..-1]
end
function __breakfix_at
  test "$(__breakfix_words | string join ' ')" = "$argv"
end
function __breakfix_under
  string match -q -- "$argv *" "$(__breakfix_words | string join ' ') "
end`;

function fishQuoted(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
}
