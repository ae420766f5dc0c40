/**
 * Gives what reads bytes from outside what nobody would send it, and prints whatever is neither an answer nor a refusal:
 *
 *   npm run fuzz -- [READER …] [--inputs N] [--seed S] [--workers N] [--minutes M] [--write]
 *   npm run fuzz -- READER --seed S --replay INDEX
 *
 * A seed gives the same inputs each time. `--minutes` is for each reader; `--write` puts the numbers into
 * docs/fidelity.md, and adds up runs with several seeds. Ends with 1 where there are findings.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from '../../src/core/package-root.ts';
import { between, part } from '../markers.ts';
import type { Reader } from './reader.ts';
import { readers } from './readers.ts';
import { BATCH, type Finding, inputsOf, runBatch, shown } from './run.ts';
import { fuzzTable } from './table.ts';
import { type Outcome, runInThreads } from './threads.ts';

const DOCUMENT = join(packageRoot, 'docs/fidelity.md');
const MARKER = 'npm run fuzz -- --write';
const MILLION = 1_000_000;

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    inputs: { type: 'string' },
    seed: { type: 'string', default: '1' },
    workers: { type: 'string', default: String(availableParallelism()) },
    minutes: { type: 'string', default: 'Infinity' },
    replay: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});

function chosen(): readonly Reader[] {
  const names = readers.map(({ name }) => name);
  const unknown = positionals.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new Error(`there is no reader "${unknown}"; there are ${names.join(', ')}`);
  return readers.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
}

function print({ reader, seed, index, input, stack }: Finding): void {
  console.log(`\n✗ ${reader} --seed ${seed} --replay ${index}\n${input}\n${stack}\n`);
}

async function run(reader: Reader): Promise<Outcome> {
  const outcome = await runInThreads(
    {
      reader,
      inputs: Number(flags.inputs ?? reader.usual ?? MILLION),
      seed: Number(flags.seed),
      workers: Number(flags.workers),
      minutes: Number(flags.minutes),
    },
    print,
  );
  const { inputs, seconds, findings } = outcome;
  console.log(`${reader.name}: ${inputs} inputs in ${seconds.toFixed(0)} s, ${findings.length} findings`);
  return outcome;
}

/** Reads one input again, after those of its batch that come before it. */
async function replay(reader: Reader, index: number): Promise<Outcome> {
  const seed = Number(flags.seed);
  const [batch, size] = [Math.floor(index / BATCH), (index % BATCH) + 1];
  console.log(shown(inputsOf(reader, seed, batch, size).at(-1)));
  const read = await reader.open();
  const findings = await runBatch({ reader, read, seed, batch, size, known: new Set() });
  findings.forEach(print);
  return { reader: reader.name, inputs: size, seed, seconds: 0, findings };
}

const outcomes: Outcome[] = [];
for (const reader of chosen()) {
  outcomes.push(await (flags.replay === undefined ? run(reader) : replay(reader, Number(flags.replay))));
}
if (flags.write) {
  const text = readFileSync(DOCUMENT, 'utf8');
  const reads = new Map(readers.map(({ name, reads }) => [name, reads]));
  writeFileSync(DOCUMENT, between(text, MARKER, fuzzTable(part(text, MARKER), outcomes, reads)));
}
if (outcomes.some(({ findings }) => findings.length > 0)) process.exitCode = 1;
