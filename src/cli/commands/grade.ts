import { gradeLab } from '../../engine/grade-lab.ts';
import { standingOf } from '../../report/standing.ts';
import type { CommandContext } from '../context.ts';
import { exitCodeOfVerdict } from '../exit-codes.ts';
import { wrap } from '../output.ts';
import { gradeText } from '../texts/grade-table.ts';

/** `breakfix grade`. @returns the exit code */
export async function grade(context: CommandContext, name: string | undefined): Promise<number> {
  const { output, clock, signal } = context;
  await using lab = await context.open(name);
  output.passing('  looking at the cluster …');
  const result = await gradeLab(lab, {
    now: () => clock.now(),
    progress: (message) => output.note(`  ${message}`),
    signal,
  });
  const { outcome, points } = standingOf(lab.folder.journal.read());
  const ended = { 'given-up': 'was given up', solved: 'was solved for you', passed: 'was passed before' };
  const why = ended[outcome as keyof typeof ended] as string | undefined;
  if (why !== undefined && points !== result.points) {
    const note = `The lab ${why}: what counts is ${points} points. breakfix reset ${lab.name} begins anew.`;
    output.note(wrap(note, output.width));
  }
  output.result({ lab: lab.name, incident: lab.record.incident, ...result }, gradeText(result, output));
  return exitCodeOfVerdict(result.verdict);
}
