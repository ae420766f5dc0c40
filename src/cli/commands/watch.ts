import { watchLab } from '../../engine/watch.ts';
import type { GradeEntry } from '../../report/journal.ts';
import type { CommandContext } from '../context.ts';
import type { Output } from '../output.ts';

/** `breakfix watch`: looks again at each change until the repair would pass. */
export async function watch(context: CommandContext, name: string | undefined): Promise<void> {
  const { output, clock, signal } = context;
  await using lab = await context.open(name);
  output.note(`watching ${lab.name}; Ctrl-C ends it`);
  const result = await watchLab(lab, {
    clock,
    signal,
    looking: () => output.passing('  something changed; looking …'),
    seen: (look) => {
      for (const line of lookLines(look, clock.now(), output)) output.note(line);
      output.passing('  waiting for a change …');
    },
  });
  output.result(
    { lab: lab.name, ...result },
    `It looks repaired. breakfix grade ${lab.name} says whether it is: a grade also tests what watching cannot show.`,
  );
}

function lookLines({ objectives, safeguards }: GradeEntry, now: Date, output: Output): string[] {
  const parts = [...objectives, ...safeguards];
  const open = parts.filter(({ status }) => status !== 'pass');
  const time = now.toTimeString().slice(0, 8);
  const { colors, width } = output;
  const lines = open.map(({ status, title, seen }) => {
    const mark = status === 'fail' ? colors.red('✗') : colors.yellow('!');
    const text = `${title}: ${seen}`;
    return `  ${mark} ${text.length > width - 4 ? `${text.slice(0, width - 5)}…` : text}`;
  });
  return [`${time}  ${parts.length - open.length} of ${parts.length} hold`, ...lines];
}
