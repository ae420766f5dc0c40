import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compareObjects } from '../../../../src/model/patch/apply/compare.ts';
import {
  difference,
  inOrder,
  intersection,
  pathsOf,
  union,
  withNamedFields,
  withoutSubtrees,
} from '../../../../src/model/patch/apply/field-set.ts';
import type { FieldSet } from '../../../../src/model/patch/apply/field-set.ts';
import { fieldsOf, mergeApplied, removeFields } from '../../../../src/model/patch/apply/typed-value.ts';
import { schemaOf } from '../../../../src/model/schema/schema.ts';

/** A set made of paths; the reference that the tree is compared with. */
function setOf(paths: readonly (readonly string[])[]): FieldSet {
  const root: Record<string, unknown> = {};
  for (const path of paths) {
    let at = root;
    for (const name of path) at = (at[`f:${name}`] ??= {}) as Record<string, unknown>;
    at['.'] = {};
  }
  const tidy = (node: Record<string, unknown>): FieldSet => {
    const children = Object.entries(node).filter(([element]) => element !== '.');
    const result = Object.fromEntries(
      children.map(([element, child]) => [element, tidy(child as Record<string, unknown>)]),
    );
    return children.length > 0 && node['.'] !== undefined ? { '.': {}, ...result } : result;
  };
  return tidy(root);
}

const name = fc.constantFrom('a', 'b', 'c');
const path = fc.array(name, { minLength: 1, maxLength: 3 });
const paths = fc.uniqueArray(path, { selector: (item) => item.join('.'), maxLength: 8 });
const textOf = (items: readonly (readonly string[])[]): string[] =>
  items.map((item) => `.${item.join('.')}`).sort();
const members = (set: FieldSet): string[] => pathsOf(set).sort();

describe('set algebra is that of sets of paths', () => {
  const check = (
    operation: (a: FieldSet, b: FieldSet) => FieldSet,
    reference: (a: string[], b: string[]) => string[],
  ): void => {
    fc.assert(
      fc.property(paths, paths, (a, b) => {
        const [left, right] = [setOf(a), setOf(b)];
        const [before, beforeRight] = [structuredClone(left), structuredClone(right)];
        expect(members(operation(left, right))).toEqual(reference(textOf(a), textOf(b)).sort());
        expect(left).toEqual(before);
        expect(right).toEqual(beforeRight);
      }),
      { numRuns: 500 },
    );
  };

  test('union', () => check(union, (a, b) => [...new Set([...a, ...b])]));
  test('difference', () => check(difference, (a, b) => a.filter((item) => !b.includes(item))));
  test('intersection', () => check(intersection, (a, b) => a.filter((item) => b.includes(item))));
  test('without subtrees', () =>
    check(withoutSubtrees, (a, b) =>
      a.filter((item) => !b.some((root) => item === root || item.startsWith(`${root}.`))),
    ));

  test('what does not change is the same set', () => {
    const set = setOf([['a'], ['a', 'b']]);
    expect(difference(set, setOf([['c']]))).toBe(set);
    expect(union(set, setOf([['a']]))).toBe(set);
  });
});

test('paths as messages print them', () => {
  const set: FieldSet = {
    'f:spec': { 'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {} } }, 'f:a': {} },
    'f:metadata': { 'f:finalizers': { 'v:"x"': {} } },
  };
  expect(pathsOf(set)).toEqual([
    '.metadata.finalizers[="x"]',
    '.spec.a',
    '.spec.ports[port=80,protocol="TCP"]',
    '.spec.ports[port=80,protocol="TCP"].port',
  ]);
});

describe('fields of objects', () => {
  const template = schemaOf('', 'v1', 'PodTemplate')!;
  const schema = { kind: 'struct', type: template, atomic: false } as const;
  const container = fc.record(
    {
      name: name,
      image: name,
      env: fc.uniqueArray(fc.record({ name, value: name }), { selector: (item) => item.name, maxLength: 3 }),
      args: fc.array(name, { maxLength: 2 }),
    },
    { requiredKeys: ['name'] },
  );
  const object = fc.record(
    {
      metadata: fc.record(
        {
          labels: fc.dictionary(name, name, { minKeys: 1 }),
          finalizers: fc.uniqueArray(name, { minLength: 1 }),
        },
        { requiredKeys: [] },
      ),
      template: fc.record({
        spec: fc.record({
          containers: fc.uniqueArray(container, { selector: (item) => item.name, minLength: 1 }),
        }),
      }),
    },
    { requiredKeys: [] },
  );

  test('equal objects do not differ', () => {
    fc.assert(
      fc.property(object, (some) => {
        expect(compareObjects(some, structuredClone(some), template)).toEqual({
          added: {},
          modified: {},
          removed: {},
        });
      }),
    );
  });

  test('what one comparison adds, the other way round removes', () => {
    fc.assert(
      fc.property(object, object, (a, b) => {
        const there = compareObjects(a, b, template);
        const back = compareObjects(b, a, template);
        expect(members(there.added)).toEqual(members(back.removed));
        expect(members(there.modified)).toEqual(members(back.modified));
      }),
    );
  });

  test('merging sets every field that is applied, and merging again changes nothing', () => {
    fc.assert(
      fc.property(object, object, (live, applied) => {
        const merged = mergeApplied(live, applied, schema) as Record<string, unknown>;
        const applies = fieldsOf(applied, template);
        expect(members(difference(applies, withNamedFields(fieldsOf(merged, template), schema)))).toEqual([]);
        const { added, modified } = compareObjects(
          merged,
          mergeApplied(merged, applied, schema) as object as never,
          template,
        );
        expect(added).toEqual({});
        expect(modified).toEqual({});
      }),
    );
  });

  test('an object without all its fields is nothing', () => {
    fc.assert(
      fc.property(object, (some) => {
        const all = withNamedFields(fieldsOf(some, template), schema);
        expect(removeFields(some, all, schema)).toBeNull();
      }),
    );
  });
});

test('the order of the API: the mark first, names by letter, items by their keys, ports by number', () => {
  const port = (number: number): string => `k:{"containerPort":${number},"protocol":"TCP"}`;
  const set: FieldSet = {
    'f:spec': { [port(443)]: { 'f:name': {}, '.': {} }, [port(80)]: {}, '.': {} },
    'f:metadata': { 'f:name': {}, 'f:labels': { 'f:b': {}, 'f:a': {}, '.': {} } },
  };
  const sorted = inOrder(set);
  expect(JSON.stringify(sorted)).toBe(
    JSON.stringify({
      'f:metadata': { 'f:labels': { '.': {}, 'f:a': {}, 'f:b': {} }, 'f:name': {} },
      'f:spec': { '.': {}, [port(80)]: {}, [port(443)]: { '.': {}, 'f:name': {} } },
    }),
  );
  expect(inOrder(sorted)).toBe(sorted);
  expect(sorted).toEqual(set);
});
