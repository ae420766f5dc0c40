import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { incidentOf, seedOfChance } from '../../../src/engine/incident.ts';
import { between, drawValues, oneOf, port, type Variants } from '../../../src/scenario/variants.ts';
import { settingsScenario } from '../support/settings-scenario.ts';

const variants = fc.dictionary(
  fc.stringMatching(/^[a-z]{1,8}$/),
  fc.oneof(
    fc.array(fc.string(), { minLength: 1, maxLength: 5 }).map((choices) => oneOf(...choices)),
    fc.tuple(fc.nat(1000), fc.nat(1000)).map(([low, more]) => between(low, low + more)),
  ),
) as fc.Arbitrary<Variants>;
const seed = fc.integer({ min: 1, max: 999_999 });

describe('variants', () => {
  test('the same seed gives the same values', () => {
    fc.assert(
      fc.property(variants, seed, (some, number) => {
        const scenario = { id: 'x', variants: some };
        expect(drawValues(scenario, number)).toEqual(drawValues(scenario, number));
      }),
    );
  });

  test('adding a variant does not change the others', () => {
    fc.assert(
      fc.property(variants, seed, (some, number) => {
        const before = drawValues({ id: 'x', variants: some }, number);
        const more = { ADDED: port(), ...some };
        const { ADDED: _added, ...after } = drawValues({ id: 'x', variants: more }, number) as Record<
          string,
          unknown
        >;
        expect(after).toEqual(before);
      }),
    );
  });

  test('values are among what the variant can give', () => {
    fc.assert(
      fc.property(seed, (number) => {
        const scenario = { id: 'x', variants: { one: oneOf('a', 'b'), high: between(3, 5), where: port() } };
        const { one, high, where } = drawValues(scenario, number);
        expect(['a', 'b']).toContain(one);
        expect([3, 4, 5]).toContain(high);
        expect(where).toBeGreaterThanOrEqual(8100);
        expect(where).toBeLessThanOrEqual(9899);
      }),
    );
  });

  test('seeds differ from each other, and so do scenarios', () => {
    const ports = (id: string): unknown[] =>
      Array.from({ length: 20 }, (_, index) => drawValues({ id, variants: { p: port() } }, index + 1).p);
    expect(new Set(ports('a')).size).toBeGreaterThan(15);
    expect(ports('a')).not.toEqual(ports('b'));
  });
});

describe('seeds', () => {
  test.each([0, -1, 1.5, 1_000_000, Number.NaN])('%d is refused', (number) => {
    expect(() => incidentOf(settingsScenario(), number)).toThrow(
      expect.objectContaining({ code: 'SEED_OUT_OF_RANGE', kind: 'user' }),
    );
  });

  test('of chance are always possible', () => {
    fc.assert(
      fc.property(fc.string(), (entropy) => {
        expect(incidentOf(settingsScenario(), seedOfChance(entropy)).seed).toBeGreaterThan(0);
      }),
    );
  });
});
