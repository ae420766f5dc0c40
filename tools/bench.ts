/**
 * `npm run bench [RUNS]`: how long the commands of a lab on the embedded cluster take, as whole processes; medians,
 * each with its ratio to `node -e 0` of the same run. Absolute figures count on an idle machine only.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';

const runs = Number(process.argv[2] ?? '10');
const state = mkdtempSync(join(tmpdir(), 'breakfix-bench-'));
const env = { ...process.env, XDG_STATE_HOME: state };

/** Wall milliseconds of a process; exit code 1 is a grade that fails, which is what is measured. */
function timed(args: readonly string[]): number {
  const start = performance.now();
  try {
    execFileSync(process.execPath, args, { env, stdio: 'ignore' });
  } catch (error) {
    if ((error as { status?: number }).status !== 1) throw error;
  }
  return performance.now() - start;
}

const breakfix = (...args: string[]): number => timed(['dist/breakfix.js', ...args]);

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** Resident megabytes of the one lab's process. */
function residentMegabytes(): number {
  const labs = join(state, 'breakfix', 'labs');
  const [lab = ''] = readdirSync(labs);
  const pid = readFileSync(join(labs, lab, 'alive'), 'utf8').trim();
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? NaN) / 1024;
}

const nothing: number[] = [];
const start: number[] = [];
const grade: number[] = [];
const memory: number[] = [];
try {
  for (let run = 0; run < runs; run++) {
    nothing.push(timed(['-e', '0']));
    start.push(breakfix('start', 'INC-2041', '--seed', '1'));
    memory.push(residentMegabytes());
    grade.push(breakfix('grade'));
    breakfix('stop', '--all');
  }
} finally {
  breakfix('stop', '--all');
  rmSync(state, { recursive: true, force: true });
}

const base = median(nothing);
const row = (what: string, values: readonly number[]): string =>
  `| ${what} | ${(median(values) / 1000).toFixed(2)} s | ${(median(values) / base).toFixed(0)} × |`;
console.log(`${runs} runs, ${cpus().length} cores, load ${loadavg()
  .map((one) => one.toFixed(1))
  .join(' ')}, Node ${process.version}

| what | median | to \`node -e 0\` |
| --- | --- | --- |
${row('`node -e 0`', nothing)}
${row('start to hand-over', start)}
${row('grade of the untouched lab (all windows run out)', grade)}
| resident memory of the lab at hand-over | ${median(memory).toFixed(0)} MB | |`);
