/**
 * Records the goldens on real clusters, which it makes for itself with kind and removes:
 *
 *   npm run parity:record -- [words of ids …] [--lanes N] [--missing]
 *
 * `--missing` records what has no golden yet.
 */
import { parseArgs } from 'node:util';
import type { Cluster } from '../../src/providers/provider.ts';
import type { Case } from './case.ts';
import { common } from './compare.ts';
import { casesLike, keepRecordings, readGolden } from './files.ts';
import { kindGround, withKind } from './kind.ts';
import { inLanes } from './lanes.ts';
import { isMissing, programsOf } from './programs.ts';
import { makeNamespace, removeNamespace } from './namespaces.ts';
import { namespaceOf, play } from './play.ts';
import type { Transcript } from './transcript.ts';

/** A case of which more than this is chance does not count. */
const CHANCE_AT_MOST = 1 / 3;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { lanes: { type: 'string', default: '6' }, missing: { type: 'boolean', default: false } },
});
const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort(new Error('interrupted')));

const cases = casesLike(positionals).filter(({ id }) => !values.missing || readGolden(id) === undefined);
let failures = 0;
for (const nodes of new Set(cases.map((one) => one.nodes))) {
  const group = cases.filter((one) => one.nodes === nodes);
  await withKind(nodes, interrupted.signal, async (cluster) => {
    await inLanes(
      group.filter(({ alone }) => !alone),
      Number(values.lanes),
      (one) => record(cluster, one),
    );
    await inLanes(
      group.filter(({ alone }) => alone),
      1,
      (one) => record(cluster, one),
    );
  });
}
process.exitCode = failures === 0 ? 0 : 1;

/** A case that fails does not keep the others from being recorded. */
async function record(cluster: Cluster, script: Case): Promise<void> {
  interrupted.signal.throwIfAborted();
  const start = Date.now();
  try {
    const recordings = [await once(cluster, script), await once(cluster, script)] as const;
    for (const recording of recordings) {
      const never = recording.find(({ command }) => command.startsWith('until: '));
      if (never !== undefined) throw new Error(`${never.command}: ${JSON.stringify(never.lines)}`);
    }
    const golden = common(...recordings);
    const lines = golden.flatMap((passage) => passage.lines);
    const chance = lines.reduce((sum, line) => sum + (typeof line === 'string' ? 0 : line.chance), 0);
    const same = lines.filter((line) => typeof line === 'string').length;
    const counts = chance <= CHANCE_AT_MOST * (chance + same);
    keepRecordings(script.id, counts ? golden : undefined, recordings);
    const seconds = Math.round((Date.now() - start) / 1000);
    console.log(
      `${script.id}: ${same} lines, ${chance} of chance${counts ? '' : ': does not count'} (${seconds} s)`,
    );
  } catch (error) {
    failures++;
    console.log(`${script.id}: FAILED: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function once(cluster: Cluster, script: Case): Promise<Transcript> {
  const programs = programsOf(script);
  if (isMissing(programs)) throw new Error(programs.missing);
  const namespace = namespaceOf(script);
  const ground = kindGround(cluster);
  try {
    await makeNamespace(cluster.kube, namespace, (time) => ground.pass(time));
    return await play(script, ground, programs);
  } finally {
    await removeNamespace(cluster.kube, namespace);
  }
}
