import { describe, expect, jest, test } from '@jest/globals';
import { openLab } from '../../../src/engine/open-lab.ts';
import { resetLab } from '../../../src/engine/reset.ts';
import { resources } from '../../../src/model/resources.ts';
import { standingOf } from '../../../src/report/standing.ts';
import { setValues } from '../support/settings-scenario.ts';
import { type TestLab, testLab } from '../support/lab.ts';

const reset = async ({ store, provider, incident, signal }: TestLab, wall = signal) => {
  const found = store.find(undefined);
  const progress = (): void => {};
  return resetLab(found, { provider, incident, clock: provider.clock, signal: wall, progress });
};

async function startedAndChanged(lab: TestLab): Promise<void> {
  await using open = await lab.start();
  await setValues(open.cluster, { mode: 'good', level: '1' });
  open.folder.journal.append(lab.provider.clock.now(), { type: 'given-up' });
}

describe('reset', () => {
  test('removes the cluster and makes it again under the same name, with the journal kept', async () => {
    using lab = testLab();
    await startedAndChanged(lab);
    const before = lab.record();
    lab.provider.calls.length = 0;
    await using cluster = (await reset(lab)).cluster;
    expect(lab.provider.calls).toEqual([
      'open inc-9100',
      'dispose inc-9100',
      'destroy inc-9100',
      'create inc-9100',
    ]);
    expect(lab.record()).toEqual(before);
    const map = await cluster.kube.get(resources.configMaps, 'shop', 'settings');
    expect(map?.data).toMatchObject({ level: '9' });
    const entries = lab.store.find(undefined).folder.journal.read();
    expect(entries.filter(({ type }) => type === 'handed-over')).toHaveLength(2);
    expect(standingOf(entries).outcome).toBe('ungraded');
  });

  test('empties a cluster that can be emptied, and breaks it again', async () => {
    using lab = testLab({ fork: false, empty: true });
    await startedAndChanged(lab);
    lab.provider.calls.length = 0;
    await using cluster = (await reset(lab)).cluster;
    expect(lab.provider.calls).toEqual(['open inc-9100', 'empty inc-9100']);
    const map = await cluster.kube.get(resources.configMaps, 'shop', 'settings');
    expect(map?.data).toMatchObject({ level: '9' });
  });

  test('makes a cluster anew that does not become empty', async () => {
    using lab = testLab({ fork: false, empty: 'fails' });
    await startedAndChanged(lab);
    lab.provider.calls.length = 0;
    await using cluster = (await reset(lab)).cluster;
    expect(lab.provider.calls).toEqual([
      'open inc-9100',
      'empty inc-9100',
      'dispose inc-9100',
      'destroy inc-9100',
      'create inc-9100',
    ]);
    expect(cluster).toBeDefined();
    expect(lab.record().state).toBe('running');
  });

  test('mends a lab whose cluster is gone', async () => {
    using lab = testLab();
    await startedAndChanged(lab);
    lab.provider.states.clear();
    await using cluster = (await reset(lab)).cluster;
    expect(cluster).toBeDefined();
    expect(lab.record().state).toBe('running');
  });

  test('what fails leaves a lab that can be reset again or stopped, and no cluster', async () => {
    const interrupt = new AbortController();
    using lab = testLab();
    await startedAndChanged(lab);
    const reached = new Promise<void>((resolve) => {
      lab.provider.blockAt = { phase: 'fault', signal: interrupt.signal, reached: resolve };
    });
    const resetting = reset(lab, interrupt.signal);
    await reached;
    interrupt.abort(new Error('interrupted'));
    await expect(resetting).rejects.toThrow('interrupted');
    expect(lab.record().state).toBe('failed');
    expect(lab.provider.states.size).toBe(0);
    await expect(openLab(lab.store.find(undefined), lab.provider, [lab.scenario])).rejects.toMatchObject({
      code: 'LAB_NOT_RUNNING',
      message: expect.stringContaining('its last start or reset failed'),
    });
    await using cluster = (await reset(lab)).cluster;
    expect(cluster).toBeDefined();
    expect(lab.record().state).toBe('running');
  });

  test('what failed is told, also where the cluster does not go away', async () => {
    using lab = testLab();
    await startedAndChanged(lab);
    jest.spyOn(lab.provider, 'create').mockImplementationOnce(() => {
      lab.provider.failDestroy = true;
      return Promise.reject(new Error('the disk is full'));
    });
    await expect(reset(lab)).rejects.toThrow('the disk is full');
    expect(lab.record().state).toBe('failed');
  });

  test('two at once: the second is told so', async () => {
    using lab = testLab();
    await startedAndChanged(lab);
    const results = await Promise.allSettled([reset(lab), reset(lab)]);
    expect(results[1]).toMatchObject({ status: 'rejected', reason: { code: 'LAB_BUSY' } });
    expect(results[0]).toMatchObject({ status: 'fulfilled' });
  });
});
