import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { applyJsonPatch } from '../../../../src/model/patch/json-patch.ts';
import { applyMergePatch } from '../../../../src/model/patch/merge-patch.ts';
import { applyStrategicMergePatch } from '../../../../src/model/patch/strategic-merge.ts';
import { freeze } from '../../../../src/core/json.ts';
import { schemaOf } from '../../../../src/model/schema/schema.ts';

test('no patch changes what all objects have', () => {
  const sent = JSON.parse('{"metadata":{"__proto__":{"polluted":1}}}') as object;
  applyStrategicMergePatch({ metadata: {} }, sent, schemaOf('', 'v1', 'ConfigMap')!);
  applyMergePatch({ metadata: {} }, sent);
  expect(() =>
    applyJsonPatch({ metadata: {} }, [{ op: 'add', path: '/metadata/__proto__/polluted', value: 1 }]),
  ).toThrow('doc is missing path');
  expect('polluted' in {}).toBe(false);
});

test('a patch can set a key that all objects have', () => {
  const wanted = JSON.parse('{"__proto__":{"own":1}}') as object;
  const patched = [
    applyJsonPatch({}, [{ op: 'add', path: '/__proto__', value: { own: 1 } }]),
    applyStrategicMergePatch({}, wanted, schemaOf('', 'v1', 'ConfigMap')!),
    applyMergePatch({}, wanted),
  ];
  expect(patched.map((each) => JSON.stringify(each))).toEqual(Array(3).fill('{"__proto__":{"own":1}}'));
});

describe('applyJsonPatch', () => {
  const document = freeze({ a: { b: [1, 2, 3] }, 'x/y': { '~': null } });

  test('every operation', () => {
    expect(
      applyJsonPatch(document, [
        { op: 'test', path: '/a/b/1', value: 2 },
        { op: 'test', path: '/x~1y/~0', value: null },
        { op: 'add', path: '/a/b/-', value: 4 },
        { op: 'add', path: '/a/b/0', value: 0 },
        { op: 'remove', path: '/a/b/-1' },
        { op: 'replace', path: '/a/b/1', value: { z: 1 } },
        { op: 'copy', from: '/a/b/1', path: '/c' },
        { op: 'move', from: '/x~1y', path: '/a/d' },
        { op: 'add', path: '/c/z', value: 2 },
      ]),
    ).toEqual({ a: { b: [0, { z: 1 }, 2, 3], d: { '~': null } }, c: { z: 2 } });
  });

  test('copies of copies come to an end', () => {
    const copies = Array.from({ length: 100 }, (_, index) => ({
      op: 'copy',
      from: '/a',
      path: `/a/${index}`,
    }));
    expect(() => applyJsonPatch({ a: {} }, copies)).toThrow(
      /^Unable to complete the copy, the accumulated size increase of copy is \d+, exceeding the limit 3145728$/,
    );
  });

  test('what is put into itself, too', () => {
    const deeper = Array.from({ length: 12 }, (_, index) => ({
      op: 'copy',
      from: '/a',
      path: `/a${'/x'.repeat(2 ** index)}`,
    }));
    expect(() => applyJsonPatch({ a: {} }, deeper)).toThrow('exceeded max depth');
  });

  test('a copy of what all objects have is one of nothing', () => {
    const copying = [{ op: 'copy', from: '/constructor', path: '/a' }];
    expect(applyJsonPatch({}, copying)).toEqual({ a: undefined });
  });

  test('an operation that is null is of no kind', () => {
    expect(() => applyJsonPatch({}, [null as unknown as object])).toThrow('Unexpected kind: unknown');
  });

  test('the whole document', () => {
    expect(applyJsonPatch({ a: 1 }, [{ op: 'replace', path: '', value: { b: 2 } }])).toEqual({ b: 2 });
    expect(applyJsonPatch({ a: 1 }, [{ op: 'test', path: '', value: { a: 1 } }])).toEqual({ a: 1 });
  });

  // The words of the Go library that the API server uses (gopkg.in/evanphx/json-patch.v4).
  test.each([
    [
      { op: 'remove', path: '/zz' },
      "error in remove for path: '/zz': Unable to remove nonexistent key: zz: missing value",
    ],
    [
      { op: 'add', path: '/zz/yy', value: 1 },
      'add operation does not apply: doc is missing path: "/zz/yy": missing value',
    ],
    [{ op: 'test', path: '/a/b/0', value: 2 }, 'testing value /a/b/0 failed: test failed'],
    [
      { op: 'test', path: '/zz/y', value: 2 },
      'test operation does not apply: is missing path: /zz/y: missing value',
    ],
    [
      { op: 'replace', path: '/a/b/9', value: 1 },
      'replace operation does not apply: doc is missing key: /a/b/9: missing value',
    ],
    [
      { op: 'replace', path: '/q/r', value: 1 },
      'replace operation does not apply: doc is missing path: /q/r: missing value',
    ],
    [{ op: 'frob', path: '/a' }, 'Unexpected kind: frob'],
    [{ op: 'add', value: 1 }, 'add operation failed to decode path: missing value'],
    [
      { op: 'move', path: '/a' },
      'move operation failed to decode from: operation, missing from field: missing value',
    ],
    [
      { op: 'move', from: '/q/r', path: '/z' },
      'move operation does not apply: doc is missing from path: /q/r: missing value',
    ],
    [
      { op: 'copy', from: '/zz/q', path: '/z' },
      'copy operation does not apply: doc is missing from path: /zz/q: missing value',
    ],
    [
      { op: 'remove', path: '/a/b/5' },
      "error in remove for path: '/a/b/5': Unable to access invalid index: 5: invalid index referenced",
    ],
    [
      { op: 'add', path: '/a/b/7', value: 'x' },
      "error in add for path: '/a/b/7': Unable to access invalid index: 7: invalid index referenced",
    ],
  ])('%j', (operation, message) => {
    expect(() => applyJsonPatch(document, [operation])).toThrow(new Error(message));
  });
});

describe('applyMergePatch', () => {
  test.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j with %j', (document, patch, result) => {
    expect(applyMergePatch(freeze(document), patch)).toEqual(result);
  });

  test('twice is once, and nothing that is null stays', () => {
    fc.assert(
      fc.property(
        fc.object({ maxDepth: 3 }),
        fc.object({ maxDepth: 3, withNullPrototype: false }),
        (a, b) => {
          const [document, patch] = [JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b))];
          const once = applyMergePatch(document, patch);
          expect(applyMergePatch(once, patch)).toEqual(once);
        },
      ),
    );
  });
});

describe('applyStrategicMergePatch', () => {
  const schema = schemaOf('apps', 'v1', 'Deployment')!;
  const named = fc.uniqueArray(
    fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd'), image: fc.constantFrom('x', 'y') }),
    { selector: ({ name }) => name },
  );
  const withContainers = (containers: unknown) => ({ spec: { template: { spec: { containers } } } });
  const containersOf = (object: unknown) =>
    (object as ReturnType<typeof withContainers>).spec.template.spec.containers as {
      name: string;
      image: string;
    }[];

  test('has every item of both, the patch winning, and twice is once', () => {
    fc.assert(
      fc.property(named, named, (original, patch) => {
        const before = freeze(withContainers(original));
        const once = applyStrategicMergePatch(before, withContainers(patch), schema);
        const images = new Map([...original, ...patch].map(({ name, image }) => [name, image]));
        expect(new Map(containersOf(once).map(({ name, image }) => [name, image]))).toEqual(images);
        expect(containersOf(once)).toHaveLength(images.size);
        expect(applyStrategicMergePatch(once, withContainers(patch), schema)).toEqual(once);
      }),
    );
  });

  test('deleting what was added gives what was there', () => {
    fc.assert(
      fc.property(named, named, (original, patch) => {
        const added = patch.filter(({ name }) => !original.some((item) => item.name === name));
        const more = applyStrategicMergePatch(withContainers(original), withContainers(added), schema);
        const deletions = added.map(({ name }) => ({ name, $patch: 'delete' }));
        const less = applyStrategicMergePatch(more, withContainers(deletions), schema);
        expect(containersOf(less)).toEqual(original);
      }),
    );
  });

  test('a patch that is no object', () => {
    expect(() => applyStrategicMergePatch({}, [], schema)).toThrow('the patch must be an object');
  });
});
