import { describe, expect, test } from '@jest/globals';
import { DEFAULT_SCENARIO, loadCatalogue } from '../../../src/cli/catalogue.ts';
import { problemsOf } from '../../../src/scenario/define.ts';

const catalogue = await loadCatalogue();

describe('the catalogue', () => {
  test.each(catalogue.map((scenario) => [scenario.id, scenario] as const))(
    '%s is whole: fields, points, ids, hints, what catches its wrong repairs',
    (_id, scenario) => expect(problemsOf(scenario)).toEqual([]),
  );

  test('is in the order of incidents, each of which is there once', () => {
    const incidents = catalogue.map(({ incident }) => incident);
    expect(incidents).toEqual([...new Set(incidents)].sort());
    expect(catalogue.map(({ id }) => id)).toContain(DEFAULT_SCENARIO);
  });
});
