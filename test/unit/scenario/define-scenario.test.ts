import { describe, expect, test } from '@jest/globals';
import { BreakfixError } from '../../../src/core/errors.ts';
import { defineScenario, problemsOf, ScenarioMalformed } from '../../../src/scenario/define.ts';
import { hack, hint, objective, safeguard } from '../../../src/scenario/parts.ts';
import type { Scenario } from '../../../src/scenario/types.ts';
import { parts, settingsScenario } from '../support/settings-scenario.ts';

const problems = (replaced: Partial<Scenario>): string[] => problemsOf(settingsScenario(replaced));
const check = parts.valueIs('mode', 'good');
const throwing = (): never => {
  throw new Error('odd');
};

describe('a scenario', () => {
  test('a sound one has no problems', () => expect(problems({})).toEqual([]));

  test('of nothing has a problem with every field, all at once', () => {
    const found = problemsOf({}).map((problem) => problem.split(':')[0]);
    expect(found).toEqual([
      'id',
      'incident',
      'title',
      'area',
      'difficulty',
      'minutes',
      'since',
      'documents',
      'needs',
      'variants',
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
    ]);
  });

  test.each<[string, Partial<Scenario>, string]>([
    ['an id in capitals', { id: 'Probe' }, 'id: must be lower-case words with hyphens'],
    ['an incident without four digits', { incident: 'INC-7' }, 'incident: must be INC- and four digits'],
    ['an unknown area', { area: 'storage' as never }, 'area: must be probes, dns, images, memory'],
    ['no documents', { documents: [] }, 'documents: must be a list with at least one'],
    [
      'house rules that are a list',
      { houseRules: [] as never },
      'houseRules: must be a function of the values',
    ],
    ['a text where a function must be', { ticket: 'x' as never }, 'ticket: must be a function of the values'],
    [
      'points that are not 100 together',
      { objectives: () => [objective('mode', 60, 'x', check)], hacks: () => [] },
      'objectives: their points are 60 together; they must be 100',
    ],
    [
      'an id that is there twice',
      { safeguards: () => [safeguard('same-map', 5, 'x', check), safeguard('mode', 5, 'x', check)] },
      'objectives, safeguards: "mode" is there twice',
    ],
    ['no symptoms', { symptoms: () => [] }, 'symptoms: there must be at least one'],
    ['no fixes', { fixes: () => [] }, 'fixes: there must be at least one'],
    ['too few hints', { hints: () => [hint(1, 'a')] }, 'hints: there must be at least three'],
    [
      'hints that get cheaper',
      { hints: () => [hint(5, 'a'), hint(3, 'b'), hint(9, 'c')] },
      'hints: their prices must rise',
    ],
    [
      'a hack that nothing catches',
      { hacks: () => [hack('sneaky', 'nobody', () => Promise.resolve())] },
      'hacks[0] (sneaky): caughtBy is "nobody"; it must be one of mode, level, same-map, color',
    ],
    ['a function that throws', { ticket: throwing }, 'ticket: throws for the values of seed 1: odd'],
    ['a list that throws', { fixes: throwing }, 'fixes: throws for the values of seed 1: odd'],
    ['a variant that cannot be drawn', { variants: { x: 5 as never } }, 'variants: cannot be drawn from'],
  ])('%s', (_name, replaced, problem) => {
    expect(problems(replaced)).toEqual([expect.stringContaining(problem)]);
  });

  test('several problems are told together, with where it was defined', () => {
    const define = (): unknown => defineScenario(settingsScenario({ title: '', minutes: 0 }));
    expect(define).toThrow(ScenarioMalformed);
    expect(define).toThrow(BreakfixError);
    expect(define).toThrow(/settings has 2 problems:\n {2}title: .*\n {2}minutes: /);
    expect(define).toThrow(
      expect.objectContaining({ kind: 'user', fix: expect.stringMatching(/define-scenario\.test\.ts:\d+/) }),
    );
  });
});
