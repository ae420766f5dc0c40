import type { CaseResult } from '../../src/engine/verify.ts';

/** What `breakfix verify --json` prints. */
export interface VerifyRun {
  readonly results: readonly CaseResult[];
}

/** A table for each scenario, its cases over all seeds in one row each. */
export function verifyTables({ results }: VerifyRun): string {
  const wrong = results.filter(({ ok }) => !ok).length;
  const minutes = results.reduce((sum, { tookMs }) => sum + tookMs, 0) / 60_000;
  const scenarios = groups(results, ({ scenario }) => scenario);
  const head = `${results.length - wrong} of ${results.length} cases as expected, ${scenarios.size} scenarios, ${minutes.toFixed(0)} minutes.`;
  const tables = [...scenarios].map(
    ([scenario, own]) => `### ${scenario}, ${seedsOf(own)}\n\n${tableOf(own)}`,
  );
  return [head, ...tables].join('\n\n');
}

function seedsOf(results: readonly CaseResult[]): string {
  const seeds = [...new Set(results.map(({ seed }) => seed))].sort((a, b) => a - b);
  return `seed${seeds.length === 1 ? '' : 's'} ${seeds.join(', ')}`;
}

function tableOf(results: readonly CaseResult[]): string {
  const rows = [...groups(results, (one) => one.case)].map(([name, own]) => rowOf(name, own));
  return [
    '| case | expected | as expected | seen | points | time |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function rowOf(name: string, results: readonly CaseResult[]): string {
  const good = results.filter(({ ok }) => ok).length;
  const whole = results.filter(({ brief }) => brief !== true);
  const graded = whole.length === 0 ? results : whole;
  const count = good === results.length ? `${good} of ${results.length}` : `**${good} of ${results.length}**`;
  const cells = [
    name,
    results[0]?.expected ?? '',
    count,
    counted(graded.map(seenIn)),
    range(
      graded.flatMap(({ seen }) => pointsIn(seen)),
      '',
    ),
    range(
      results.map(({ tookMs }) => Math.round(tookMs / 100) / 10),
      ' s',
    ),
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '/')).join(' | ')} |`;
}

/** The verdict and what did not hold; the words of a case that is not graded. */
function seenIn({ seen, failed = [] }: CaseResult): string {
  const verdict = /^(pass|fail|error) /.exec(seen)?.[1];
  if (verdict === undefined) return seen;
  return failed.length === 0 ? verdict : `${verdict}: ${failed.join(', ')}`;
}

const pointsIn = (seen: string): number[] => {
  const points = /^\w+ (\d+)\/\d+/.exec(seen)?.[1];
  return points === undefined ? [] : [Number(points)];
};

/** The same once; where seeds differ each with how often. */
function counted(texts: readonly string[]): string {
  const found = [...groups(texts, (text) => text)];
  if (found.length === 1) return found[0]?.[0] ?? '';
  return found.map(([text, same]) => `${text} (${same.length}×)`).join('<br>');
}

function range(numbers: readonly number[], unit: string): string {
  if (numbers.length === 0) return '';
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  return low === high ? `${low}${unit}` : `${low} – ${high}${unit}`;
}

function groups<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const item of items) found.set(key(item), [...(found.get(key(item)) ?? []), item]);
  return found;
}

/** As tools/attack writes it, as far as it is told. */
export interface AttackNumbers {
  readonly scenario: string;
  readonly seed: number;
  readonly sequences: number;
  readonly passed: number;
  readonly failed: number;
  readonly disagreements: readonly unknown[];
  readonly seconds: number;
}

/** Repairs and failures must both be so many of a hundred, or a run says nothing. */
const LEAST = 5;

/** One row a scenario, and the sum. */
export function attackTable(reports: readonly AttackNumbers[]): string {
  const total = (of: (report: AttackNumbers) => number): number =>
    reports.reduce((sum, one) => sum + of(one), 0);
  const all = total(({ sequences }) => sequences);
  const rows = [...reports]
    .sort((a, b) => (a.scenario < b.scenario ? -1 : 1))
    .map((one) => {
      const share = (count: number): string => {
        const percent = (100 * count) / one.sequences;
        return `${count} (${Math.round(percent)} %${percent < LEAST ? ': **too few**' : ''})`;
      };
      const rate = (one.sequences / one.seconds).toFixed(1);
      return `| ${one.scenario} | ${one.sequences} | ${share(one.passed)} | ${share(one.failed)} | ${one.disagreements.length} | ${rate} |`;
    });
  const disagreements = total((one) => one.disagreements.length);
  return [
    '| scenario | sequences | passed | failed | disagreements | a second |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
    `| all | ${all} | ${total(({ passed }) => passed)} | ${total(({ failed }) => failed)} | ${disagreements} | |`,
  ].join('\n');
}
