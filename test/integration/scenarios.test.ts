import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { loadCatalogue } from '../../src/cli/catalogue.ts';
import { incidentOf } from '../../src/engine/incident.ts';
import { type CaseResult, verifyJobs } from '../../src/engine/verify.ts';
import type { Scenario } from '../../src/scenario/types.ts';
import { type Newcomer, newcomer } from '../helpers/lab.ts';

/**
 * What the scenarios list, proven on the embedded cluster as an author does: nothing done, every right and every wrong
 * repair, hints, diagnosis. Three seeds, since no fewer have all forms of each fault.
 */
const SEEDS = [1, 2, 3];
/** Milliseconds: minutes on two cores that have nothing else to do. */
const AT_MOST = 30 * 60_000;
jest.setTimeout(AT_MOST);

const catalogue = await loadCatalogue();
let user: Newcomer;
let results: readonly CaseResult[];

beforeAll(async () => {
  user = newcomer();
  const args = ['verify', '--all', '--seeds', SEEDS.join(), '--json'];
  const ended = await user.breakfix(args, { killAfter: AT_MOST });
  if (ended.code === undefined) throw new Error(`verify did not come to an end: ${ended.stderr}`);
  const said = JSON.parse(ended.stdout) as { results: readonly CaseResult[]; error?: unknown };
  expect(said.error).toBeUndefined();
  results = said.results;
});
afterAll(async () => {
  await user[Symbol.asyncDispose]();
});

test.each(catalogue)('$id: every case is as expected', (scenario) => {
  const seen = results.filter((result) => result.scenario === scenario.id);
  expect(seen.filter(({ ok }) => !ok)).toEqual([]);
  expect(seen.map(({ seed, case: name }) => `${seed} ${name}`).sort()).toEqual(casesOf(scenario));
});

function casesOf(scenario: Scenario): string[] {
  const { signal } = new AbortController();
  return SEEDS.flatMap((seed) => {
    const jobs = verifyJobs({ incident: incidentOf(scenario, seed), signal, stopwatch: () => 0 });
    return jobs.flatMap((job) => job.cases).map((name) => `${seed} ${name}`);
  }).sort();
}
