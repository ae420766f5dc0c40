import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compilePattern } from '../../../../src/images/busybox/common/pattern.ts';
import { BusyboxLab } from '../support.ts';

const patterns = fc
  .array(fc.constantFrom('*', '?', 'a', 'b', '[ab]', '[!a]', '[a-b]', '.', '\\\\', '+', '[[:alpha:]]'), {
    minLength: 1,
    maxLength: 5,
  })
  .map((parts) => parts.join(''));
const texts = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '.', '+', '\\'), maxLength: 8 });

test('as a regular expression a pattern matches the same', () => {
  fc.assert(
    fc.property(patterns, texts, (pattern, text) => {
      const compiled = compilePattern(pattern);
      for (const takes of ['most', 'least'] as const) {
        expect(new RegExp(`^(?:${compiled.source(takes)})$`).test(text)).toBe(compiled.matches(text));
      }
    }),
  );
});

test('takes the most or the least of a text', () => {
  fc.assert(
    fc.property(patterns, texts, (pattern, text) => {
      const compiled = compilePattern(pattern);
      const lengths = Array.from({ length: text.length + 1 }, (_each, length) => length).filter((length) =>
        compiled.matches(text.slice(0, length)),
      );
      for (const [takes, length] of [
        ['least', lengths[0]],
        ['most', lengths.at(-1)],
      ] as const) {
        expect(new RegExp(`^${compiled.source(takes)}`).exec(text)?.[0].length).toBe(length);
      }
    }),
  );
});

test.each([
  [
    'x=aXbXc; echo ${x#*X} ${x##*X} ${x%X*} ${x%%X*} ${x/X/-} ${x//X/--} ${x//?/.} ${x//*/y}',
    'bXc c aXb a a-bXc a--b--c ..... y',
  ],
  ['x=; echo "[${x//*/y}]" "[${x#*}]"', '[] []'],
  ["x='a.b*c[d'; echo ${x//./-} ${x//\\*/-} ${x//\\[/-}", 'a-b*c[d a.b-c[d a.b*c-d'],
])('%s', async (script, expected) => {
  const { stdout, stderr } = await new BusyboxLab().sh(script);
  expect(stdout + stderr).toBe(`${expected}\n`);
});
