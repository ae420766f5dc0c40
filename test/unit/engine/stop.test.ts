import { describe, expect, test } from '@jest/globals';
import { lockLab } from '../../../src/engine/lock.ts';
import { startLab } from '../../../src/engine/start.ts';
import { removeLab, stopLab } from '../../../src/engine/stop.ts';
import { type TestLab, testLab } from '../support/lab.ts';

async function start(lab: TestLab, options: { fresh?: boolean } = {}): Promise<string> {
  const { store, provider, incident, signal } = lab;
  const started = await startLab({
    ...options,
    store,
    provider,
    incident,
    clock: provider.clock,
    signal,
    progress: () => {},
  });
  return started.name;
}

const stop = ({ store, provider }: TestLab, name?: string) => stopLab(store.find(name), provider, store);

describe('a provider whose clusters serve one lab after the other', () => {
  test('keeps the cluster, and nothing else of the lab', async () => {
    using lab = testLab({ reuse: 'works' });
    await start(lab);
    expect(await stop(lab)).toBe('kept');
    expect(lab.provider.states.get('inc-9100')?.objects.size).toBe(0);
    expect(lab.store.list()).toEqual([]);
    expect(lab.store.debris()).toEqual([]);
    expect(lab.store.kept()).toMatchObject({ name: 'kept', record: { state: 'kept' } });
    expect(() => lab.store.find('kept')).toThrow('there is no lab "kept"');
    const kept = lab.store.kept();
    if (kept !== undefined) await removeLab(kept, lab.provider);
    expect(lab.provider.states.size).toBe(0);
    expect(lab.store.kept()).toBeUndefined();
  });

  test('is not emptied while somebody grades it', async () => {
    using lab = testLab({ reuse: 'works' });
    await start(lab);
    {
      using _grade = lockLab(lab.store.find(undefined), 'graded');
      await expect(stop(lab)).rejects.toMatchObject({
        code: 'LAB_BUSY',
        message: expect.stringMatching(/^lab inc-9100 is being graded already/),
      });
      expect(lab.record()).toMatchObject({ state: 'running' });
    }
    expect(await stop(lab)).toBe('kept');
  });

  test('gives it to the next lab, which is as whole as the first', async () => {
    using lab = testLab({ reuse: 'works' });
    await start(lab);
    await stop(lab);
    expect(await start(lab)).toBe('inc-9100');
    expect(lab.store.kept()).toBeUndefined();
    expect(lab.record()).toMatchObject({ name: 'inc-9100', state: 'running' });
    expect([...lab.provider.states.keys()]).toEqual(['inc-9100']);
    expect(lab.provider.calls).not.toContain('destroy inc-9100');
  });

  test('of two that start at the same time one has it', async () => {
    using lab = testLab({ reuse: 'works' });
    await start(lab);
    await stop(lab);
    const { folder: one } = lab.store.create('INC-1');
    const { folder: other } = lab.store.create('INC-2');
    expect([lab.store.takeKept(one), lab.store.takeKept(other)]).toEqual([true, false]);
    expect(one.read()).toMatchObject({ state: 'kept' });
  });

  test('a lab that runs meanwhile has another one, and only one cluster is kept', async () => {
    using lab = testLab({ reuse: 'works' });
    await start(lab);
    await start(lab);
    expect(await stop(lab, 'inc-9100')).toBe('kept');
    expect(await stop(lab, 'inc-9100-2')).toBe('removed');
    expect([...lab.provider.states.keys()]).toEqual(['inc-9100']);
  });

  test('fresh: another cluster, and the kept one goes', async () => {
    using lab = testLab({ reuse: 'works' });
    await start(lab);
    await stop(lab);
    await start(lab, { fresh: true });
    expect(lab.provider.calls.filter((call) => /create|destroy/.test(call))).toEqual([
      'create inc-9100',
      'destroy inc-9100',
      'create inc-9100',
    ]);
    expect(lab.store.kept()).toBeUndefined();
  });

  test('a cluster that does not become as new is removed, without a word', async () => {
    using lab = testLab({ reuse: 'fails' });
    await start(lab);
    expect(await stop(lab)).toBe('removed');
    expect(lab.provider.states.size).toBe(0);
    expect(lab.store.all()).toEqual([]);
  });

  test('so is the cluster of a lab that was never handed over, and one that is gone', async () => {
    using lab = testLab({ reuse: 'works' });
    await start(lab);
    const { folder, record } = lab.store.find(undefined);
    folder.save({ ...record, state: 'failed' });
    expect(await stop(lab)).toBe('removed');
    await start(lab);
    lab.provider.states.clear();
    expect(await stop(lab)).toBe('removed');
    expect(lab.provider.calls.some((call) => call.startsWith('release'))).toBe(false);
  });
});

test('a provider without reuse removes its clusters', async () => {
  using lab = testLab();
  await start(lab);
  expect(await stop(lab)).toBe('removed');
  expect(lab.provider.states.size).toBe(0);
});
