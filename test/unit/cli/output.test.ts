import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { columns } from '../../../src/cli/commands/list.ts';
import { shortTime, wrap, wrapLines } from '../../../src/cli/output.ts';

describe('wrapping', () => {
  const words = fc
    .array(fc.stringMatching(/^[a-z.,]{1,12}$/), { maxLength: 40 })
    .map((some) => some.join(' '));

  test('no line is longer than the width, no word is lost, and none is broken', () => {
    fc.assert(
      fc.property(
        words,
        fc.integer({ min: 20, max: 100 }),
        fc.constantFrom('', '  ', '    '),
        (text, width, indent) => {
          const lines = wrap(text, width, indent).split('\n');
          for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
          expect(lines.every((line) => line.startsWith(indent))).toBe(true);
          expect(lines.join(' ').split(/\s+/).filter(Boolean)).toEqual(text.split(' ').filter(Boolean));
        },
      ),
    );
  });

  test('a word that is too long has a line of its own', () => {
    expect(wrap('see https://kubernetes.io/docs now', 10)).toBe('see\nhttps://kubernetes.io/docs\nnow');
  });

  test('paragraphs stay apart, lines of one are joined', () => {
    expect(wrap('for 30\ns, at most', 7)).toBe('for\n30 s,\nat most');
    expect(wrap('one\ntwo\n\nthree', 80)).toBe('one two\n\nthree');
  });

  test('lists keep their lines and their indentation', () => {
    expect(wrapLines('a list:\n  first one\n    second', 9)).toBe('a list:\n  first\n  one\n    second');
  });
});

describe('columns', () => {
  test('are as wide as their widest cell, without spaces at the end', () => {
    expect(
      columns([
        ['a', 'bb', ''],
        ['ccc', 'd', 'e'],
      ]),
    ).toBe('a    bb\nccc  d   e');
    expect(columns([])).toBe('');
  });
});

describe('times', () => {
  test.each([
    [0, '0.0 s'],
    [340, '0.3 s'],
    [119_999, '120.0 s'],
    [120_000, '2 min'],
    [5_400_000, '90 min'],
    [32_400_000, '9 h'],
  ])('%d ms is %s', (ms, text) => expect(shortTime(ms)).toBe(text));
});
