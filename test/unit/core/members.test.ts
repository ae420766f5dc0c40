import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Member, Members } from '../../../src/core/members.ts';

describe('Members', () => {
  test('are gone through in the order in which they came', () => {
    const members = new Members<string>();
    const [first] = ['a', 'b', 'c'].map((value) => members.add(value));
    members.delete(first as Member);
    members.add('a');
    expect([...members]).toEqual(['b', 'c', 'a']);
  });

  test('who is taken out while they are gone through is left out, who comes then too', () => {
    const members = new Members<string>();
    members.add('a');
    const b = members.add('b');
    members.add('c');
    const seen: string[] = [];
    for (const value of members) {
      seen.push(value);
      members.delete(b);
      members.add('d');
    }
    expect(seen).toEqual(['a', 'c']);
  });

  test('are as those of a Set, whatever is done', () => {
    const steps = fc.array(fc.oneof(fc.constant('add' as const), fc.nat(20)), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (done) => {
        const members = new Members<number>();
        const set = new Set<number>();
        const places: Member[] = [];
        for (const step of done) {
          if (step === 'add') {
            set.add(places.length);
            places.push(members.add(places.length));
          } else if (step < places.length) {
            // Once more, now and then.
            members.delete(places[step] as Member);
            set.delete(step);
          }
        }
        expect([...members]).toEqual([...set]);
      }),
    );
  });

  test('what is taken out leads to nobody', () => {
    const members = new Members<string>();
    const places = ['a', 'b', 'c'].map((value) => members.add(value));
    for (const place of places) members.delete(place);
    for (const place of places) expect(Object.values(place)).toEqual([undefined, undefined, undefined]);
  });
});
