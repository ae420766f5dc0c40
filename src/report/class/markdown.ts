import { table } from '../markdown.ts';
import { OUTCOMES } from '../standing.ts';
import { longTime } from '../words.ts';
import type { ClassLab, ClassSummary } from './summary.ts';

/** A class as a page of Markdown. */
export function classMarkdown({ labs, parts, refused }: ClassSummary): string {
  const passed = labs.filter(({ outcome }) => outcome === 'passed').length;
  return [
    `# ${passed} of ${labs.length} labs passed`,
    '',
    ...table(
      ['Who', 'Incident', 'Seed', 'Outcome', 'Points', 'Open', 'Hints', 'Resolved after'],
      labs.map(row),
    ),
    '',
    '## Objectives and safeguards',
    '',
    ...table(
      ['Incident', '', 'Id', 'Holds in'],
      parts.map(({ incident, kind, id, held, of }) => [incident, kind, id, `${held} of ${of}`]),
    ),
    '',
    ...(refused.length === 0
      ? []
      : [
          '## Refused',
          '',
          ...table(
            ['Who', 'Why'],
            refused.map(({ who, why }) => [who, why]),
          ),
          '',
        ]),
  ].join('\n');
}

function row({
  who,
  incident,
  seed,
  outcome,
  points,
  most,
  open,
  hints,
  hintPrice,
  times,
}: ClassLab): string[] {
  return [
    who,
    incident,
    String(seed),
    OUTCOMES[outcome],
    `${points}/${most}`,
    open.join(', '),
    hintsText(hints, hintPrice),
    times.resolve === undefined ? '' : longTime(times.resolve),
  ];
}

export function hintsText(hints: number, price: number): string {
  return hints === 0 ? '' : `${hints} (${price} points)`;
}
