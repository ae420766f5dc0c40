import { existsSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { openLab } from '../../../src/engine/open-lab.ts';
import { startLab } from '../../../src/engine/start.ts';
import type { PhaseName } from '../../../src/report/journal.ts';
import { pass } from '../../../src/checks/check.ts';
import { resources } from '../../../src/model/resources.ts';
import type { BaselinePlan } from '../../../src/scenario/types.ts';
import { settingsScenario } from '../support/settings-scenario.ts';
import { type TestLab, testLab } from '../support/lab.ts';

const PHASES: readonly PhaseName[] = ['cluster', 'shop', 'healthy', 'fault', 'symptom'];

const start = ({ store, provider, incident, signal }: TestLab) =>
  startLab({ store, provider, incident, clock: provider.clock, signal, progress: () => {} });

describe('start', () => {
  test('journals every phase with its time and hands over a broken cluster', async () => {
    using lab = testLab();
    await using open = await lab.start();
    const entries = open.folder.journal.read();
    expect(entries.map(({ type }) => type)).toEqual(['planned', ...PHASES.map(() => 'phase'), 'handed-over']);
    expect(entries.flatMap((entry) => (entry.type === 'phase' ? [entry.phase] : []))).toEqual(PHASES);
    const map = await open.cluster.kube.get(resources.configMaps, 'shop', 'settings');
    expect(map?.data).toMatchObject({ mode: expect.stringMatching(/bad|worse/), level: '9' });
    expect(open.baseline.get(resources.configMaps, 'shop', 'settings')?.data).toMatchObject({ mode: 'good' });
  });

  test('nothing that a learner may see names the scenario', async () => {
    using lab = testLab();
    await using open = await lab.start();
    expect(open.name).toBe('inc-9100');
    const record = readFileSync(open.folder.file('lab.json'), 'utf8');
    expect(record.replaceAll('settings.test', '')).not.toMatch(/settings/);
    // What the learner is told is in it, the cause is not.
    const journal = readFileSync(open.folder.file('journal.jsonl'), 'utf8');
    expect(journal.replace('"The settings are off"', '')).not.toMatch(/wrong-values|settings/);
    expect(statSync(open.folder.file('kubeconfig')).mode & 0o077).toBe(0);
  });

  test.each(PHASES)('Ctrl-C in phase %s leaves nothing', async (phase) => {
    const interrupt = new AbortController();
    using lab = testLab({ signal: interrupt.signal });
    const reached = new Promise<void>((resolve) => {
      lab.provider.blockAt = { phase, signal: interrupt.signal, reached: resolve };
    });
    const starting = start(lab);
    await reached;
    expect(lab.store.list()).toHaveLength(1);
    interrupt.abort(new Error('interrupted'));
    await expect(starting).rejects.toThrow('interrupted');
    expect(lab.provider.states.size).toBe(0);
    expect(lab.store.list()).toEqual([]);
    expect(lab.store.debris()).toEqual([]);
    // Whoever got a connection gave it back.
    const connected = phase !== 'cluster';
    expect(lab.provider.calls.includes('dispose inc-9100')).toBe(connected);
  });

  test('a symptom that does not show ends the start and says what was seen', async () => {
    const scenario = settingsScenario({
      symptoms: () => [
        { expected: 'smoke', look: () => Promise.resolve({ status: 'fail', seen: 'no smoke' }) },
      ],
    });
    using lab = testLab({ scenario });
    await expect(start(lab)).rejects.toThrow(/the symptoms do not show: .*no smoke/);
    expect(lab.store.list()).toEqual([]);
  });

  test('a symptom that shows before anything is broken ends the start', async () => {
    const scenario = settingsScenario({
      symptoms: () => [{ expected: 'smoke', look: () => Promise.resolve(pass('smoke')) }],
    });
    using lab = testLab({ scenario });
    await expect(start(lab)).rejects.toThrow('although nothing is broken yet');
  });

  test('what cannot be removed after a failure stays listed, and the failure is what is told', async () => {
    const scenario = settingsScenario({
      inject: () => [{ name: 'x', describe: 'x', inject: () => Promise.reject(new Error('no hammer')) }],
    });
    using lab = testLab({ scenario });
    lab.provider.failDestroy = true;
    const message = 'the fault could not be made: no hammer';
    // Whose mistake it is nobody can tell: it may be the scenario's author's.
    await expect(start(lab)).rejects.toMatchObject({ code: 'FAULT_FAILED', kind: 'lab', message });
    expect(lab.record().state).toBe('failed');
    const entries = lab.store.find(undefined).folder.journal.read();
    expect(entries.at(-1)).toMatchObject({ type: 'phase-failed', phase: 'fault', message });
  });

  test.each([
    ['ends the pods of CoreDNS, so that they read a new Corefile, where time is not ours', false, 0],
    ['leaves them where the time that they need for it passes', true, 1],
  ])('%s', async (_what, fork, left) => {
    const { namespace, manifests, workloads, images } = settingsScenario().baseline({ mode: 'bad' });
    const dns = { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } };
    const coredns = [
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { ...dns, name: 'coredns' },
        data: { Corefile: 'new' },
      },
      // None of them has to become ready again: nothing makes pods here.
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { ...dns, name: 'coredns' },
        spec: { replicas: 0 },
      },
      { apiVersion: 'v1', kind: 'Pod', metadata: { ...dns, name: 'coredns-1' }, status: {} },
    ];
    const baseline = (): BaselinePlan => ({
      namespace,
      workloads,
      images,
      manifests: [...manifests, ...coredns],
    });
    using lab = testLab({ fork, scenario: settingsScenario({ baseline }) });
    await using open = await lab.start();
    expect(await open.cluster.kube.list(resources.pods, { namespace: 'kube-system' })).toHaveLength(left);
  });

  test('a lab whose start was cut off cannot be opened, and says how to go on', async () => {
    using lab = testLab();
    await (await lab.start())[Symbol.asyncDispose]();
    const found = lab.store.find(undefined);
    found.folder.save({ ...found.record, state: 'starting' });
    const opening = openLab(lab.store.find(undefined), lab.provider, [lab.scenario]);
    await expect(opening).rejects.toMatchObject({
      code: 'LAB_NOT_RUNNING',
      kind: 'lab',
      message: expect.stringContaining('its start was cut off'),
      fix: expect.stringContaining('breakfix stop inc-9100'),
    });
  });

  test('a second lab of the same incident gets a name of its own', async () => {
    using lab = testLab();
    await start(lab);
    await start(lab);
    expect(lab.store.list().map(({ name }) => name)).toEqual(['inc-9100', 'inc-9100-2']);
  });

  test('the lab is free when it was started', async () => {
    using lab = testLab();
    await using open = await lab.start();
    expect(existsSync(open.folder.file('busy'))).toBe(false);
  });
});
