import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { loadCatalogue } from '../../src/cli/catalogue.ts';
import { incidentOf } from '../../src/engine/incident.ts';
import { type CaseResult, verifyJobs } from '../../src/engine/verify.ts';
import type { Scenario } from '../../src/scenario/types.ts';
import { drawValues } from '../../src/scenario/variants.ts';
import { type Newcomer, newcomer } from '../helpers/lab.ts';

/**
 * What the scenarios list, proven on the embedded cluster as an author does: nothing done, every right and every wrong
 * repair, hints, diagnosis. With three seeds, and as many more as it takes to meet every form of each fault.
 */
const SEEDS = [1, 2, 3];
/** Seeds beyond them are taken from so many; a variant of more than so many values is a number or a name, no form. */
const MORE_SEEDS = 100;
const FORMS = 5;
/** Milliseconds: minutes on two cores that have nothing else to do. */
const AT_MOST = 30 * 60_000;
jest.setTimeout(AT_MOST);

const catalogue = await loadCatalogue();
const seedsOf = new Map(catalogue.map((scenario) => [scenario.id, seedsFor(scenario)]));
const results: CaseResult[] = [];
let user: Newcomer;

beforeAll(async () => {
  user = newcomer();
  await verify(['--all'], SEEDS);
  const more = [...seedsOf].flatMap(([id, seeds]) => seeds.slice(SEEDS.length).map((seed) => ({ id, seed })));
  // Scenarios that need the same one go together, and have all cores.
  for (const [seed, some] of Map.groupBy(more, ({ seed }) => seed)) {
    const ids = some.map(({ id }) => id);
    await verify(ids, [seed]);
  }
});
afterAll(async () => {
  await user[Symbol.asyncDispose]();
});

test.each(catalogue)('$id: every case is as expected', (scenario) => {
  const seen = results.filter((result) => result.scenario === scenario.id);
  expect(seen.filter(({ ok }) => !ok)).toEqual([]);
  expect(seen.map(({ seed, case: name }) => `${seed} ${name}`).sort()).toEqual(casesOf(scenario));
});

async function verify(what: readonly string[], seeds: readonly number[]): Promise<void> {
  const ended = await user.breakfix(['verify', ...what, '--seeds', `${seeds.join()},`, '--json'], {
    killAfter: AT_MOST,
  });
  if (ended.code === undefined) throw new Error(`verify did not come to an end: ${ended.stderr}`);
  const said = JSON.parse(ended.stdout) as { results: readonly CaseResult[]; error?: unknown };
  expect(said.error).toBeUndefined();
  results.push(...said.results);
}

function casesOf(scenario: Scenario): string[] {
  const { signal } = new AbortController();
  return (seedsOf.get(scenario.id) ?? [])
    .flatMap((seed) => {
      const jobs = verifyJobs({ incident: incidentOf(scenario, seed), signal, stopwatch: () => 0 });
      return jobs.flatMap((job) => job.cases).map((name) => `${seed} ${name}`);
    })
    .sort();
}

/** Those of all, and of others always the one that draws most of what none has drawn before. */
function seedsFor(scenario: Scenario): number[] {
  const drawn = Array.from({ length: MORE_SEEDS }, (_, index) =>
    Object.entries(drawValues(scenario, index + 1)).map(([name, value]) => ({
      name,
      value: JSON.stringify(value),
    })),
  );
  const valuesOf = Map.groupBy(drawn.flat(), ({ name }) => name);
  const isForm = (name: string): boolean =>
    new Set(valuesOf.get(name)?.map(({ value }) => value)).size <= FORMS;
  const forms = drawn.map((values) =>
    values.filter(({ name }) => isForm(name)).map(({ name, value }) => `${name}=${value}`),
  );
  const seeds = [...SEEDS];
  for (;;) {
    const met = new Set(seeds.flatMap((seed) => forms[seed - 1] ?? []));
    const fresh = forms.map((some) => some.filter((form) => !met.has(form)).length);
    const most = Math.max(...fresh);
    if (most === 0) return seeds;
    seeds.push(fresh.indexOf(most) + 1);
  }
}
