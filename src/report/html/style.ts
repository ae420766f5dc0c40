import { Markup } from './markup.ts';

/** The look of a report: one column that a phone can show, wider with room beside the labels; light and dark. */
export const style = new Markup(`
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --line: #dfe3e8; --text: #1c2330; --dim: #5b6676;
  --good: #1a7f4b; --good-soft: #d9f0e3; --bad: #c2342b; --bad-soft: #fbe3e0; --odd: #9a6700; --odd-soft: #fff1cc;
  --accent: #2d5bd7;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161c; --card: #1b2129; --line: #323b47; --text: #e5e9ef; --dim: #9aa6b5;
    --good: #4cc38a; --good-soft: #173a2a; --bad: #f2766b; --bad-soft: #4a211e; --odd: #e3b341; --odd-soft: #3f3113;
    --accent: #8cabff;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 1080px; padding: 24px 16px 48px; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif; overflow-wrap: anywhere;
}
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 4px; }
h2 { font-size: 1.1rem; margin: 32px 0 10px; }
h3 { font-size: 0.95rem; margin: 0 0 10px; font-weight: 600; }
p { margin: 0 0 10px; }
ul, ol { margin: 0; padding: 0; list-style: none; }
code { font: 0.86em/1.5 var(--mono); }
.dim { color: var(--dim); }
.small { font-size: 0.86rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px; }
.card + .card { margin-top: 12px; }
.card > :last-child { margin-bottom: 0; }
.badge {
  display: inline-block; border-radius: 999px; padding: 1px 10px; font-size: 0.86rem; font-weight: 600;
  white-space: nowrap;
}
.good { color: var(--good); } .bad { color: var(--bad); } .odd { color: var(--odd); }
.badge.good { background: var(--good-soft); } .badge.bad { background: var(--bad-soft); }
.badge.odd { background: var(--odd-soft); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 10px; margin-top: 18px; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 10px 14px; }
.tile b { display: block; font-size: 1.2rem; font-weight: 650; }
.rules { list-style: '–  '; padding-left: 1.1em; }
.rules li::marker { color: var(--dim); }
.rows > li { padding: 12px 0; border-top: 1px solid var(--line); }
.rows > li:first-child { border-top: 0; padding-top: 0; }
.rows > li:last-child { padding-bottom: 0; }
.row { display: grid; grid-template-columns: 1.4em 1fr auto; gap: 0 6px; }
.row > .under { grid-column: 2 / -1; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 12px; margin: 4px 0 0; font-size: 0.92rem; }
dt { color: var(--dim); } dd { margin: 0; min-width: 0; }
.time > li { position: relative; padding: 0 0 16px 20px; border-left: 2px solid var(--line); margin-left: 6px; }
.time > li:last-child { border-left-color: transparent; padding-bottom: 0; }
.time > li::before {
  content: ''; position: absolute; left: -6px; top: 7px; width: 10px; height: 10px; border-radius: 50%;
  background: var(--dot, var(--dim));
}
.time .good-dot { --dot: var(--good); } .time .bad-dot { --dot: var(--bad); } .time .odd-dot { --dot: var(--odd); }
.time .change-dot { --dot: var(--accent); }
.change { margin-top: 8px; }
.values { display: grid; gap: 4px; margin-top: 4px; }
.values > * { text-decoration: none; border-radius: 6px; padding: 4px 8px; font: 0.84rem/1.45 var(--mono);
  white-space: pre-wrap; min-width: 0; max-height: 22em; overflow: auto; }
del { background: var(--bad-soft); } ins { background: var(--good-soft); }
del::before { content: '− '; color: var(--bad); } ins::before { content: '+ '; color: var(--good); }
.lane { margin-top: 12px; }
.lane:first-of-type { margin-top: 0; }
.lane .label > * { display: block; }
.lane svg { display: block; width: 100%; height: 16px; margin-top: 4px; border-radius: 4px; background: var(--page); }
.lane .yes { fill: var(--good); } .lane .no { fill: var(--bad); }
.scale { display: flex; justify-content: space-between; font-size: 0.78rem; color: var(--dim); margin-top: 2px; }
footer { margin-top: 32px; font-size: 0.86rem; color: var(--dim); }
@media (min-width: 760px) {
  .values { grid-template-columns: 1fr 1fr; }
  .lane { display: grid; grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); gap: 0 18px; align-items: center; }
  .scale { margin-left: calc(40% + 11px); }
}
@media print { body { background: none; } .card, .tile { break-inside: avoid; } }
`);
