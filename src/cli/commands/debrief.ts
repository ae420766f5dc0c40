import { debriefOf, type Debrief } from '../../engine/debrief.ts';
import { incidentOfLab } from '../../engine/open-lab.ts';
import { OUTCOMES } from '../../report/standing.ts';
import type { CommandContext } from '../context.ts';
import { counted, type Output, shortTime, wrap } from '../output.ts';
import { oneParagraph } from '../texts/hand-over.ts';

/** `breakfix debrief`: what was broken and why, and what the learner did about it; needs no cluster. */
export async function debrief(
  context: CommandContext,
  name: string | undefined,
  flags: { anyway?: boolean },
): Promise<void> {
  const { output, store, clock } = context;
  const { folder, record, name: lab } = store.find(name);
  const incident = incidentOfLab(record, await context.catalogueOf(record));
  const told = debriefOf(
    { name: lab, folder, incident },
    { anyway: flags.anyway === true, now: clock.now() },
  );
  output.result(told, textOf(told, output));
}

function textOf(
  { incident, title, cause, story, fixes, documents, report }: Debrief,
  output: Output,
): string {
  const { colors, width } = output;
  const head = (text: string): string[] => ['', colors.bold(text)];
  const prose = (text: string): string => wrap(oneParagraph(text), width, '  ');
  return [
    colors.bold(`${incident} · ${title}`),
    [OUTCOMES[report.outcome], ...pointsOf(report), counted(report.hints.length, 'hint')].join(', '),
    ...head('What was broken'),
    ...cause.map(prose),
    ...head('Why it looked as it did'),
    story
      .split(/\n\s*\n/)
      .map(prose)
      .join('\n\n'),
    ...head('What you did'),
    ...changeLines(report, output),
    ...timeLines(report),
    ...head('Repairs that count'),
    ...fixes.flatMap(({ id, steps }) => [`  ${id}`, ...steps.map((step) => stepOf(step, width))]),
    ...head('Read on'),
    ...documents.map((document) =>
      'url' in document
        ? `  ${document.url}`
        : wrap(`interview notes (${document.seed}): ${document.question}`, width, '  '),
    ),
    '',
  ].join('\n');
}

/** A command stays on its line, to be copied. */
const stepOf = (step: string, width: number): string =>
  step.startsWith('kubectl ') ? `    ${step}` : wrap(step, width, '    ');

/** A lab that was never graded has no points to speak of. */
function pointsOf({ points, most }: Debrief['report']): string[] {
  return most === 0 ? [] : [`${points} of ${most} points`];
}

function changeLines({ changes }: Debrief['report'], { width }: Output): string[] {
  if (changes.length === 0) return ['  nothing that still shows in the objects of the cluster'];
  return changes.map(({ time, object, field, before, after }) => {
    const what =
      field === ''
        ? after
        : `${field}: ${before === '' ? '(none)' : before} → ${after === '' ? '(none)' : after}`;
    return wrap(`${time.slice(11, 19)}Z ${object} ${what}`, width, '  ');
  });
}

function timeLines({ times }: Debrief['report']): string[] {
  const line = (label: string, ms: number | undefined): string[] =>
    ms === undefined ? [] : [`  ${label} after ${shortTime(ms)}`];
  return [
    ...line('first sign of work', times.acknowledge),
    ...line('partly repaired   ', times.mitigate),
    ...line('repaired          ', times.resolve),
  ];
}
