import { closest } from 'fastest-levenshtein';
import { BreakfixError } from '../core/errors.ts';
import { Random } from '../core/random.ts';
import type { BaselinePlan, Scenario } from '../scenario/types.ts';
import { drawValues, type Values, type Variants } from '../scenario/variants.ts';

/** A scenario with the values of one seed: everything that is needed to run it. */
export interface Incident {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly values: Values<Variants>;
  readonly plan: BaselinePlan;
}

export const HIGHEST_SEED = 999_999;

/** @throws BreakfixError for a seed that is no whole number from 1 to {@link HIGHEST_SEED} */
export function incidentOf(scenario: Scenario, seed: number): Incident {
  if (!Number.isInteger(seed) || seed < 1 || seed > HIGHEST_SEED) {
    throw new BreakfixError({
      code: 'SEED_OUT_OF_RANGE',
      kind: 'user',
      message: `seed ${seed} is not possible; it is a whole number from 1 to ${HIGHEST_SEED}`,
      fix: 'leave --seed out for a seed of chance',
    });
  }
  const values = drawValues(scenario, seed);
  return { scenario, seed, values, plan: scenario.baseline(values) };
}

/** A seed for a lab that was not given one. */
export function seedOfChance(entropy: string): number {
  return new Random(entropy).between(1, HIGHEST_SEED);
}

/** The scenario of an incident number (`INC-2041`, any case) or, for authors, of an id. @throws BreakfixError */
export function findScenario(catalogue: readonly Scenario[], wanted: string): Scenario {
  const key = wanted.toLowerCase();
  const found = catalogue.find(({ id, incident }) => id === key || incident.toLowerCase() === key);
  if (found !== undefined) return found;
  const incidents = catalogue.map(({ incident }) => incident);
  throw new BreakfixError({
    code: 'SCENARIO_UNKNOWN',
    kind: 'user',
    message: `there is no incident "${wanted}"; the closest is ${closest(wanted.toUpperCase(), incidents)}`,
    fix: 'breakfix list shows all of them',
  });
}

/** The incident after another one, by number, from the beginning again after the last. */
export function nextIncident(catalogue: readonly Scenario[], incident: string): Scenario | undefined {
  const others = catalogue.filter((scenario) => scenario.incident !== incident);
  return others.find((scenario) => scenario.incident > incident) ?? others[0];
}
