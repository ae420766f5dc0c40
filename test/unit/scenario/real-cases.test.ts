import { expect, test } from '@jest/globals';
import { loadCatalogue } from '../../../src/cli/catalogue.ts';
import { findScenario, incidentOf } from '../../../src/engine/incident.ts';
import { verifyJobs } from '../../../src/engine/verify.ts';
import { allCases, namesOf } from '../../real/cases.ts';

// A real cluster sees some of them a day only: what is wrong with a name shows here on every day.
test('the cases of the real clusters are cases of their scenarios, each the only one that its name asks for', async () => {
  const cases = allCases();
  const catalogue = await loadCatalogue();
  expect(Object.keys(cases).sort()).toEqual(catalogue.map(({ id }) => id).sort());
  const { signal } = new AbortController();
  for (const [id, tried] of Object.entries(cases)) {
    const incident = incidentOf(findScenario(catalogue, id, 'id'), 1);
    for (const only of namesOf(tried)) {
      const jobs = verifyJobs({ incident, signal, stopwatch: () => 0, only: [only] });
      expect(jobs.flatMap((job) => job.cases)).toEqual([only]);
    }
  }
});
