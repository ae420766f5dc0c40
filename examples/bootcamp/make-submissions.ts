/**
 * Makes what a class would hand in: a lab of the embedded provider each, with the work that the roster says, done through its
 * API. `node examples/bootcamp/make-submissions.ts [who…]` writes submissions/<who>.json, of all where nobody is named.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadCatalogue } from '../../src/cli/catalogue.ts';
import { packageVersion } from '../../src/cli/context.ts';
import { wallClock } from '../../src/core/clock.ts';
import { packageRoot } from '../../src/core/package-root.ts';
import { viewOf } from '../../src/engine/break.ts';
import { findScenario, incidentOf } from '../../src/engine/incident.ts';
import { LabStore } from '../../src/engine/lab-store.ts';
import { openLab } from '../../src/engine/open-lab.ts';
import { startLab } from '../../src/engine/start.ts';
import { makeSubmission } from '../../src/engine/submission.ts';
import { embeddedProvider } from '../../src/providers/embedded/provider.ts';
import type { Scenario } from '../../src/scenario/types.ts';

interface Pupil {
  readonly who: string;
  readonly incident: string;
  readonly seed: number;
  /** `nothing`, or the id of a fix or a hack of the scenario. */
  readonly work: string;
}

/** Labs that are made at the same time. */
const AT_ONCE = 4;

const version = packageVersion();
const signal = new AbortController().signal;
const provider = embeddedProvider({
  version,
  labCommand: [process.execPath, join(packageRoot, 'dist', 'breakfix.js'), 'lab-process'],
  mode: 'process',
});

async function handIn(pupil: Pupil, catalogue: readonly Scenario[], folder: string): Promise<void> {
  const scenario = findScenario(catalogue, pupil.incident);
  const incident = incidentOf(scenario, pupil.seed);
  const root = mkdtempSync(join(tmpdir(), 'bootcamp-'));
  const store = new LabStore(join(root, 'labs'));
  try {
    const started = await startLab({
      store,
      provider,
      incident,
      clock: wallClock,
      signal,
      progress: () => {},
    });
    await started.cluster[Symbol.asyncDispose]();
    try {
      await using lab = await openLab(started, provider, catalogue, signal);
      if (pupil.work !== 'nothing') {
        const known = [...scenario.fixes(incident.values), ...scenario.hacks(incident.values)];
        const work = known.find(({ id }) => id === pupil.work);
        if (work === undefined) throw new Error(`${pupil.incident} has no fix or hack ${pupil.work}`);
        await work.apply(viewOf(lab.cluster, lab.baseline, incident, signal));
      }
      const submission = await makeSubmission(lab, version);
      writeFileSync(join(folder, `${pupil.who}.json`), `${JSON.stringify(submission)}\n`);
    } finally {
      await provider.destroy(started.record.cluster);
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const here = import.meta.dirname;
const roster = JSON.parse(readFileSync(join(here, 'roster.json'), 'utf8')) as Pupil[];
const names = process.argv.slice(2);
const folder = process.env['SUBMISSIONS'] ?? join(here, 'submissions');
const wanted = roster.filter(({ who }) => names.length === 0 || names.includes(who));
mkdirSync(folder, { recursive: true });
const catalogue = await loadCatalogue();
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (let pupil = wanted.shift(); pupil !== undefined; pupil = wanted.shift()) {
      await handIn(pupil, catalogue, folder);
      console.error(`${pupil.who}: ${pupil.incident}, seed ${pupil.seed}, ${pupil.work}`);
    }
  }),
);
