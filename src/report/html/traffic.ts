import { countsOf } from '../../core/counts.ts';
import type { ProbeRun } from '../../score/score.ts';
import type { LabReport, Traffic } from '../summary.ts';
import { type Markup, markup, nothing } from './markup.ts';

/** Width of a picture in its own units; it is stretched to what the page has. */
const WIDTH = 1000;
/** A single request is still to be seen. */
const THINNEST = 8;
const HEIGHT = 16;

/**
 * The shop's traffic and the probes as pictures: a lane for each client and question, time from left to right. The part of a
 * run that did not come out as it should is red, from below.
 */
export function trafficSection(report: LabReport, since: (time: string) => string): Markup {
  const { traffic } = report;
  if (traffic.length === 0) return nothing;
  return markup`<h2>Traffic and probes</h2>
<p class="dim small">What clients in the cluster saw when they were asked. Green: as the check asks for; red: not so.</p>
${traffic.map((one) => groupOf(one, titleOf(one, report, since)))}`;
}

function titleOf({ when, time }: Traffic, { grades }: LabReport, since: (time: string) => string): string {
  if (when === 'healthy') return 'The healthy shop, before the fault';
  if (when === 'broken') return 'The broken shop, before it was handed over';
  const index = grades.findIndex((grade) => grade.time === time);
  const { verdict = '', points = 0, most = 0 } = grades[index] ?? {};
  return `Grade ${index + 1}, ${since(time)}: ${verdict}, ${points} of ${most} points`;
}

function groupOf({ probes }: Traffic, title: string): Markup {
  const lanes = Map.groupBy(probes, ({ from, asked }) => `${from} → ${asked}`);
  const end = Math.max(1, ...probes.map(({ toMs }) => toMs));
  // Looked at once, there is no time to show.
  const scale =
    end < 1000
      ? nothing
      : markup`<div class="scale" aria-hidden="true"><span>0 s</span><span>${(end / 1000).toFixed(0)} s</span></div>`;
  return markup`<section class="card"><h3>${title}</h3>
${[...lanes].map(([name, runs]) => lane(name, runs, end < 1000 ? undefined : end))}${scale}</section>
`;
}

/** @param end where the time ends, in milliseconds; undefined where a run fills the lane */
function lane(name: string, runs: readonly ProbeRun[], end: number | undefined): Markup {
  const attempts = runs.reduce((sum, run) => sum + run.attempts, 0);
  const succeeded = runs.reduce((sum, run) => sum + run.succeeded, 0);
  const outcomes: Record<string, number> = {};
  for (const run of runs) {
    for (const [outcome, count] of Object.entries(run.outcomes)) {
      outcomes[outcome] = (outcomes[outcome] ?? 0) + count;
    }
  }
  const counts = `${succeeded} of ${attempts} as it should be`;
  return markup`<div class="lane"><div class="label"><code>${name}</code>
<span class="dim small">${counts}: ${countsOf(outcomes)}</span></div>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${name}: ${counts}">${runs.map((run) => bar(run, end))}</svg></div>
`;
}

function bar({ fromMs, toMs, attempts, succeeded, outcomes }: ProbeRun, end: number | undefined): Markup {
  const at = (ms: number): number => (end === undefined ? 0 : (ms / end) * WIDTH);
  const width = end === undefined ? WIDTH : Math.max(THINNEST, at(toMs) - at(fromMs));
  const x = Math.min(at(fromMs), WIDTH - width).toFixed(1);
  const yes = (HEIGHT * succeeded) / Math.max(1, attempts);
  const rect = (kind: 'yes' | 'no', y: number, height: number): Markup =>
    height === 0
      ? nothing
      : markup`<rect class="${kind}" x="${x}" y="${y.toFixed(1)}" width="${width.toFixed(1)}" height="${height.toFixed(1)}"/>`;
  const words = `${(fromMs / 1000).toFixed(1)}–${(toMs / 1000).toFixed(1)} s: ${countsOf(outcomes)}`;
  return markup`<g><title>${words}</title>${rect('yes', 0, yes)}${rect('no', yes, HEIGHT - yes)}</g>`;
}
