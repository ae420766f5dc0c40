import type { LabReport } from '../summary.ts';
import type { TimedChange } from '../timeline.ts';
import { type Markup, markup, nothing } from './markup.ts';

interface Moment {
  readonly time: string;
  readonly dot: string;
  readonly what: Markup;
}

const VERDICT_DOTS = { pass: 'good-dot', fail: 'bad-dot', error: 'odd-dot' } as const;

/** What was done, in order: changes with before and after, hints, the diagnosis, grades. */
export function timelineSection(report: LabReport, since: (time: string) => string): Markup {
  const moments = momentsOf(report).toSorted((a, b) => Date.parse(a.time) - Date.parse(b.time));
  if (moments.length === 0) return nothing;
  return markup`<h2>Timeline</h2>
<ol class="card time">
${moments.map(({ time, dot, what }) => markup`<li class="${dot}"><div class="dim small"><time datetime="${time}">${since(time)}</time></div>${what}</li>\n`)}</ol>`;
}

function momentsOf({ handedOver, changes, hints, grades, diagnosis }: LabReport): Moment[] {
  const changed = Map.groupBy(changes, ({ time }) => time);
  return [
    ...(handedOver === undefined ? [] : [{ time: handedOver, dot: '', what: markup`Handed over` }]),
    ...hints.map(({ time, number, price }) => ({
      time,
      dot: 'odd-dot',
      what: markup`Hint ${number}, ${price} points`,
    })),
    ...(diagnosis === undefined
      ? []
      : [
          {
            time: diagnosis.time,
            dot: '',
            what: markup`Diagnosis: ${diagnosis.points} of ${diagnosis.most} points`,
          },
        ]),
    ...[...changed].map(([time, some]) => ({
      time,
      dot: 'change-dot',
      what: markup`${some.length === 1 ? 'A change was seen' : `${some.length} changes were seen`}${some.map(changeOf)}`,
    })),
    ...grades.map(({ time, verdict, points, most }, index) => ({
      time,
      dot: VERDICT_DOTS[verdict],
      what: markup`Grade ${index + 1}: ${verdict}, ${points} of ${most} points`,
    })),
  ];
}

function changeOf({ object, field, before, after }: TimedChange): Markup {
  const name = field === '' ? nothing : markup` <code class="dim">${field}</code>`;
  const value = (text: string): string => (text === '' ? '(none)' : text);
  return markup`<div class="change"><code>${object}</code>${name}
<div class="values"><del>${value(before)}</del><ins>${value(after)}</ins></div></div>`;
}
