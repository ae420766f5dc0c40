import { setTimeout as wait } from 'node:timers/promises';
import { YOUNG_GENERATION } from '../../src/cli/context.ts';
import { Bench, median, type Row, run, timed } from './measure.ts';

const INCIDENT = 'INC-2041';
/** How old labs are when their memory is looked at again, in minutes. */
const LATER = 4;
const SOURCES = ['--import', './tools/breakfix-sources.ts'];

/** A lab's commands as whole processes; the first row is `node -e 0`, in between the others. */
export function commandRows(runs: number): Row[] {
  const nothing: number[] = [];
  const start: number[] = [];
  const afterCluster: number[] = [];
  const memory: number[] = [];
  const untouched = { engine: [] as number[], command: [] as number[] };
  const repaired = { engine: [] as number[], command: [] as number[] };
  for (let turn = 0; turn < runs; turn++) {
    using bench = new Bench();
    const grade = ({ engine, command }: typeof untouched, verdict: 'pass' | 'fail'): void => {
      engine.push(gradeInProcess(bench, 'inc-2041'));
      command.push(bench.grade(verdict));
    };
    nothing.push(timed(['-e', '0']));
    start.push(bench.breakfix('start', INCIDENT, '--seed', '1'));
    memory.push(...bench.residentMegabytes());
    afterCluster.push(bench.afterCluster());
    grade(untouched, 'fail');
    bench.breakfix('solve');
    grade(repaired, 'pass');
  }
  return [
    { what: '`node -e 0`', unit: 's', values: nothing },
    {
      what: '`start`, from process start to hand-over',
      unit: 's',
      values: start,
      goal: '≤ 1.5 s, better 1.0 s',
    },
    { what: 'of that, shop + fault + symptom', unit: 's', values: afterCluster },
    {
      what: "the lab's resident memory at hand-over",
      unit: 'MB',
      values: memory,
      goal: '≤ 150 MB, better 120',
    },
    { what: 'grade of the untouched lab, engine', unit: 's', values: untouched.engine, goal: '≤ 0.5 s' },
    { what: 'grade of the untouched lab, command', unit: 's', values: untouched.command, goal: '≤ 1.0 s' },
    {
      what: 'grade of a repaired lab (30 s hold), engine',
      unit: 's',
      values: repaired.engine,
      goal: '≤ 0.5 s',
    },
    {
      what: 'grade of a repaired lab (30 s hold), command',
      unit: 's',
      values: repaired.command,
      goal: '≤ 1.0 s',
    },
  ];
}

/** What `list --json` prints. */
type Catalogue = readonly { readonly incident: string }[];

/** One lab of each scenario, started and graded while nothing is mended, so that every window runs out. */
export function everyScenario(): Row[] {
  const scenarios = JSON.parse(run(['dist/breakfix.js', 'list', '--json'])) as Catalogue;
  const start: number[] = [];
  const engine: number[] = [];
  for (const { incident } of scenarios) {
    using bench = new Bench();
    start.push(bench.breakfix('start', incident, '--seed', '1'));
    engine.push(gradeInProcess(bench, incident.toLowerCase()));
  }
  const each = (what: string): string => `${what} each of ${scenarios.length} scenarios`;
  return [
    { what: each('`start` of'), unit: 's', values: start, goal: '≤ 2 s' },
    { what: each('grade of the untouched lab, engine,'), unit: 's', values: engine, goal: '≤ 0.7 s' },
  ];
}

const gradeInProcess = ({ env }: Bench, lab: string): number =>
  Number(run([...SOURCES, 'tools/bench/grade-in-process.ts', lab], env));

/** Memory of one lab an incident after some minutes of life. */
export async function memoryLater(incidents: readonly string[]): Promise<Row> {
  using bench = new Bench();
  for (const incident of incidents) bench.breakfix('start', incident, '--seed', '1');
  await wait(LATER * 60_000);
  const what = `the same ${LATER} min later, one lab an incident`;
  return { what, unit: 'MB', values: bench.residentMegabytes(), goal: '≤ 150 MB, better 120' };
}

/** The first four, which have a goal of their own. */
const VERIFIED = ['readiness-probe', 'dns-nxdomain', 'image-tag-typo', 'oom-limit'];

/** Everything that `verify` proves, once: it takes minutes. */
export function verifyRows(): Row[] {
  using bench = new Bench();
  const row = (which: string, goal: string, scenarios: readonly string[]): Row => ({
    what: `\`verify\` of ${which}, all cases, 3 seeds`,
    unit: 's',
    values: [bench.breakfix('verify', ...scenarios, '--seeds', '3')],
    goal,
  });
  return [
    row('four scenarios', '≤ 30 s', VERIFIED),
    row('all 15 scenarios', '≤ 120 s, better 60 s', ['--all']),
  ];
}

/** An idle day takes seconds, and not always the same. */
const DAYS = 5;

/** In processes like a lab's. @returns rows, and a sentence with the speed */
export function liveRows(runs: number): { rows: Row[]; speed: string } {
  const live = (hours: number): number =>
    Number(run([YOUNG_GENERATION, 'tools/bench/live.ts', String(hours)]));
  const hour = Array.from({ length: runs }, () => live(1));
  const day = Array.from({ length: DAYS }, () => live(24));
  const speed = (hours: number, ms: readonly number[]): string => {
    const times = (hours * 3_600_000) / median(ms);
    return (Math.round(times / 10) * 10).toLocaleString('en');
  };
  return {
    rows: [
      { what: 'an idle hour of the shop (12 pods)', unit: 's', values: hour },
      { what: 'an idle day of the shop', unit: 's', values: day, goal: '≤ 5 s' },
    ],
    speed: `The day went by at ${speed(24, day)} virtual seconds a second (goal: ≥ 500).`,
  };
}
