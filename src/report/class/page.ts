import { document } from '../html/page.ts';
import { type Markup, markup, nothing } from '../html/markup.ts';
import { TONES } from '../html/page.ts';
import { OUTCOMES } from '../standing.ts';
import { longTime } from '../words.ts';
import { hintsText } from './markdown.ts';
import type { ClassLab, ClassPart, ClassSummary, Refused } from './summary.ts';

/** A class as one HTML file that needs no network and runs no script. */
export function classHtml({ labs, parts, refused }: ClassSummary): string {
  const passed = labs.filter(({ outcome }) => outcome === 'passed').length;
  const name = `${passed} of ${labs.length} labs passed`;
  return document(
    name,
    markup`<h1>${name}</h1>
<h2>Who</h2>
<ul class="card rows">
${labs.map(labRow)}</ul>
${partsSection(parts)}
${refusedSection(refused)}`,
  );
}

function labRow({
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
}: ClassLab): Markup {
  const facts = [
    `${incident}, seed ${seed}`,
    ...(open.length === 0 ? [] : [`open: ${open.join(', ')}`]),
    ...(hints === 0 ? [] : [`hints: ${hintsText(hints, hintPrice)}`]),
    ...(times.resolve === undefined ? [] : [`resolved after ${longTime(times.resolve)}`]),
  ];
  return markup`<li class="row"><span></span><span>${who} <span class="badge ${TONES[outcome]}">${OUTCOMES[outcome]}</span></span>
<span>${points}/${most}</span><span class="under dim small">${facts.join(' · ')}</span></li>
`;
}

function partsSection(parts: readonly ClassPart[]): Markup {
  if (parts.length === 0) return nothing;
  const incidents = Map.groupBy(parts, ({ incident }) => incident);
  return markup`<h2>Objectives and safeguards</h2>
<p class="dim small">In how many labs each holds.</p>
${[...incidents].map(
  ([incident, own]) => markup`<section class="card"><h3>${incident}</h3>
${own.map(lane)}</section>
`,
)}`;
}

function lane({ id, kind, held, of }: ClassPart): Markup {
  const counts = `${held} of ${of}`;
  return markup`<div class="lane"><div class="label"><code>${id}</code><span class="dim small">${kind}: ${counts}</span></div>
<svg viewBox="0 0 ${of} 1" preserveAspectRatio="none" role="img" aria-label="${id}: ${counts}"><rect class="no" x="0" y="0" width="${of}" height="1"/><rect class="yes" x="0" y="0" width="${held}" height="1"/></svg></div>
`;
}

function refusedSection(refused: readonly Refused[]): Markup {
  if (refused.length === 0) return nothing;
  return markup`<h2>Refused</h2>
<ul class="card rows">
${refused.map(({ who, why }) => markup`<li class="row"><span class="odd">!</span><span>${who}</span><span></span><span class="under dim small">${why}</span></li>\n`)}</ul>`;
}
