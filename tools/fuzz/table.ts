import type { Outcome } from './threads.ts';

const HEAD =
  '| reader | what it reads | inputs | seed | seconds | findings |\n| --- | --- | ---: | ---: | ---: | ---: |';

/**
 * The table of what was run.
 * @param before a table whose rows stay where their reader was not run
 * @param reads what each reader reads, in the order of the rows; rows of other readers go
 */
export function fuzzTable(
  before: string,
  outcomes: readonly Outcome[],
  reads: ReadonlyMap<string, string>,
): string {
  const rows = new Map<string, string>();
  for (const line of before.split('\n')) {
    const [, name = ''] = /^\| `([^`]+)`/.exec(line) ?? [];
    if (name !== '') rows.set(name, line);
  }
  for (const outcome of outcomes) rows.set(outcome.reader, row(outcome, reads.get(outcome.reader) ?? ''));
  return [HEAD, ...[...reads.keys()].flatMap((name) => rows.get(name) ?? [])].join('\n');
}

function row({ reader, inputs, seed, seconds, findings }: Outcome, reads: string): string {
  return `| \`${reader}\` | ${reads} | ${inputs.toLocaleString('en')} | ${seed} | ${Math.round(seconds)} | ${findings.length} |`;
}
