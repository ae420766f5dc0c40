import type { PartResult } from '../score/score.ts';
import type { LabReport } from './summary.ts';
import { OUTCOMES } from './standing.ts';
import { longTime } from './words.ts';
import { earned, keptOrPrice } from './worth.ts';

/** A lab as a page of Markdown. */
export function markdown(report: LabReport): string {
  const { incident, lab, seed, provider, handedOver, outcome, points, most } = report;
  return [
    `# ${incident}: ${OUTCOMES[outcome]}, ${points} of ${most} points`,
    '',
    ...table(
      ['', ''],
      [
        ['Lab', lab],
        ['Provider', provider],
        ['Seed', String(seed)],
        ['Handed over', handedOver ?? 'never'],
        ['Grades', String(report.grades.length)],
        ['Resets', String(report.resets)],
        ...timeRows(report),
      ],
    ),
    '',
    ...parts(report),
    ...diagnosis(report),
    ...hints(report),
    ...changes(report),
  ].join('\n');
}

function timeRows({ times }: LabReport): string[][] {
  const row = (name: string, ms: number | undefined): string[][] =>
    ms === undefined ? [] : [[name, longTime(ms)]];
  return [
    ...row('Time to acknowledge', times.acknowledge),
    ...row('Time to mitigate', times.mitigate),
    ...row('Time to resolve', times.resolve),
  ];
}

function parts({ objectives, safeguards }: LabReport): string[] {
  if (objectives.length === 0) return [];
  const row = (part: PartResult, worth: string): string[] => [
    { pass: '✓', fail: '✗', error: '!' }[part.status],
    part.title,
    worth,
    part.status === 'pass' ? '' : `expected ${part.expected}; last seen: ${part.seen}`,
  ];
  const rows = [
    ...objectives.map((part) => row(part, earned(part))),
    ...safeguards.map((part) => row(part, keptOrPrice(part))),
  ];
  return ['## Checks', '', ...table(['', 'Check', 'Points', 'Seen'], rows), ''];
}

function diagnosis({ diagnosis: first }: LabReport): string[] {
  if (first === undefined) return [];
  const rows = first.answers.map(({ question, given, right, points, most }) => [
    right ? '✓' : '✗',
    question,
    given,
    `${points}/${most}`,
  ]);
  return ['## Diagnosis', '', ...table(['', 'Question', 'Answer', 'Points'], rows), ''];
}

function hints({ hints: taken }: LabReport): string[] {
  if (taken.length === 0) return [];
  const rows = taken.map(({ time, price, text }) => [time, String(price), text]);
  return ['## Hints', '', ...table(['Time', 'Price', 'Hint'], rows), ''];
}

function changes({ changes: made }: LabReport): string[] {
  if (made.length === 0) return [];
  const rows = made.map(({ time, object, field, before, after }) => [time, object, field, before, after]);
  return ['## Changes', '', ...table(['Seen at', 'Object', 'Field', 'Before', 'After'], rows), ''];
}

/** A table; text of the cluster cannot break it. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), `| ${head.map(() => '---').join(' | ')} |`, ...rows.map(line)];
}

/** Text of the cluster is not Markdown of ours. */
function cell(text: string): string {
  return text
    .replaceAll(/[\\`*_<>[\]|]/g, (character) => `\\${character}`)
    .replaceAll(/\s+/g, ' ')
    .trim();
}
