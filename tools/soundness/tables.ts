import type { CaseResult } from '../../src/engine/verify.ts';
import { LEAST_SHARE } from '../attack/counts.ts';

/** What `breakfix verify --json` prints. */
export interface VerifyRun {
  readonly results: readonly CaseResult[];
}

/**
 * A table for each scenario, its cases over all seeds in one row each.
 * @param before tables whose scenarios were not run: they stay, as do other rows where a run was of some cases only, or was
 *   interrupted
 * @param isCase whether a scenario still has a case of this name
 */
export function verifyTables(
  { results }: VerifyRun,
  before = '',
  isCase: (scenario: string, name: string) => boolean = () => true,
): string {
  const sections = new Map<string, string>();
  for (const section of before.split(/^(?=### )/m)) {
    const [, scenario] = /^### ([^,\n]+)/.exec(section) ?? [];
    if (scenario !== undefined) sections.set(scenario, section.trim());
  }
  for (const [scenario, own] of groups(results, (one) => one.scenario)) {
    const [heading = '', , ...lines] = sections.get(scenario)?.split('\n') ?? [];
    const known = lines.filter((line) => !isRow(line) || isCase(scenario, nameIn(line)));
    const isWhole = known.every((line) => !isRow(line) || own.some((one) => one.case === nameIn(line)));
    const seeds = [...(isWhole ? [] : seedsIn(heading)), ...own.map(({ seed }) => seed)];
    const table = isWhole ? tableOf(own) : withRows(known, own);
    sections.set(scenario, `### ${scenario}, ${wordsOf(seeds)}\n\n${table}`);
  }
  const ordered = [...sections.keys()].sort().map((scenario) => sections.get(scenario) ?? '');
  const counts = [...ordered.join('\n').matchAll(/\| \**(\d+) of (\d+)\** \|/g)];
  const sum = (group: 1 | 2): number => counts.reduce((all, count) => all + Number(count[group]), 0);
  const head = `${sum(1)} of ${sum(2)} cases as expected, ${sections.size} scenarios.`;
  return [head, ...ordered].join('\n\n');
}

const isRow = (line: string): boolean => line.startsWith('| ') && !/^\| (?:case|---) \|/.test(line);
const nameIn = (row: string): string => row.split(' | ', 1)[0]?.slice(2) ?? '';

/** Of a run of some cases only: their rows are put in the place of those of before. */
function withRows(table: readonly string[], results: readonly CaseResult[]): string {
  const lines = [...table];
  for (const [name, own] of groups(results, (one) => one.case)) {
    const at = lines.findIndex((line) => line.startsWith(`| ${name} |`));
    lines.splice(at === -1 ? lines.length : at, at === -1 ? 0 : 1, rowOf(name, own));
  }
  return lines.join('\n');
}

/** What {@link wordsOf} said at the end of a heading. */
const seedsIn = (heading: string): number[] =>
  /, seeds? ([\d, ]+)$/.exec(heading)?.[1]?.split(', ').map(Number) ?? [];

function wordsOf(some: readonly number[]): string {
  const seeds = [...new Set(some)].sort((a, b) => a - b);
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

/** What a row of the attack says. */
interface AttackRow {
  readonly sequences: number;
  readonly passed: number;
  readonly failed: number;
  readonly disagreements: number;
  readonly rate: number;
}

/** One row a scenario, and the sum. @param before a table whose scenarios were not attacked: they stay */
export function attackTable(reports: readonly AttackNumbers[], before = ''): string {
  const rows = new Map<string, AttackRow>();
  for (const [, scenario = '', ...numbers] of before.matchAll(ATTACK_ROW)) {
    const [sequences = 0, passed = 0, failed = 0, disagreements = 0, rate = 0] = numbers.map(Number);
    rows.set(scenario, { sequences, passed, failed, disagreements, rate });
  }
  for (const { scenario, seconds, disagreements, ...counts } of reports) {
    const rate = counts.sequences / seconds;
    rows.set(scenario, { ...counts, disagreements: disagreements.length, rate });
  }
  const total = (of: (row: AttackRow) => number): number =>
    [...rows.values()].reduce((sum, row) => sum + of(row), 0);
  const all = total(({ sequences }) => sequences);
  const disagreements = total((row) => row.disagreements);
  return [
    '| scenario | sequences | passed | failed | disagreements | a second |',
    '| --- | --- | --- | --- | --- | --- |',
    ...[...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([scenario, row]) => attackRow(scenario, row)),
    `| all | ${all} | ${total(({ passed }) => passed)} | ${total(({ failed }) => failed)} | ${disagreements} | |`,
  ].join('\n');
}

const ATTACK_ROW = /^\| ([\w-]+) \| (\d+) \| (\d+) \(.*?\) \| (\d+) \(.*?\) \| (\d+) \| ([\d.]+) \|$/gm;

function attackRow(scenario: string, row: AttackRow): string {
  const { sequences, passed, failed, disagreements, rate } = row;
  const share = (count: number): string => {
    const percent = (100 * count) / sequences;
    return `${count} (${Math.round(percent)} %${percent < 100 * LEAST_SHARE ? ': **too few**' : ''})`;
  };
  return `| ${scenario} | ${sequences} | ${share(passed)} | ${share(failed)} | ${disagreements} | ${rate.toFixed(1)} |`;
}
