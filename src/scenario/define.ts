import { BreakfixError, messageOf } from '../core/errors.ts';
import { rulesOf } from './rules.ts';
import type { Scenario } from './types.ts';
import { drawValues, type Values, type Variants } from './variants.ts';

/**
 * Declares a scenario: the default export of `scenarios/<id>/scenario.ts`. Looks at the fields only; what the functions
 * give is looked at by {@link problemsOf}, where a module is loaded from a path and in the tests of those that ship:
 * the catalogue is loaded by every command.
 * @throws ScenarioMalformed with every problem of the fields at once, each with the path of the field
 */
export function defineScenario<const V extends Variants>(scenario: Scenario<V>): Scenario {
  const general = scenario as unknown as Scenario;
  const problems = fieldProblems(general);
  if (problems.length > 0) {
    const name = typeof scenario.id === 'string' ? scenario.id : 'a scenario without id';
    throw new ScenarioMalformed(name, problems, definedAt());
  }
  return general;
}

/** All that is wrong with a scenario. */
export class ScenarioMalformed extends BreakfixError {
  /** `path: what it must be`, one each. */
  readonly problems: readonly string[];

  constructor(name: string, problems: readonly string[], where: string) {
    const count = `${problems.length} problem${problems.length === 1 ? '' : 's'}`;
    super({
      code: 'SCENARIO_MALFORMED',
      kind: 'user',
      message: `${name} has ${count}:\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
      fix: `mend them in ${where}; docs/authoring.md describes every field`,
    });
    this.name = 'ScenarioMalformed';
    this.problems = problems;
  }
}

const AREAS = ['probes', 'dns', 'images', 'memory'];
export const DIFFICULTIES = ['beginner', 'intermediate', 'advanced'];
const FUNCTIONS = [
  'ticket',
  'rules',
  'baseline',
  'inject',
  'symptoms',
  'objectives',
  'safeguards',
  'diagnosis',
  'hints',
  'fixes',
  'hacks',
  'debrief',
] as const;

/** All that is wrong with a scenario, each with its path; none for a sound one. */
export function problemsOf(scenario: Partial<Scenario>): string[] {
  const problems = fieldProblems(scenario);
  return problems.length > 0 ? problems : contentProblems(scenario as Scenario);
}

function fieldProblems(scenario: Partial<Scenario>): string[] {
  const problems: string[] = [];
  const need = (holds: boolean, path: string, allowed: string): void => {
    if (!holds) problems.push(`${path}: must be ${allowed}`);
  };
  need(/^[a-z][a-z0-9-]+$/.test(scenario.id ?? ''), 'id', 'lower-case words with hyphens');
  need(/^INC-\d{4}$/.test(scenario.incident ?? ''), 'incident', 'INC- and four digits');
  need((scenario.title ?? '').length > 0, 'title', 'the symptom in a few words');
  need(AREAS.includes(scenario.area ?? ''), 'area', AREAS.join(', '));
  need(DIFFICULTIES.includes(scenario.difficulty ?? ''), 'difficulty', DIFFICULTIES.join(', '));
  need((scenario.minutes ?? 0) > 0, 'minutes', 'a number above 0');
  need((scenario.since ?? 0) > 0, 'since', 'a number of milliseconds above 0');
  need((scenario.documents ?? []).length > 0, 'documents', 'a list with at least one seed passage or url');
  need(Array.isArray(scenario.needs), 'needs', 'a list (empty where nothing is needed)');
  need(typeof scenario.variants === 'object', 'variants', 'an object (empty where nothing varies)');
  for (const name of FUNCTIONS) need(typeof scenario[name] === 'function', name, 'a function of the values');
  if (scenario.houseRules !== undefined)
    need(typeof scenario.houseRules === 'function', 'houseRules', 'a function of the values');
  return problems;
}

/** Looks at what the functions give for the first seed. */
function contentProblems(scenario: Scenario): string[] {
  const problems: string[] = [];
  const values = valuesOf(scenario, problems);
  if (values === undefined) return problems;
  const given = <T>(
    name: (typeof FUNCTIONS)[number],
    give: (values: Values<Variants>) => readonly T[],
  ): readonly T[] => {
    try {
      return give(values);
    } catch (error) {
      problems.push(`${name}: throws for the values of seed 1: ${messageOf(error)}`);
      return [];
    }
  };
  const objectives = given('objectives', scenario.objectives);
  const safeguards = given('safeguards', scenario.safeguards);
  const hints = given('hints', scenario.hints);
  const hacks = given('hacks', scenario.hacks);
  const symptoms = given('symptoms', scenario.symptoms);
  const fixes = given('fixes', scenario.fixes);
  for (const name of ['ticket', 'baseline', 'debrief'] as const) {
    given(name, (one) => [scenario[name](one)]);
  }
  given('rules', (one) => rulesOf(scenario, one));
  for (const name of ['inject', 'diagnosis'] as const) given<unknown>(name, scenario[name]);
  if (problems.length > 0) return problems;

  const ids = [...objectives, ...safeguards].map(({ id }) => id);
  const points = objectives.reduce((sum, objective) => sum + objective.points, 0);
  if (points !== 100) problems.push(`objectives: their points are ${points} together; they must be 100`);
  const twice = (names: string, some: readonly string[]): void => {
    for (const id of new Set(some.filter((one, index) => some.indexOf(one) !== index))) {
      problems.push(`${names}: "${id}" is there twice`);
    }
  };
  twice('objectives, safeguards', ids);
  twice(
    'fixes',
    fixes.map(({ id }) => id),
  );
  twice(
    'hacks',
    hacks.map(({ id }) => id),
  );
  if (symptoms.length === 0) problems.push('symptoms: there must be at least one');
  if (fixes.length === 0) problems.push('fixes: there must be at least one');
  if (hints.length < 3) problems.push('hints: there must be at least three');
  if (hints.some(({ price }, index) => price <= (hints[index - 1]?.price ?? -1))) {
    problems.push('hints: their prices must rise');
  }
  for (const [index, { id, caughtBy }] of hacks.entries()) {
    if (!ids.includes(caughtBy)) {
      problems.push(
        `hacks[${index}] (${id}): caughtBy is "${caughtBy}"; it must be one of ${ids.join(', ')}`,
      );
    }
  }
  return problems;
}

function valuesOf(scenario: Scenario, problems: string[]): Values<Variants> | undefined {
  try {
    return drawValues(scenario, 1);
  } catch (error) {
    problems.push(`variants: cannot be drawn from: ${messageOf(error)}`);
    return undefined;
  }
}

/** `file:line` of the call of defineScenario, out of the stack. */
function definedAt(): string {
  const frames = (new Error().stack ?? '').split('\n').slice(1);
  const frame = frames.find((line) => !line.includes('/scenario/define.') && !line.includes('/chunks/'));
  return /\(?((?:file:\/\/)?[^()\s]+:\d+):\d+\)?$/.exec(frame ?? '')?.[1] ?? 'the scenario';
}
