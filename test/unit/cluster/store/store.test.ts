import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AnyObject } from '../../../../src/model/objects.ts';
import { jsonBytes } from '../../../../src/cluster/store/serialization.ts';
import { keyOf, Store } from '../../../../src/cluster/store/store.ts';
import { StatusError } from '../../../../src/cluster/api.ts';

const object = (namespace: string, name: string, value = ''): AnyObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace, name, uid: '', resourceVersion: '', creationTimestamp: '' },
  data: { value },
});

const names = (objects: readonly AnyObject[]): string[] => objects.map(keyOf);

test('counts revisions over all resources and writes them into the objects', () => {
  const store = new Store();
  const first = store.put('configmaps', object('a', 'x'));
  const second = store.put('secrets', object('a', 'x'));
  expect([first.metadata.resourceVersion, second.metadata.resourceVersion]).toEqual(['2', '3']);
  expect(store.remove('configmaps', 'a', 'x')?.metadata.resourceVersion).toBe('4');
  expect(store.remove('configmaps', 'a', 'x')).toBeUndefined();
  expect(store.revision).toBe(4);
});

test('freezes what goes in, and shares it with every reader', () => {
  const store = new Store();
  const stored = store.put('configmaps', object('a', 'x'));
  expect(() => Object.assign(stored['data'] as object, { value: 'other' })).toThrow(TypeError);
  expect(store.get('configmaps', 'a', 'x')).toBe(stored);
  expect(store.list('configmaps')[0]).toBe(stored);
  expect(store.list('configmaps')).toBe(store.list('configmaps'));
});

test('is full when its objects take what they may, and has room again when they are gone', () => {
  const store = new Store(undefined, 4000);
  for (const name of ['a', 'b', 'c']) store.put('configmaps', object('x', name, 'y'.repeat(1000)));
  expect(store.isFull).toBe(false);
  store.put('configmaps', object('x', 'c', 'y'.repeat(3000)));
  expect(store.isFull).toBe(true);
  store.put('configmaps', object('x', 'c'));
  store.remove('configmaps', 'x', 'b');
  expect(store.isFull).toBe(true);
  store.remove('configmaps', 'x', 'c');
  expect(store.isFull).toBe(false);
});

test('lists in the order of etcd keys, in which a-b comes before a', () => {
  const store = new Store();
  for (const [namespace, name] of [
    ['a', 'z'],
    ['b', 'a'],
    ['a-b', 'x'],
    ['a', 'b'],
  ] as const) {
    store.put('configmaps', object(namespace, name));
  }
  expect(names(store.list('configmaps'))).toEqual(['a-b/x', 'a/b', 'a/z', 'b/a']);
  expect(names(store.list('configmaps', 'a'))).toEqual(['a/b', 'a/z']);
  expect(store.list('configmaps', 'nosuch')).toEqual([]);
});

test('a list that was handed out does not change', () => {
  const store = new Store();
  store.put('configmaps', object('a', 'x'));
  const before = store.list('configmaps');
  store.put('configmaps', object('a', 'y'));
  expect(before).toHaveLength(1);
});

describe('history', () => {
  test('gives the changes of one resource after a revision', () => {
    const store = new Store();
    store.put('configmaps', object('a', 'x', '1'));
    store.put('secrets', object('a', 'x'));
    store.put('configmaps', object('a', 'x', '2'));
    store.remove('configmaps', 'a', 'x');
    expect(store.changesAfter('configmaps', 2).map(({ type, revision }) => [type, revision])).toEqual([
      ['MODIFIED', 4],
      ['DELETED', 5],
    ]);
    expect(store.changesAfter('configmaps', 5)).toEqual([]);
  });

  test('is bounded by count and by bytes, and says what is the oldest', () => {
    const byCount = new Store({ changes: 3, bytes: Infinity });
    for (let count = 0; count < 10; count++) byCount.put('configmaps', object('a', `x${count}`));
    expect(() => byCount.changesAfter('configmaps', 5)).toThrow('too old resource version: 5 (8)');
    expect(byCount.changesAfter('configmaps', 8)).toHaveLength(3);
    const byBytes = new Store({ changes: Infinity, bytes: 10_000 });
    for (let count = 0; count < 10; count++) byBytes.put('configmaps', object('a', 'x', 'v'.repeat(4000)));
    expect(() => byBytes.changesAfter('configmaps', 5)).toThrow(StatusError);
    expect(byBytes.changesAfter('configmaps', 9).length).toBeGreaterThan(0);
  });

  test('stays right when old parts are cut off', () => {
    const store = new Store({ changes: 1000, bytes: Infinity });
    for (let count = 0; count < 5000; count++) store.put('configmaps', object('a', 'x', String(count)));
    expect(store.changesAfter('configmaps', 4999).map(({ revision }) => revision)).toEqual([5000, 5001]);
    expect(() => store.changesAfter('configmaps', 4000)).toThrow('too old resource version: 4000 (4001)');
  });

  test('can tell every earlier list', () => {
    const step = fc.record({
      name: fc.constantFrom('a', 'b', 'c'),
      namespace: fc.constantFrom('n', 'n-1'),
      remove: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const store = new Store();
        const lists = new Map([[store.revision, store.list('configmaps')]]);
        for (const { name, namespace, remove } of steps) {
          if (remove) store.remove('configmaps', namespace, name);
          else store.put('configmaps', object(namespace, name));
          lists.set(store.revision, store.list('configmaps'));
        }
        for (const [revision, list] of lists) {
          expect(store.listAt('configmaps', undefined, revision)).toEqual(list);
        }
      }),
    );
  });
});

test('tells subscribers of every write in order, with the state before', () => {
  const store = new Store();
  const seen: string[] = [];
  const end = store.subscribe(({ type, revision, old }) =>
    seen.push(`${type} ${revision} ${old?.metadata.resourceVersion ?? '-'}`),
  );
  store.put('configmaps', object('a', 'x'));
  store.put('configmaps', object('a', 'x', '2'));
  store.remove('configmaps', 'a', 'x');
  end();
  store.put('configmaps', object('a', 'x'));
  expect(seen).toEqual(['ADDED 2 -', 'MODIFIED 3 2', 'DELETED 4 3']);
});

test('serialises an object once', () => {
  let reads = 0;
  const counted = {
    ...object('a', 'x'),
    get spec() {
      reads++;
      return {};
    },
  };
  expect(jsonBytes(counted)).toBe(jsonBytes(counted));
  expect(reads).toBe(1);
});
