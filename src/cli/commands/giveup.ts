import { gradeLab } from '../../engine/grade-lab.ts';
import { nextIncident } from '../../engine/incident.ts';
import { applyFix, fixOf, giveUp } from '../../engine/repair.ts';
import type { CommandContext } from '../context.ts';
import { exitCodeOfVerdict } from '../exit-codes.ts';
import type { Output } from '../output.ts';
import { Cancelled, type Prompts } from '../prompts.ts';
import { gradeText } from '../texts/grade-table.ts';

/** `breakfix giveup`: ends the lab with 0 points and shows a repair on the live cluster. @returns the exit code */
export async function giveup(context: CommandContext, name: string | undefined): Promise<number> {
  const { output, prompts, clock, signal } = context;
  await using lab = await context.open(name);
  await mustAgree(prompts, `Give up ${lab.record.incident}? It ends with 0 points.`);
  await giveUp(lab, clock.now());
  const fix = fixOf(lab.incident);
  await walkThrough(fix.steps, output, prompts);
  await applyFix(lab, fix, clock.now(), signal);
  output.passing('  looking at the cluster …');
  const grade = await gradeLab(lab, {
    now: () => clock.now(),
    progress: (message) => output.note(`  ${message}`),
    signal,
  });
  const next = nextIncident(await context.catalogue(), lab.record.incident);
  const text = [
    gradeText(grade, output),
    '',
    `breakfix debrief ${lab.name} tells what was broken and why.`,
    ...(next === undefined
      ? []
      : [`Next: ${next.incident} · ${next.title}   breakfix start ${next.incident}`]),
  ].join('\n');
  const document = {
    lab: lab.name,
    incident: lab.record.incident,
    fix: fix.id,
    steps: fix.steps,
    grade,
    next: next?.incident ?? null,
  };
  output.result(document, text);
  return exitCodeOfVerdict(grade.verdict);
}

/** Shows each step; on a terminal it waits for a yes after each, and applies nothing without it. */
async function walkThrough(
  steps: readonly string[],
  output: Output,
  prompts: Prompts | undefined,
): Promise<void> {
  output.note(output.colors.bold('One way to repair it:'));
  for (const [index, step] of steps.entries()) {
    output.note(`  ${index + 1}. ${step}`);
    const last = index === steps.length - 1;
    await mustAgree(prompts, last ? 'Do that on your cluster now?' : 'Go on to the next step?');
  }
}

async function mustAgree(prompts: Prompts | undefined, question: string): Promise<void> {
  if (prompts !== undefined && !(await prompts.confirm(question))) throw new Cancelled();
}
