import { describe, expect, test } from '@jest/globals';
import { readYaml } from '../../../../../src/cluster/apiserver/http/yaml.ts';

const PREFIX = 'error decoding YAML: error converting YAML to JSON: yaml: ';

describe('YAML that is more than it looks', () => {
  test('aliases may stand for something, but not for a hundred times the text', () => {
    expect(readYaml('a: &x [1, 2]\nb: *x\n')).toEqual({ a: [1, 2], b: [1, 2] });
    const list = `[${Array.from({ length: 5000 }, (_, index) => index).join(',')}]`;
    const bomb = `a: &a ${list}\nb: [${Array.from({ length: 50 }, () => '*a').join(',')}]\n`;
    expect(() => readYaml(bomb)).toThrow(`${PREFIX}document contains excessive aliasing`);
  });

  test.each([
    ['[', (depth: number) => `a: ${'['.repeat(depth)}${']'.repeat(depth)}\n`],
    ['{', (depth: number) => `${'{a: '.repeat(depth)}${'}'.repeat(depth)}\n`],
    ['-', (depth: number) => `${'- '.repeat(depth)}a\n`],
    ['?', (depth: number) => `${'? '.repeat(depth)}a\n`],
    ['lines', (depth: number) => Array.from({ length: depth }, (_, at) => `${' '.repeat(at)}a:`).join('\n')],
  ])('nesting by %s ends somewhere', (_by, nested) => {
    expect(() => readYaml(nested(100))).not.toThrow();
    for (const depth of [260, 3000]) {
      expect(() => readYaml(nested(depth))).toThrow(`${PREFIX}exceeded max depth of 250`);
    }
  });

  test('and that of JSON where it does in JSON', () => {
    const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
    expect(() => readYaml(nested(999))).not.toThrow();
    expect(() => readYaml(nested(1001))).toThrow(`${PREFIX}exceeded max depth of 1000`);
  });

  test.each([
    ['mistakes', '{a: b}' + '"}}'.repeat(100_000), 'line 1: '],
    ['brackets', '['.repeat(300_000), 'exceeded max depth'],
    ['aliases of nothing', 'a: *b\n'.repeat(50_000), 'key "a" already set in map'],
    [
      'keys',
      Array.from({ length: 50_000 }, (_, at) => `a${at}: b`).join('\n') + '\na7: c',
      'line 50001: key "a7"',
    ],
  ])('a text of nothing but %s is refused at its first mistake', (_of, text, words) => {
    expect(() => readYaml(text)).toThrow(words);
  });

  test('what comes after the first document is not read, as Go does it', () => {
    expect(readYaml('a: b\n---\nc: [')).toEqual({ a: 'b' });
  });

  test('an alias of what is around it is refused', () => {
    expect(() => readYaml('a: &x {b: *x}\n')).toThrow(PREFIX);
  });
});
