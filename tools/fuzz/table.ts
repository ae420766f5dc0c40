import type { Outcome } from './threads.ts';

const HEAD =
  '| reader | what it reads | inputs | seeds | seconds | findings |\n| --- | --- | ---: | --- | ---: | ---: |';

/** What a row counts: all runs of a reader. */
interface Row {
  readonly inputs: number;
  readonly seeds: readonly number[];
  readonly seconds: number;
  readonly findings: number;
}

/**
 * The table of what was run. A run with a seed that its reader's row has not had is added to the row; with one that it
 * has had, it takes the row's place.
 * @param before a table whose rows stay where their reader was not run
 * @param reads what each reader reads, in the order of the rows; rows of other readers go
 */
export function fuzzTable(
  before: string,
  outcomes: readonly Outcome[],
  reads: ReadonlyMap<string, string>,
): string {
  const rows = new Map<string, Row>();
  for (const line of before.split('\n')) {
    const [, name, , ...numbers] = line.split('|').map((cell) => cell.trim().replaceAll('`', ''));
    if (name !== undefined && reads.has(name)) rows.set(name, parsed(numbers));
  }
  for (const outcome of outcomes) rows.set(outcome.reader, added(rows.get(outcome.reader), outcome));
  return [HEAD, ...[...reads].flatMap(([name, what]) => shown(name, what, rows.get(name)))].join('\n');
}

function parsed([inputs = '', seeds = '', seconds = '', findings = '']: readonly string[]): Row {
  return {
    inputs: Number(inputs.replaceAll(',', '')),
    seeds: seeds.split(',').map(Number),
    seconds: Number(seconds.replaceAll(',', '')),
    findings: Number(findings),
  };
}

function added(row: Row | undefined, { inputs, seed, seconds, findings }: Outcome): Row {
  const run = { inputs, seeds: [seed], seconds, findings: findings.length };
  if (row === undefined || row.seeds.includes(seed)) return run;
  return {
    inputs: row.inputs + run.inputs,
    seeds: [...row.seeds, seed],
    seconds: row.seconds + run.seconds,
    findings: row.findings + run.findings,
  };
}

function shown(name: string, reads: string, row: Row | undefined): string[] {
  if (row === undefined) return [];
  const [inputs, seconds] = [row.inputs, Math.round(row.seconds)].map((one) => one.toLocaleString('en'));
  return [`| \`${name}\` | ${reads} | ${inputs} | ${row.seeds.join(', ')} | ${seconds} | ${row.findings} |`];
}
