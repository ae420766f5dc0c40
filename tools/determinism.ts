/**
 * Replays the same inputs many times, in several processes and under several schedules, and prints what came:
 *
 *   npm run determinism -- [--runs N] [--seed N]
 *
 * Ends with 1 where two runs differ. test/integration/determinism.test.ts does the same with fewer runs.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { InputLogWriter } from '../src/cluster/host/input-log.ts';
import { Random } from '../src/core/random.ts';
import { type Fingerprint, fingerprint, headerOf, inProcessLab } from '../test/helpers/in-process.ts';
import { run } from '../test/helpers/processes.ts';
import { schedules } from '../test/helpers/schedules.ts';
import { session } from '../test/helpers/session.ts';

const PROCESSES_AT_ONCE = 2;

const { values: flags } = parseArgs({
  options: { runs: { type: 'string', default: '20' }, seed: { type: 'string', default: '1' } },
});
const runs = Number(flags.runs);
if (!Number.isInteger(runs) || runs < 1)
  throw new Error(`--runs ${flags.runs}: a whole number from 1 is allowed`);

const lab = inProcessLab(headerOf(`determinism/${flags.seed}`));
await session(lab);
const expected = fingerprint(lab.cluster);
const { header, records } = lab;

/** Every run reads the inputs from a file, in a process that does nothing else. */
async function inProcesses(): Promise<Fingerprint[]> {
  const folder = mkdtempSync(join(tmpdir(), 'determinism-'));
  try {
    const path = join(folder, 'inputs.jsonl');
    const writer = InputLogWriter.create(path, header);
    for (const record of records) writer.append(record);
    writer.close();
    const child = join(import.meta.dirname, '..', 'test', 'helpers', 'replay-child.ts');
    const one = async (): Promise<Fingerprint> => {
      const { stdout, stderr } = await run(process.execPath, [child, path]);
      if (stderr !== '') throw new Error(stderr);
      return JSON.parse(stdout) as Fingerprint;
    };
    const found: Fingerprint[] = [];
    while (found.length < runs) {
      const count = Math.min(PROCESSES_AT_ONCE, runs - found.length);
      found.push(...(await Promise.all(Array.from({ length: count }, one))));
    }
    return found;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function underSchedule(name: string): Promise<Fingerprint[]> {
  const again = schedules[name];
  const found: Fingerprint[] = [];
  while (again !== undefined && found.length < runs) {
    found.push(...(await again(header, records, new Random(`${name}/${flags.seed}/${found.length}`))));
  }
  return found;
}

const different = (texts: readonly string[]): string => [...new Set(texts)].join(' ≠ ');
let all = 0;
let same = 0;
const rows: string[] = [];
const add = (name: string, found: readonly Fingerprint[]): void => {
  all += found.length;
  same += found.filter((one) => JSON.stringify(one) === JSON.stringify(expected)).length;
  const digests = different(found.map(({ digest }) => `\`${digest}\``));
  const stores = different(found.map(({ store }) => `\`${store.slice(0, 16)}\``));
  rows.push(`| ${name} | ${found.length} | ${digests} | ${stores} |`);
};
add('recorded', [expected]);
add('replayed, each in a process of its own', await inProcesses());
for (const name of Object.keys(schedules)) add(`${name}, in one process`, await underSchedule(name));

console.log(
  `Seed ${flags.seed}, ${records.length} inputs, ${expected.events} events in 12 minutes of the shop: ` +
    `${same} of ${all} runs gave the same.

| how | runs | digest of all events | SHA-256 of the store (its beginning) |
| --- | --- | --- | --- |
${rows.join('\n')}`,
);
process.exitCode = same === all ? 0 : 1;
