import {
  ask,
  type Check,
  converge,
  defineScenario,
  fail,
  type Fault,
  fix,
  hack,
  hint,
  hold,
  type LabView,
  minutes,
  not,
  objective,
  oneOf,
  pass,
  resources,
  safeguard,
  type Scenario,
  seconds,
} from '../../../src/index.ts';
import { sameObject } from '../../../src/checks/objects.ts';

const namespace = 'shop';

/** Replaces values of configmap/settings. */
export const setValues = (
  lab: Pick<LabView, 'kube'>,
  data: Readonly<Record<string, string>>,
): Promise<unknown> =>
  lab.kube.patch(resources.configMaps, namespace, 'settings', { data }, { type: 'merge' });

const valueIs = (key: string, wanted: string): Check => ({
  expected: `${key} is ${wanted}`,
  look: async (lab) => {
    const map = await lab.kube.get(resources.configMaps, namespace, 'settings');
    if (map === undefined) return fail('configmap/settings does not exist');
    const value = map.data?.[key] ?? 'absent';
    return value === wanted ? pass(`${key} is ${value}`) : fail(`${key} is ${value}`);
  },
});

const wrongValues = (mode: string): Fault => ({
  name: 'wrong-values',
  describe: `configmap/settings was given mode ${mode}.`,
  inject: async (lab) => {
    await setValues(lab, { mode, level: '9' });
    return (again) => setValues(again, { mode: 'good', level: '1' }).then(() => {});
  },
});

const noisy: Check = { ...valueIs('level', '1'), disturbs: 'a clone' };

/** A scenario of one ConfigMap: everything that the engine does, without pods. */
const settings = {
  id: 'settings',
  incident: 'INC-9100',
  title: 'The settings are off',
  area: 'memory',
  difficulty: 'beginner',
  minutes: 5,
  documents: [{ url: 'https://kubernetes.io/docs/concepts/configuration/configmap/' }],
  needs: [],
  variants: { mode: oneOf('bad', 'worse') },
  ticket: () => 'The shop behaves oddly.',
  rules: () => ['The map stays the same object.'],
  baseline: () => ({
    namespace,
    manifests: [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'settings', namespace },
        data: { mode: 'good', level: '1', color: 'blue' },
      },
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key', namespace }, data: { key: 'c2VjcmV0' } },
    ],
    workloads: [],
    images: [],
  }),
  inject: ({ mode }: { mode: string }) => [wrongValues(mode)],
  since: minutes(10),
  symptoms: () => [not('mode is off', valueIs('mode', 'good'))],
  objectives: () => [
    objective('mode', 60, 'The mode is right', converge(seconds(5), valueIs('mode', 'good'))),
    objective('level', 40, 'The level is right', hold(seconds(30), valueIs('level', '1'), seconds(5))),
  ],
  safeguards: () => [
    safeguard(
      'same-map',
      'veto',
      'It is the same map',
      sameObject(resources.configMaps, namespace, 'settings'),
    ),
    safeguard('color', 10, 'The color stays', valueIs('color', 'blue')),
  ],
  diagnosis: () => [
    ask.object(10, 'configmap/settings', ['cm/settings']),
    ask.field(10, 'data.mode'),
    ask.evidence(10, 'the mode is wrong', ['a pod is gone']),
  ],
  hints: () => [
    hint(5, 'Look at the settings.'),
    hint(10, async (lab: LabView) => {
      const map = await lab.kube.get(resources.configMaps, namespace, 'settings');
      return `The mode is ${map?.data?.['mode'] ?? 'gone'}.`;
    }),
    hint(20, 'It is the mode.'),
  ],
  fixes: () => [
    fix(
      'patch',
      ['kubectl -n shop edit configmap settings', 'mode: good, level: 1'],
      async (lab: LabView) => {
        await setValues(lab, { mode: 'good', level: '1' });
      },
    ),
    fix('two-steps', ['one after the other'], async (lab: LabView) => {
      await setValues(lab, { mode: 'good' });
      await setValues(lab, { level: '1' });
    }),
  ],
  hacks: () => [
    hack('recreate', 'same-map', async (lab: LabView) => {
      await lab.kube.delete(resources.configMaps, namespace, 'settings');
      await lab.kube.create(resources.configMaps, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'settings', namespace },
        data: { mode: 'good', level: '1', color: 'blue' },
      });
    }),
  ],
  debrief: () => 'Somebody edited the map.',
} as const;

export const parts = { valueIs, wrongValues, noisy };

/** The scenario, with parts of it replaced; not checked by defineScenario, so that broken ones can be made. */
export function settingsScenario(replaced: Partial<Scenario> = {}): Scenario {
  const sound = defineScenario(settings as unknown as Scenario);
  return { ...sound, ...replaced };
}
