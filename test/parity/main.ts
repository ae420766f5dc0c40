/**
 * Plays cases on embedded clusters and compares what they print with what a real cluster printed:
 *
 *   npm run parity -- [words of ids …] [--print] [--quiet] [--lanes N]
 *
 * `--print` prints the transcripts instead, `--quiet` only the table. Ends with 1 where all cases are played and less
 * is the same than floor.json says.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Comparison } from './compare.ts';
import { casesLike } from './files.ts';
import { judge, playEmbedded } from './judge.ts';
import { inLanes } from './lanes.ts';
import { isMissing, programsOf } from './programs.ts';
import { diffOf, type Floor, tableOf, totalsOf } from './table.ts';
import { writeTranscript } from './transcript.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    print: { type: 'boolean', default: false },
    quiet: { type: 'boolean', default: false },
    lanes: { type: 'string', default: String(availableParallelism() + 1) },
  },
});

const compared = new Map<string, Comparison>();
const broken: string[] = [];
const unrecorded: string[] = [];
const cases = casesLike(positionals);
await inLanes(cases, Number(values.lanes), async (script) => {
  try {
    const programs = programsOf(script);
    if (isMissing(programs)) throw new Error(programs.missing);
    const played = await playEmbedded(script, programs);
    if (values.print) {
      console.log(`# ${script.id}: ${script.title}\n\n${writeTranscript(played)}`);
      return;
    }
    const comparison = judge(script, played);
    if (comparison === undefined) unrecorded.push(script.id);
    else compared.set(script.id, comparison);
    const diff = comparison === undefined || values.quiet ? '' : diffOf(script.id, comparison);
    if (diff !== '') console.log(diff);
  } catch (error) {
    broken.push(`${script.id}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
});
if (!values.print) {
  console.log(tableOf(compared));
  for (const id of unrecorded) console.log(`without a golden: ${id}`);
}
for (const line of broken) console.log(`could not be played: ${line}`);
const floor = JSON.parse(readFileSync(join(import.meta.dirname, 'floor.json'), 'utf8')) as Floor;
const { equalCases, lines } = totalsOf(compared);
const low =
  positionals.length === 0 && !values.print && (equalCases < floor.equalCases || lines < floor.lines);
if (low) console.log(`less is the same than floor.json says: ${JSON.stringify(floor)}`);
process.exitCode = low || broken.length > 0 ? 1 : 0;
