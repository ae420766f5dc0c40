/**
 * How fast breakfix is:
 *
 *   npm run bench -- [cluster] [--runs N] [--no-kind] [--write]
 *
 * Labs without a word, the embedded cluster on its own with `cluster`. `--write` puts the tables into docs/benchmarks.md,
 * between the markers of each. Absolute figures count on an idle machine only.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { kindProvider } from '../../src/providers/kind/provider.ts';
import { clusterBench } from './cluster/report.ts';
import { commandRows, everyScenario, liveRows, memoryLater, verifyRows } from './embedded.ts';
import { kindRun } from './kind.ts';
import { machine, median, type Row, run, table } from './measure.ts';

const DOCUMENT = new URL('../../docs/benchmarks.md', import.meta.url);
const END = '<!-- end -->';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '10' },
    'no-kind': { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const runs = Number(flags.runs);
if (!Number.isInteger(runs) || runs < 1)
  throw new Error(`--runs ${flags.runs}: a whole number from 1 is allowed`);
const [what = 'labs', ...more] = positionals;
if ((what !== 'labs' && what !== 'cluster') || more.length > 0)
  throw new Error(`${positionals.join(' ')}: only cluster, or nothing, can be measured`);

function say(what: string): void {
  console.error(`… ${what}`);
}

async function bench(): Promise<string> {
  const loadBefore = loadavg();
  say(`the commands of a lab, ${runs} times`);
  const commands = commandRows(runs);
  say('the memory of labs that live');
  const memory = await memoryLater(['INC-2041', 'INC-2088', 'INC-2107', 'INC-2163']);
  say('a lab of each scenario');
  const every = everyScenario();
  say('verify, once');
  const verify = verifyRows();
  say('a day of the shop');
  const { rows: live, speed } = liveRows(runs);
  const rows = [...commands.slice(0, 4), memory, ...commands.slice(4), ...every, ...verify, ...live];
  const [nothing, start, afterCluster] = commands as [Row, Row, Row];
  const grade = commands.at(-1) as Row;
  const embedded = [start, afterCluster, grade].map(({ values }) => median(values));
  return [
    `Measured ${new Date().toISOString().slice(0, 10)} on ${machine(loadBefore)}`,
    table(rows, median(nothing.values)),
    speed,
    '## Embedded and kind',
    await kindSection(embedded),
    '## Determinism',
    determinism(),
  ].join('\n\n');
}

/** The same command on its own: `npm run determinism`. */
function determinism(): string {
  say('determinism');
  return run(['tools/determinism.ts', '--runs', String(runs)]).trim();
}

/** @param embedded milliseconds of the start, of what follows the cluster, and of the grade of a repaired lab */
async function kindSection(embedded: readonly number[]): Promise<string> {
  const availability = flags['no-kind']
    ? { available: false as const, reason: 'left out by --no-kind' }
    : await kindProvider().availability();
  say('kind');
  if (!availability.available) return `Provider kind was not measured: ${availability.reason}.`;
  const { start, afterCluster, gradeRepaired, stop, secondStart } = kindRun();
  const rows = [
    ['`start`, from process start to hand-over', start, ''],
    [
      'of that, shop + fault + symptom (after `kind create cluster` and loading images)',
      afterCluster,
      '≤ 25 s',
    ],
    ['grade of a repaired lab (30 s hold), command', gradeRepaired, ''],
    ['`stop`; on kind it empties the cluster', stop, ''],
    ['`start` of the next lab, on the same cluster', secondStart, '≤ 20 s'],
  ] as const;
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
  return [
    '| INC-2041 | embedded, median | embedded : kind | kind, one run | goal for kind |',
    '| --- | --- | --- | --- | --- |',
    ...rows.map(([what, kind, goal], index) => {
      const own = embedded[index];
      const compared = own === undefined ? ' | ' : `${seconds(own)} | 1 : ${(kind / own).toFixed(0)}`;
      return `| ${what} | ${compared} | ${seconds(kind)} | ${goal} |`;
    }),
  ].join('\n');
}

const report = what === 'labs' ? await bench() : await clusterBench(runs, !flags['no-kind'], say);
console.log(report);
if (flags.write) {
  const text = readFileSync(DOCUMENT, 'utf8');
  const begin = `<!-- npm run bench -- ${what === 'labs' ? '' : 'cluster '}--write: begin -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(END, from);
  if (from === -1 || to < from) throw new Error(`docs/benchmarks.md has lost its markers: ${begin} … ${END}`);
  writeFileSync(DOCUMENT, `${text.slice(0, from)}${begin}\n\n${report}\n\n${text.slice(to)}`);
}
