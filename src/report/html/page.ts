import type { PartResult } from '../../score/score.ts';
import { OUTCOMES } from '../standing.ts';
import type { LabReport } from '../summary.ts';
import { longTime } from '../words.ts';
import { earned, keptOrPrice } from '../worth.ts';
import { type Markup, markup, nothing } from './markup.ts';
import { style } from './style.ts';
import { timelineSection } from './timeline.ts';
import { trafficSection } from './traffic.ts';

export const TONES: Readonly<Record<LabReport['outcome'], string>> = {
  passed: 'good',
  failed: 'bad',
  error: 'odd',
  'given-up': 'bad',
  solved: 'odd',
  ungraded: 'odd',
};

/** A lab as one HTML file that needs no network and runs no script. */
export function html(report: LabReport): string {
  const { incident, title = '', lab, seed, provider, handedOver } = report;
  const name = title === '' ? incident : `${incident} · ${title}`;
  const since = (time: string): string => sinceHandOver(handedOver, time);
  return document(
    name,
    markup`<header>
<h1>${name}</h1>
<p><span class="badge ${TONES[report.outcome]}">${OUTCOMES[report.outcome]}</span>
<span class="dim small">lab ${lab} · seed ${seed} · ${provider} · ${handedOver === undefined ? 'never handed over' : `handed over ${handedOver.slice(0, 16).replace('T', ' ')} UTC`}</span></p>
</header>
${tiles(report)}
${ticket(report)}
${checks(report)}
${trafficSection(report, since)}
${timelineSection(report, since)}
${diagnosis(report)}
${hints(report)}`,
  );
}

/** A page of breakfix: it may load nothing, whatever is in it. */
export function document(title: string, body: Markup): string {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
${body}
<footer>Made by breakfix from the journal.</footer>
</body>
</html>
`.text;
}

function sinceHandOver(handedOver: string | undefined, time: string): string {
  if (handedOver === undefined) return time;
  return `+${longTime(Math.max(0, Date.parse(time) - Date.parse(handedOver)))}`;
}

function tiles({ points, most, grades, hints: taken, resets, times }: LabReport): Markup {
  const price = taken.reduce((sum, hint) => sum + hint.price, 0);
  const tile = (label: string, value: string): Markup =>
    markup`<div class="tile"><b>${value}</b><span class="dim small">${label}</span></div>\n`;
  const timed = (label: string, ms: number | undefined): Markup =>
    ms === undefined ? nothing : tile(label, longTime(ms));
  return markup`<div class="tiles">
${tile('points', `${points} of ${most}`)}${tile('grades', String(grades.length))}${tile('hints', taken.length === 0 ? '0' : `${taken.length} (${price} points)`)}${resets === 0 ? nothing : tile('resets', String(resets))}${timed('to acknowledge', times.acknowledge)}${timed('to mitigate', times.mitigate)}${timed('to resolve', times.resolve)}</div>`;
}

function ticket({ ticket: text, rules = [] }: LabReport): Markup {
  if (text === undefined) return nothing;
  const list =
    rules.length === 0
      ? nothing
      : markup`<ul class="rules">${rules.map((rule) => markup`<li>${rule}</li>`)}</ul>`;
  return markup`<h2>Ticket</h2>
<section class="card"><p>${text}</p>${list}</section>`;
}

const MARKS = {
  pass: markup`<span class="good">✓</span>`,
  fail: markup`<span class="bad">✗</span>`,
  error: markup`<span class="odd">!</span>`,
};

function checks({ objectives, safeguards }: LabReport): Markup {
  if (objectives.length === 0) return nothing;
  const row = (part: PartResult, worth: string): Markup => {
    const { status, title, expected, seen } = part;
    return markup`<li class="row">${MARKS[status]}<span>${title}</span><span class="dim">${worth}</span>
<dl class="under"><dt>expected</dt><dd>${expected}</dd><dt>last seen</dt><dd>${seen}</dd></dl></li>
`;
  };
  return markup`<h2>Checks</h2>
<ul class="card rows">
${objectives.map((part) => row(part, earned(part)))}${safeguards.map((part) => row(part, keptOrPrice(part)))}</ul>`;
}

function diagnosis({ diagnosis: first }: LabReport): Markup {
  if (first === undefined) return nothing;
  return markup`<h2>Diagnosis</h2>
<ul class="card rows">
${first.answers.map(
  ({ question, given, right, points, most }) =>
    markup`<li class="row">${MARKS[right ? 'pass' : 'fail']}<span>${question}: <code>${given}</code></span><span class="dim">${points}/${most}</span></li>\n`,
)}</ul>`;
}

function hints({ hints: taken }: LabReport): Markup {
  if (taken.length === 0) return nothing;
  return markup`<h2>Hints</h2>
<ul class="card rows">
${taken.map(({ number, price, text }) => markup`<li class="row"><span class="dim">${number}</span><span>${text}</span><span class="dim">${price} points</span></li>\n`)}</ul>`;
}
