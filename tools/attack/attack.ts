import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { packageRoot } from '../../src/core/package-root.ts';
import { PER_CHAIN } from './edits/arbitraries.ts';
import type { Edit } from './edits/edit.ts';
import { brokenLab } from './lab.ts';
import { counts } from './counts.ts';
import { oracles } from './oracle/index.ts';
import { agree, type Judgement, judgeApart } from './run.ts';
import type { Disagreement, Share, Tally } from './worker.ts';

/** Where numbers of the last run of every scenario are kept. */
export const reportFolder = join(packageRoot, 'reports/attack');

/** The numbers of a run against one scenario. */
export interface AttackReport {
  readonly scenario: string;
  readonly seed: number;
  readonly sequences: number;
  readonly passed: number;
  readonly failed: number;
  readonly disagreements: readonly Disagreement[];
  /** Seconds of the wall. */
  readonly seconds: number;
  /** How often each part was the first that was found to fail. */
  readonly parts: Readonly<Record<string, number>>;
}

/** @returns the exit code: 1 where oracle and grader disagree, or where too few sequences passed or failed */
export async function attack(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      sequences: { type: 'string', default: '100' },
      seed: { type: 'string', default: '1' },
      processes: { type: 'string', default: '2' },
      replay: { type: 'string' },
    },
  });
  if (values.replay !== undefined) return replay(values.replay);
  const seed = wholeNumber(values.seed);
  const sequences = wholeNumber(values.sequences);
  const processes = wholeNumber(values.processes);
  const ids = positionals.length === 0 ? Object.keys(oracles) : positionals;
  let bad = 0;
  for (const id of ids) {
    if (oracles[id] === undefined)
      throw new Error(`there is no oracle for "${id}"; there are ${Object.keys(oracles).join(', ')}`);
    const report = await attackScenario(id, seed, sequences, processes);
    mkdirSync(reportFolder, { recursive: true });
    writeFileSync(join(reportFolder, `${id}.json`), `${JSON.stringify(report, undefined, 1)}\n`);
    print(report);
    if (report.disagreements.length > 0 || !counts(report)) bad++;
  }
  return bad === 0 ? 0 : 1;
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new Error(`"${text}" is no number of sequences or processes, and no seed: 1 and more`);
}

async function attackScenario(
  id: string,
  seed: number,
  sequences: number,
  processes: number,
): Promise<AttackReport> {
  const begun = performance.now();
  const tallies: Tally[] = [];
  const chains = Math.ceil(sequences / PER_CHAIN);
  const share = { id, seed, chains, processes };
  await Promise.all(
    Array.from({ length: Math.min(processes, chains) }, (_, first) =>
      inProcess({ ...share, first }, (tally) => tallies.push(tally)),
    ),
  );
  const sum = (of: (tally: Tally) => number): number =>
    tallies.reduce((total, tally) => total + of(tally), 0);
  const disagreements = tallies.flatMap((tally) => tally.disagreements);
  const [passed, failed] = [sum((tally) => tally.passed), sum((tally) => tally.failed)];
  const parts: Record<string, number> = {};
  for (const part of tallies.flatMap((tally) => tally.parts)) parts[part] = (parts[part] ?? 0) + 1;
  const seconds = Math.round((performance.now() - begun) / 100) / 10;
  return {
    scenario: id,
    seed,
    sequences: passed + failed + disagreements.length,
    passed,
    failed,
    disagreements,
    seconds,
    parts,
  };
}

/**
 * A chain takes seconds: V8's best code for it pays, which a copy of a process never gets (`src/core/process-copy.ts`), so copies
 * are replays here. What a replay makes is mostly garbage at once, of which a large nursery leaves less to collect; and
 * processes that have a core each only lose by threads that collect and compile beside them.
 */
const WORKER_FLAGS = [
  '--single-threaded',
  '--max-semi-space-size=64',
  '--initial-heap-size=1500',
  '--no-memory-reducer',
];

async function inProcess(share: Share, done: (tally: Tally) => void): Promise<void> {
  const program = fileURLToPath(new URL('worker.ts', import.meta.url));
  const worker = spawn(process.execPath, [...WORKER_FLAGS, program, JSON.stringify(share)], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  });
  const ended = once(worker, 'exit');
  for await (const line of createInterface({ input: worker.stdio[3] as Readable })) {
    const tally = JSON.parse(line) as Tally;
    for (const one of tally.disagreements) printDisagreement(share.id, one);
    done(tally);
  }
  const [code, by] = (await ended) as [number | null, string | null];
  if (code !== 0) throw new Error(`a process of the attack ended: ${by ?? `exit code ${code}`}`);
}

function print({ scenario, sequences, passed, failed, disagreements, seconds, parts }: AttackReport): void {
  const rate = (sequences / seconds).toFixed(1);
  console.log(
    `${scenario}: ${sequences} sequences, ${passed} passed, ${failed} failed, ${disagreements.length} disagreements, ${seconds} s (${rate} a second)`,
  );
  const often = Object.entries(parts).sort(([, a], [, b]) => b - a);
  console.log(`  failed first at ${often.map(([part, count]) => `${part} ${count}`).join(', ')}`);
}

function printDisagreement(id: string, { seed, edits, judgement, confirmed }: Disagreement): void {
  console.log(`\n✗ ${confirmed ? '' : '(only within its chain) '}${nameOf(judgement)}`);
  console.log(`  oracle: ${judgement.complaint ?? 'whole'}`);
  console.log(`  grader: ${judgement.verdict} ${judgement.failed.join('; ')}`);
  console.log(
    `  again:  npm run attack -- --replay '${id} ${seed} ${JSON.stringify(edits).replaceAll("'", String.raw`'\''`)}'`,
  );
}

function nameOf(judgement: Judgement): string {
  if (judgement.verdict === 'error') return 'the grader does not know';
  return judgement.verdict === 'pass' ? 'false pass' : 'false fail';
}

/** @param text `ID SEED EDITS`, as a run prints it */
async function replay(text: string): Promise<number> {
  const [id = '', seed = '', ...rest] = text.split(' ');
  const edits = JSON.parse(rest.join(' ')) as Edit[];
  await using lab = await brokenLab(id, Number(seed));
  const judgement = await judgeApart(lab, edits);
  console.log(
    `oracle: ${judgement.complaint ?? 'whole'}\ngrader: ${judgement.verdict} ${judgement.failed.join('; ')}`,
  );
  return agree(judgement) ? 0 : 1;
}
