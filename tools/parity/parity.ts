import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadCatalogue } from '../../src/cli/catalogue.ts';
import { wallClock } from '../../src/core/clock.ts';
import { packageRoot } from '../../src/core/package-root.ts';
import { breakCluster, type PhaseReport } from '../../src/engine/break.ts';
import { type Incident, incidentOf } from '../../src/engine/incident.ts';
import { sharedSpec, sharingGroups } from '../../src/engine/sharing.ts';
import { embeddedProvider } from '../../src/providers/embedded/provider.ts';
import { kindProvider } from '../../src/providers/kind/provider.ts';
import type { Cluster, ClusterProvider } from '../../src/providers/provider.ts';
import { compare } from './compare.ts';
import { type Recording, recordFacts } from './record.ts';
import { checkTable } from './table.ts';

const { signal } = new AbortController();
const folder = join(packageRoot, 'reports/parity');

/** The fault has been there so long at least when the real cluster is looked at, in milliseconds: events repeat. */
const SETTLED = 100_000;

/** @returns the exit code */
export async function parity(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { seed: { type: 'string', default: '1' }, recorded: { type: 'boolean', default: false } },
  });
  checkTable(join(packageRoot, 'docs/fidelity.md'));
  const catalogue = await loadCatalogue();
  const unknown = positionals.filter((id) => !catalogue.some((scenario) => scenario.id === id));
  if (unknown.length > 0) throw new Error(`the catalogue has no ${unknown.join(', ')}`);
  const incidents = catalogue
    .filter(({ id }) => positionals.length === 0 || positionals.includes(id))
    .map((scenario) => incidentOf(scenario, Number(values.seed)));
  mkdirSync(folder, { recursive: true });
  const real = values.recorded ? incidents.map(recorded) : await recordReal(incidents);
  let different = 0;
  const blocks = new Map<string, string>();
  for (const [index, incident] of incidents.entries()) {
    const there = real[index];
    if (there === undefined) continue;
    const here = await recordEmbedded(incident, there.since);
    save(here);
    const { same, onlyReal, onlyEmbedded } = compare(there, here);
    different += onlyReal.length + onlyEmbedded.length;
    // Then nothing was compared.
    if (same === 0) different++;
    const counts = `${same} facts the same, ${onlyReal.length} only on kind, ${onlyEmbedded.length} only on embedded`;
    const block = [
      `${nameOf(here)}: ${counts}`,
      ...onlyReal.map((fact) => `  kind      ${fact}`),
      ...onlyEmbedded.map((fact) => `  embedded  ${fact}`),
    ].join('\n');
    console.log(block);
    blocks.set(nameOf(here), block);
  }
  const report = join(folder, 'report.txt');
  const before = existsSync(report) ? readFileSync(report, 'utf8') : '';
  const order = catalogue.map(({ id }) => id);
  writeFileSync(report, merged(before, blocks, order));
  return different === 0 ? 0 : 1;
}

/**
 * A report with new blocks in it: a line that begins with a name, and those below it. What it says of others stays.
 * @param order the scenarios that there are
 */
export function merged(
  report: string,
  blocks: ReadonlyMap<string, string>,
  order: readonly string[],
): string {
  const before = report.split(/\n(?! )/).map((block): [string, string] => [block.split(':')[0] ?? '', block]);
  const all = new Map([...before, ...blocks]);
  const inOrder = order.flatMap((id) => [...all].filter(([name]) => name.startsWith(`${id}/`)));
  return inOrder.map(([, block]) => `${block.trimEnd()}\n`).join('');
}

const nameOf = ({ scenario, seed }: Recording): string => `${scenario}/${seed}`;
const pathOf = (scenario: string, seed: number, provider: string): string =>
  join(folder, `${scenario}-${seed}-${provider}.json`);

function save(recording: Recording): void {
  const { scenario, seed, provider } = recording;
  writeFileSync(pathOf(scenario, seed, provider), `${JSON.stringify(recording, undefined, 1)}\n`);
}

function recorded({ scenario: { id }, seed }: Incident): Recording {
  return JSON.parse(readFileSync(pathOf(id, seed, 'kind'), 'utf8')) as Recording;
}

/** One cluster for all that can share it, emptied in between. */
async function recordReal(incidents: readonly Incident[]): Promise<Recording[]> {
  const recordings = new Map<Incident, Recording>();
  for (const group of sharingGroups(incidents)) {
    await withCluster(kindProvider(), group, async (cluster) => {
      for (const incident of group) {
        await cluster.can.empty?.(signal);
        const recording = await record(cluster, incident, SETTLED);
        save(recording);
        recordings.set(incident, recording);
      }
    });
  }
  return incidents.flatMap((incident) => recordings.get(incident) ?? []);
}

/** @param since how long the fault is to have been there, as on the real cluster */
export function recordEmbedded(incident: Incident, since: number): Promise<Recording> {
  const backdated = { ...incident, scenario: { ...incident.scenario, since } };
  const provider = embeddedProvider({ version: 'parity', labCommand: [], mode: 'local' });
  return withCluster(provider, [backdated], (cluster) => record(cluster, backdated, since));
}

async function record(cluster: Cluster, incident: Incident, settled: number): Promise<Recording> {
  let brokenAt = new Date(0);
  const phase: PhaseReport = async (name, work) => {
    if (name === 'fault') brokenAt = cluster.clock.now();
    await work();
  };
  const baseline = await breakCluster(cluster, incident, phase, signal);
  await cluster.can.goLive?.();
  const age = (): number => cluster.clock.now().getTime() - brokenAt.getTime();
  if (age() < settled) await cluster.clock.wait(settled - age(), signal);
  const since = age();
  const { scenario, seed } = incident;
  const provider = cluster.ref.provider;
  const facts = await recordFacts(cluster, incident, baseline, brokenAt);
  return { scenario: scenario.id, seed, provider, since, facts };
}

async function withCluster<T>(
  provider: ClusterProvider,
  incidents: readonly Incident[],
  work: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const root = mkdtempSync(join(tmpdir(), 'breakfix-parity-'));
  const labFolder = join(root, 'breakfix/labs/parity');
  mkdirSync(labFolder, { recursive: true });
  const spec = sharedSpec(incidents, `parity-${wallClock.now().getTime() % 100_000}`, labFolder);
  const ref = provider.plan(spec);
  try {
    await using cluster = await provider.create(ref, spec, { signal });
    return await work(cluster);
  } finally {
    await provider.destroy(ref);
    rmSync(root, { recursive: true });
  }
}
