import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClusterStore } from '../../../../src/cli/cluster/store.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'clusters-'));
});
afterEach(() => rmSync(root, { recursive: true }));

describe('the clusters of a user', () => {
  test('each has a folder and is found by its name, the only one without', () => {
    const store = new ClusterStore(join(root, 'clusters'));
    expect(store.names()).toEqual([]);
    expect(() => store.find(undefined)).toThrow('there is no cluster');
    const one = store.create('one');
    expect(one).toEqual({
      provider: 'embedded',
      lab: 'one',
      folder: join(root, 'clusters', 'one'),
      alone: true,
    });
    expect(store.create('one')).toBeUndefined();
    expect(store.find(undefined)).toEqual(one);
    store.create('two');
    expect(store.all().map(({ lab }) => lab)).toEqual(['one', 'two']);
    expect(() => store.find(undefined)).toThrow('there are 2 clusters: one, two');
    expect(() => store.find('tow')).toThrow('there is no cluster "tow"; there are one, two');
    store.remove(store.find('one'));
    expect([store.names(), existsSync(join(root, 'clusters', 'one'))]).toEqual([['two'], false]);
    expect(() => store.find('one')).toThrow('there is no cluster "one"; there is two');
  });

  test.each(['', 'Dev', 'a_b', '-a', 'a-', '..', 'a/b', 'a.b', 'a'.repeat(41)])('"%s" is no name', (name) => {
    const store = new ClusterStore(root);
    expect(() => store.create(name)).toThrow('a cluster cannot be called');
    expect(() => store.lock(name)).toThrow('a cluster cannot be called');
    expect(store.names()).toEqual([]);
  });

  test('one command at a time starts one, which is none before it has a folder', () => {
    const store = new ClusterStore(root);
    {
      using _lock = store.lock('one');
      expect(store.names()).toEqual([]);
      expect(() => store.lock('one')).toThrow(
        `a cluster one is being started already (process ${process.pid})`,
      );
      using _other = store.lock('two');
    }
    using again = store.lock('one');
    expect(again).toBeDefined();
  });

  test('a state folder that cannot be made', () => {
    const file = join(root, 'file');
    writeFileSync(file, '');
    const store = new ClusterStore(join(file, 'clusters'));
    expect(() => store.create('a')).toThrow('cannot be written');
    expect(() => store.lock('a')).toThrow('cannot be written');
  });
});
