import type { DiagnoseFlags } from '../commands/diagnose.ts';
import type { ReplayFlags } from '../commands/replay.ts';
import type { StartFlags } from '../commands/start.ts';
import type { Tree } from './define.ts';

/** What somebody who repairs things needs. */
export function addLearnerCommands({ command, run }: Tree): void {
  command('list', 'the incidents', ['list', 'list --area dns'])
    .option('--area <area>', 'probes, dns, images or memory')
    .option('--difficulty <difficulty>', 'beginner, intermediate or advanced')
    .option('--author', 'with what learners must not see')
    .action((flags: { area?: string; difficulty?: string; author?: boolean }) =>
      run(async (context) => (await import('../commands/list.ts')).list(context, flags)),
    );
  command('show <incident>', 'the ticket of an incident and its rules', ['show INC-2041'])
    .option('--author', 'with what learners must not see')
    .action((incident: string, flags: { author?: boolean }) =>
      run(async (context) => (await import('../commands/list.ts')).show(context, incident, flags)),
    );
  command('start [incident]', 'start a lab: a broken cluster and a ticket', [
    'start',
    'start INC-2041 --seed 7',
    'start --area dns --provider kind',
    'start --file scenarios/my-failure/scenario.ts',
  ])
    .option('--provider <name>', 'embedded (the default) or kind')
    .option('--seed <number>', 'the same numbers and names again')
    .option('--area <area>', 'the first incident of an area; with --random, any one of it')
    .option('--random', 'any incident')
    .option('--fresh', 'a new cluster, even if one of an ended lab is kept (kind)')
    .option('--id <id>', 'a scenario by its id (for authors)')
    .option('--file <path>', 'a scenario of your own')
    .action((incident: string | undefined, flags: StartFlags) =>
      run(async (context) => (await import('../commands/start.ts')).start(context, incident, flags)),
    );
  command('status', 'the labs that run', ['status', 'status --json']).action(() =>
    run(async (context) => (await import('../commands/status.ts')).status(context)),
  );
  addWork({ command, run });
  addEnd({ command, run });
}

function addWork({ command, run }: Tree): void {
  command('shell [lab]', 'a subshell that works on the lab', ['shell', 'shell inc-2041']).action(
    (lab: string | undefined) =>
      run(async (context) => (await import('../commands/shell.ts')).shell(context, lab)),
  );
  command('hint [lab]', 'the next hint', ['hint']).action((lab: string | undefined) =>
    run(async (context) => (await import('../commands/hint.ts')).hint(context, lab)),
  );
  command('diagnose [lab]', 'say what is wrong: which object, which field, what proves it', [
    'diagnose',
    'diagnose --object deployment/fx --field spec.replicas --evidence 2',
  ])
    .option('--object <kind/name>', 'the object at fault')
    .option('--field <path>', 'the field of it that is wrong')
    .option('--evidence <number>', 'what proves it: one of the choices')
    .action((lab: string | undefined, flags: DiagnoseFlags) =>
      run(async (context) => (await import('../commands/diagnose.ts')).diagnoseLab(context, lab, flags)),
    );
  command('grade [lab]', 'look at the cluster and grade the repair', [
    'grade',
    'grade inc-2041 --json',
    'grade --replay ada.json grace.json --out marked',
  ])
    .option('--replay <files...>', 'grade what was handed in instead of a lab')
    .option('--file <path>', 'the scenario of what was handed in, if it is not in the catalogue')
    .option('--out <folder>', 'with --replay: reports of each file are written to a folder in it')
    .action((lab: string | undefined, { replay, ...flags }: ReplayFlags & { replay?: string[] }) =>
      run(async (context) => {
        if (replay === undefined) return (await import('../commands/grade.ts')).grade(context, lab, flags);
        return (await import('../commands/replay.ts')).gradeReplays(context, lab, replay, flags);
      }),
    );
  command('watch [lab]', 'look again after each change, until the repair would pass', ['watch']).action(
    (lab: string | undefined) =>
      run(async (context) => (await import('../commands/watch.ts')).watch(context, lab)),
  );
}

function addEnd({ command, run }: Tree): void {
  command('reset [lab]', 'back to the broken state', ['reset', 'reset inc-2041']).action(
    (lab: string | undefined) =>
      run(async (context) => (await import('../commands/reset.ts')).reset(context, lab)),
  );
  command('giveup [lab]', 'end the lab with 0 points and see a repair', ['giveup']).action(
    (lab: string | undefined) =>
      run(async (context) => (await import('../commands/giveup.ts')).giveup(context, lab)),
  );
  command('debrief [lab]', 'what was broken and why, and what you did', ['debrief', 'debrief --anyway'])
    .option('--anyway', 'also before the end; this ends the lab with 0 points')
    .action((lab: string | undefined, flags: { anyway?: boolean }) =>
      run(async (context) => (await import('../commands/debrief.ts')).debrief(context, lab, flags)),
    );
  command('submit <file> [lab]', 'write what you did into a file that can be graded elsewhere', [
    'submit ada.json',
  ]).action((file: string, lab: string | undefined) =>
    run(async (context) => (await import('../commands/submit.ts')).submit(context, file, lab)),
  );
  command(
    'report [labs-or-folders...]',
    'write reports from the journals; for folders with many labs, a class summary',
    ['report', 'report marked --out class', 'report inc-2041 --format html,junit --out reports'],
  )
    .option('--format <formats>', 'json, md, html, junit, classroom; all where absent')
    .option('--out <folder>', 'a folder per lab is made in it; a class summary is written to it', 'reports')
    .action((labs: string[], flags: { format?: string; out: string }) =>
      run(async (context) => (await import('../commands/report.ts')).report(context, labs, flags)),
    );
  command('stop [lab]', 'remove a lab and everything it left', ['stop', 'stop --all'])
    .option('--all', 'every lab')
    .action((lab: string | undefined, flags: { all?: boolean }) =>
      run(async (context) => (await import('../commands/stop.ts')).stop(context, lab, flags)),
    );
}
