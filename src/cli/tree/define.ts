import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';

/** What a command does. @returns the exit code, where that is not 0 */
export type Work = (context: CommandContext) => Promise<unknown>;

/** @param examples command lines that work as they stand, without the program's name */
export type AddCommand = (usage: string, description: string, examples: readonly string[]) => Command;

/** Adds commands to the tree. */
export interface Tree {
  readonly command: AddCommand;
  /** Runs what the command line asked for. */
  readonly run: (work: Work) => Promise<void>;
}

const JSON_FLAG = ['--json', 'print one JSON document on standard output'] as const;

export function treeOf(program: Command, run: (work: Work) => Promise<void>): Tree {
  program.option(...JSON_FLAG).exitOverride();
  return { command: commandsUnder(program), run };
}

/** What adds commands to a command. */
export function commandsUnder(parent: Command): AddCommand {
  // Otherwise it takes flags of its commands that it has too.
  parent.enablePositionalOptions();
  return (usage, description, examples) => {
    const lines = examples.map((example) => `  $ breakfix ${example}`);
    return parent
      .command(usage)
      .description(description)
      .option(...JSON_FLAG)
      .exitOverride()
      .addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
  };
}
