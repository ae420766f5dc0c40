import { loadCatalogue } from '../../src/cli/catalogue.ts';
import { incidentOf } from '../../src/engine/incident.ts';
import { verifyJobs } from '../../src/engine/verify.ts';

/** So many seeds have every variant among them. */
const SEEDS = 12;

/** @returns whether a scenario of the catalogue has a case of a name, with whatever seed */
export async function casesOfNow(): Promise<(scenario: string, name: string) => boolean> {
  const { signal } = new AbortController();
  const names = new Set<string>();
  for (const scenario of await loadCatalogue()) {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const jobs = verifyJobs({ incident: incidentOf(scenario, seed), signal, stopwatch: () => 0 });
      for (const name of jobs.flatMap((job) => job.cases)) names.add(`${scenario.id} ${name}`);
    }
  }
  return (scenario, name) => names.has(`${scenario} ${name}`);
}
