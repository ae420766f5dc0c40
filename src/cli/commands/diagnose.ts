import { diagnose, type Diagnosis, questionsOf } from '../../engine/diagnose.ts';
import type { Incident } from '../../engine/incident.ts';
import { incidentOfLab } from '../../engine/open-lab.ts';
import { mayDiagnose } from '../../report/standing.ts';
import type { CommandContext } from '../context.ts';
import type { Output } from '../output.ts';
import type { Prompts } from '../prompts.ts';
import { columns } from './list.ts';

export interface DiagnoseFlags {
  readonly object?: string;
  readonly field?: string;
  readonly evidence?: string;
}

/** `breakfix diagnose`: which object, which field, which evidence; graded by rules, beside the fix. */
export async function diagnoseLab(
  context: CommandContext,
  name: string | undefined,
  flags: DiagnoseFlags,
): Promise<void> {
  const { output, prompts, store, clock } = context;
  const found = store.find(name);
  const incident = incidentOfLab(found.record, await context.catalogueOf(found.record));
  const counts = mayDiagnose(found.folder.journal.read());
  const given = prompts === undefined ? { ...flags } : await answersFrom(prompts, incident, { ...flags });
  const result = diagnose({ folder: found.folder, incident }, given, clock.now());
  output.result({ lab: found.name, ...result, counts }, textOf(result, counts, output));
}

async function answersFrom(
  prompts: Prompts,
  incident: Incident,
  given: Readonly<Record<string, string | undefined>>,
): Promise<Record<string, string | undefined>> {
  const answers = { ...given };
  for (const { id, ask, choices } of questionsOf(incident)) {
    if (answers[id] !== undefined) continue;
    answers[id] =
      choices === undefined
        ? await prompts.text(ask)
        : await prompts.choose(
            ask,
            choices.map((choice) => ({ value: choice, label: choice })),
          );
  }
  return answers;
}

function textOf({ answers, points, most }: Diagnosis, counts: boolean, { colors }: Output): string {
  const rows = answers.map(({ question, right, points: earned, most: of }) => [
    question,
    right ? colors.green('right') : colors.red('wrong'),
    `${earned}/${of}`,
  ]);
  const note = counts
    ? 'These points are separate from those of the repair.'
    : 'Only the first diagnosis counts, and only before you are told the answer: this one is for you.';
  return [`${colors.bold('Diagnosis')}  ${points}/${most}`, '', columns(rows), '', note].join('\n');
}
