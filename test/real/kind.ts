import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from '@jest/globals';
import { wallClock } from '../../src/core/clock.ts';
import { brokenAgain, type BrokenClusters } from '../../src/engine/broken.ts';
import type { Incident } from '../../src/engine/incident.ts';
import { sharedSpec } from '../../src/engine/sharing.ts';
import { type CaseResult, verifyIncident } from '../../src/engine/verify.ts';
import { kindProvider } from '../../src/providers/kind/provider.ts';
import type { Cluster } from '../../src/providers/provider.ts';

const availability = await kindProvider().availability();

/** Of a real cluster; where none can be had, skipped, with the reason. */
export function describeReal(name: string, tests: () => void): void {
  if (availability.available) describe(name, tests);
  else describe.skip(`${name} (skipped: ${availability.reason})`, tests);
}

/** A real cluster of a file's tests, with what its incidents need. */
export interface RealCluster extends AsyncDisposable {
  readonly cluster: Cluster;
  /** One case of `breakfix verify`, on the emptied and newly broken cluster. */
  verify(incident: Incident, name: string): Promise<readonly CaseResult[]>;
}

export async function realCluster(incidents: readonly Incident[], lab: string): Promise<RealCluster> {
  const root = mkdtempSync(join(tmpdir(), 'breakfix-real-'));
  const folder = join(root, 'labs', lab);
  mkdirSync(folder, { recursive: true });
  const provider = kindProvider();
  const spec = sharedSpec(incidents, lab, folder);
  const ref = provider.plan(spec);
  const { signal } = new AbortController();
  const destroy = async (): Promise<void> => {
    await provider.destroy(ref);
    rmSync(root, { recursive: true });
  };
  try {
    const cluster = await provider.create(ref, spec, { signal });
    let last: { readonly incident: Incident; readonly broken: BrokenClusters } | undefined;
    return {
      cluster,
      verify: async (incident, only) => {
        if (last?.incident !== incident) last = { incident, broken: brokenAgain(cluster, incident, signal) };
        const { broken } = last;
        const stopwatch = (): number => wallClock.now().getTime();
        return verifyIncident({ incident, only: [only], signal, stopwatch, broken });
      },
      [Symbol.asyncDispose]: async () => {
        await cluster[Symbol.asyncDispose]();
        await destroy();
      },
    };
  } catch (error) {
    await destroy();
    throw error;
  }
}
