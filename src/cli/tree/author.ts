import type { Command } from 'commander';
import type { VerifyFlags } from '../commands/verify.ts';
import type { Tree } from './define.ts';

/** What authors of scenarios need, and what looks after the installation. */
export function addAuthorCommands({ command, run }: Tree, program: Command): void {
  command('verify [ids...]', 'prove that scenarios are sound (for authors)', [
    'verify --all',
    'verify readiness-probe --seeds 3',
    'verify scenarios/my-failure/scenario.ts --seeds 7,12',
    "verify readiness-probe --only fix --only 'hack always-true'",
  ])
    .option('--all', 'every scenario')
    .option('--provider <name>', 'embedded or kind', 'embedded')
    .option('--seeds <seeds>', 'how many, or which (7,12 or 7,)', '1')
    .option('--only <text>', 'only cases with this in their name; again for more of them', together, [])
    .option('--whole', 'grade wrong repairs to the end too')
    .action((ids: string[], flags: VerifyFlags) =>
      run(async (context) => (await import('../commands/verify.ts')).verify(context, ids, flags)),
    );
  command('solve [lab]', 'apply a listed fix (for authors)', ['solve', 'solve inc-2041 --fix rollback'])
    .option('--fix <id>', 'which one; the first where absent')
    .action((lab: string | undefined, flags: { fix?: string }) =>
      run(async (context) => (await import('../commands/solve.ts')).solve(context, lab, flags)),
    );
  command('new', 'begin a scenario of your own', ['new scenario my-failure'])
    .command('scenario <id>')
    .description('a scenario to change, sound as it is')
    .option('--dir <folder>', 'where its folder is made', 'scenarios')
    .option('--json', 'print one JSON document on standard output')
    .exitOverride()
    .addHelpText('after', '\nExamples:\n  $ breakfix new scenario my-failure --dir scenarios')
    .action((id: string, flags: { dir: string }) =>
      run(async (context) => (await import('../commands/new-scenario.ts')).newScenario(context, id, flags)),
    );
  command('doctor', 'what each provider needs, what is missing, and how to get it', ['doctor']).action(() =>
    run(async (context) => (await import('../commands/doctor.ts')).doctor(context)),
  );
  command('completion <shell>', 'a completion script: bash, zsh or fish', ['completion bash']).action(
    (shell: string) =>
      run(async (context) => (await import('../commands/completion.ts')).completion(context, shell, program)),
  );
  program
    .command('complete <kind>', { hidden: true })
    .option('--json')
    .exitOverride()
    .action((kind: string) =>
      run(async (context) => (await import('../commands/completion.ts')).complete(context, kind)),
    );
}

/** An option that may be given several times. */
const together = (text: string, before: readonly string[]): readonly string[] => [...before, text];
