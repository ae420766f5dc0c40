import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Incident, incidentOf } from '../../../src/engine/incident.ts';
import { type LabRecord, LabStore } from '../../../src/engine/lab-store.ts';
import { openLab, type OpenLab } from '../../../src/engine/open-lab.ts';
import { startLab } from '../../../src/engine/start.ts';
import type { Scenario } from '../../../src/scenario/types.ts';
import { type FakeOptions, FakeProvider } from './fake-cluster.ts';
import type { FakeState } from './fake-kube.ts';
import { settingsScenario } from './settings-scenario.ts';

export interface TestLab extends Disposable {
  readonly store: LabStore;
  readonly provider: FakeProvider;
  readonly scenario: Scenario;
  readonly incident: Incident;
  readonly signal: AbortSignal;
  /** Starts one and connects to it. */
  start(): Promise<OpenLab>;
  /** Of the only lab. */
  record(): LabRecord;
  cluster(): FakeState;
}

/** A state folder of its own with a fake provider. */
export function testLab(options: FakeOptions & { scenario?: Scenario; signal?: AbortSignal } = {}): TestLab {
  const root = mkdtempSync(join(tmpdir(), 'breakfix-test-'));
  const store = new LabStore(join(root, 'labs'));
  const provider = new FakeProvider(options);
  const scenario = options.scenario ?? settingsScenario();
  const incident = incidentOf(scenario, 7);
  const signal = options.signal ?? new AbortController().signal;
  const open = (): Promise<OpenLab> => openLab(store.find(undefined), provider, [scenario], signal);
  return {
    store,
    provider,
    scenario,
    incident,
    signal,
    start: async () => {
      const { cluster } = await startLab({
        store,
        provider,
        incident,
        clock: provider.clock,
        signal,
        progress: () => {},
      });
      await cluster[Symbol.asyncDispose]();
      return open();
    },
    record: () => store.find(undefined).record,
    cluster: () => {
      const [state] = provider.states.values();
      if (state === undefined) throw new Error('no cluster is there');
      return state;
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}
