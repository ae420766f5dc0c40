import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Random, RandomStreams } from '../../../src/core/random.ts';

describe('random numbers', () => {
  test('the same seed gives the same stream, on every machine', () => {
    const random = new Random('breakfix');
    expect([random.uint32(), random.uint32(), random.uint32()]).toEqual([3934645537, 2733946009, 2022102613]);
    fc.assert(
      fc.property(fc.string(), (seed) => {
        const [one, two] = [new Random(seed), new Random(seed)];
        for (let index = 0; index < 20; index++) expect(one.uint32()).toBe(two.uint32());
      }),
    );
  });

  test('stay in their range, with both ends', () => {
    const random = new Random('ends');
    const drawn = new Set(Array.from({ length: 200 }, () => random.between(3, 5)));
    expect([...drawn].sort()).toEqual([3, 4, 5]);
  });

  test('a shuffle keeps the items', () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), fc.string(), (items, seed) => {
        const numeric = (a: number, b: number): number => a - b;
        expect(new Random(seed).shuffle(items).sort(numeric)).toEqual([...items].sort(numeric));
      }),
    );
  });

  test('names and ids look like those of Kubernetes', () => {
    const random = new Random('names');
    for (let index = 0; index < 50; index++) {
      expect(random.suffix(5)).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{5}$/);
      expect(random.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
  });

  test('nothing can be picked from nothing', () => {
    expect(() => new Random('x').pick([])).toThrow(RangeError);
  });

  test('streams do not disturb each other', () => {
    const alone = new RandomStreams('seed');
    const both = new RandomStreams('seed');
    both.stream('other').uint32();
    expect(both.stream('mine').uint32()).toBe(alone.stream('mine').uint32());
    expect(both.stream('other')).not.toBe(both.stream('mine'));
  });
});
