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
  if (!isSeed(seed)) throw seedOutOfRange(String(seed));
  const values = drawValues(scenario, seed);
  return { scenario, seed, values, plan: scenario.baseline(values) };
}

/** @param text as somebody typed it @throws BreakfixError with just that, where it is no seed */
export function seedOf(text: string): number {
  const seed = /^\d+$/.test(text.trim()) ? Number(text) : NaN;
  if (!isSeed(seed)) throw seedOutOfRange(text);
  return seed;
}

const isSeed = (seed: number): boolean => Number.isInteger(seed) && seed >= 1 && seed <= HIGHEST_SEED;

function seedOutOfRange(given: string): BreakfixError {
  return new BreakfixError({
    code: 'SEED_OUT_OF_RANGE',
    kind: 'user',
    message: `seed "${given}" is not possible; it is a whole number from 1 to ${HIGHEST_SEED}`,
    fix: 'give such a number: --seed 7; breakfix start without --seed takes one of chance',
  });
}

/** A seed for a lab that was not given one. */
export function seedOfChance(entropy: string): number {
  return new Random(entropy).between(1, HIGHEST_SEED);
}

/**
 * The scenario of an incident number (`INC-2041`, any case) or of an id.
 * @param by ids say too much for a learner: only an author is offered the closest of them
 * @throws BreakfixError
 */
export function findScenario(
  catalogue: readonly Scenario[],
  wanted: string,
  by: 'incident' | 'id' = 'incident',
): Scenario {
  const key = wanted.toLowerCase();
  const found = catalogue.find(({ id, incident }) => id === key || incident.toLowerCase() === key);
  if (found !== undefined) return found;
  const names = catalogue.map((scenario) => scenario[by]);
  const nearest = closest(by === 'id' ? key : wanted.toUpperCase(), names);
  throw new BreakfixError({
    code: 'SCENARIO_UNKNOWN',
    kind: 'user',
    message: `there is no ${by === 'id' ? 'scenario' : 'incident'} "${wanted}"; the closest is ${nearest}`,
    fix: `breakfix list${by === 'id' ? ' --author' : ''} shows all of them`,
  });
}

/** The scenarios of an area; all where none is named. @throws BreakfixError for an area that has none */
export function inArea(catalogue: readonly Scenario[], wanted: string | undefined): readonly Scenario[] {
  if (wanted === undefined) return catalogue;
  const found = catalogue.filter(({ area }) => area === wanted);
  if (found.length > 0) return found;
  const areas = [...new Set<string>(catalogue.map(({ area }) => area))].sort();
  throw new BreakfixError({
    code: 'AREA_UNKNOWN',
    kind: 'user',
    message: `there is no incident in area "${wanted}"; the areas are ${areas.join(', ')}`,
    fix: `--area ${closest(wanted, areas)}; breakfix list shows all incidents`,
  });
}

/** The incident after another one, by number, from the beginning again after the last. */
export function nextIncident(catalogue: readonly Scenario[], incident: string): Scenario | undefined {
  const others = catalogue.filter((scenario) => scenario.incident !== incident);
  return others.find((scenario) => scenario.incident > incident) ?? others[0];
}
