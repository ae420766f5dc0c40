import { BreakfixError } from '../../core/errors.ts';
import { gradeLab } from '../../engine/grade-lab.ts';
import { standingOf } from '../../report/standing.ts';
import type { CommandContext } from '../context.ts';
import { exitCodeOfVerdict } from '../exit-codes.ts';
import { wrap } from '../output.ts';
import type { ReplayFlags } from './replay.ts';
import { gradeText } from '../texts/grade-table.ts';

/** `breakfix grade`. @returns the exit code */
export async function grade(
  context: CommandContext,
  name: string | undefined,
  flags: ReplayFlags,
): Promise<number> {
  if (flags.file !== undefined || flags.out !== undefined) throw onlyForReplay(flags);
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

function onlyForReplay({ file, out }: ReplayFlags): BreakfixError {
  const given = [file === undefined ? [] : `--file ${file}`, out === undefined ? [] : `--out ${out}`].flat();
  return new BreakfixError({
    code: 'GRADE_FLAG_UNUSED',
    kind: 'user',
    message: `${given.join(' and ')} of breakfix grade is for --replay: a lab knows its scenario, and its reports are made from its journal`,
    fix: 'breakfix grade, then breakfix report --out FOLDER',
  });
}
