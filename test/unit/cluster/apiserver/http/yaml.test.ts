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

  test('nesting ends where that of JSON does', () => {
    const nested = (depth: number): string => `a: ${'['.repeat(depth)}${']'.repeat(depth)}\n`;
    expect(() => readYaml(nested(100))).not.toThrow();
    expect(() => readYaml(nested(1001))).toThrow(`${PREFIX}exceeded max depth of 1000`);
    expect(() => readYaml(nested(50_000))).toThrow(`${PREFIX}exceeded max depth of 1000`);
    const json = '{"a":'.repeat(1001) + '1' + '}'.repeat(1001);
    expect(() => readYaml(json)).toThrow(`${PREFIX}exceeded max depth of 1000`);
  });

  test('an alias of what is around it is refused', () => {
    expect(() => readYaml('a: &x {b: *x}\n')).toThrow(PREFIX);
  });
});
