import { describe, expect, test } from '@jest/globals';
import type { PodDisruptionBudget } from '../../../../src/model/objects.ts';
import { resources } from '../../../../src/model/resources.ts';
import { World, deployment, pod } from '../support/world.ts';

const started = (): World => new World().start('deployment', 'replicaset', 'disruption').binds().kubelets();
const budget = (world: World, spec: Partial<PodDisruptionBudget['spec']>): void => {
  world.api.create(resources.podDisruptionBudgets, {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
  });
};
const status = (world: World): PodDisruptionBudget['status'] =>
  world.api.get(resources.podDisruptionBudgets, 'shop', 'web')!.status;

describe('disruption controller', () => {
  test('minAvailable as a number, as on kind', async () => {
    const world = started();
    world.api.create(resources.deployments, deployment('web'));
    await world.seconds(3);
    budget(world, { minAvailable: 1 });
    await world.seconds(1);
    expect(status(world)).toEqual({
      currentHealthy: 2,
      desiredHealthy: 1,
      disruptionsAllowed: 1,
      expectedPods: 2,
      observedGeneration: 1,
      conditions: [
        {
          type: 'DisruptionAllowed',
          status: 'True',
          reason: 'SufficientPods',
          message: '',
          lastTransitionTime: '2026-01-01T00:00:03Z',
          observedGeneration: 1,
        },
      ],
    });
  });

  test('percentages are of what the workload should have', async () => {
    const world = started();
    budget(world, { minAvailable: '75%' });
    await world.seconds(1);
    expect(world.events()[0]).toMatch(/^Normal NoPods web: No matching pods found/);
    expect(status(world)).toMatchObject({ disruptionsAllowed: 0, expectedPods: 0 });
    world.api.create(resources.deployments, deployment('web', { replicas: 5 }));
    await world.seconds(0.5);
    expect(status(world)).toMatchObject({
      currentHealthy: 0,
      desiredHealthy: 4,
      expectedPods: 5,
      disruptionsAllowed: 0,
      conditions: [{ status: 'False', reason: 'InsufficientPods' }],
    });
    await world.seconds(3);
    expect(status(world)).toMatchObject({ currentHealthy: 5, disruptionsAllowed: 1 });
  });

  test('a pod that two of them select is told so', async () => {
    const world = started();
    budget(world, { minAvailable: '50%' });
    const other = {
      metadata: { name: 'also', namespace: 'shop' },
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
    };
    world.api.create(resources.podDisruptionBudgets, {
      ...other,
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
    });
    world.api.create(resources.deployments, deployment('web', { replicas: 1 }));
    await world.seconds(3);
    expect(world.events().map((text) => text.replace(/ x\d+$/, ''))).toContainEqual(
      expect.stringMatching(
        /^Warning MultiplePodDisruptionBudgets web-\S+: Pod "shop"\/"web-\S+" matches multiple PodDisruptionBudgets\. {2}Chose "also" arbitrarily\.$/,
      ),
    );
  });

  test('pods that nobody manages have no size to count from', async () => {
    const world = started();
    world.api.create(resources.pods, pod('web', {}, { labels: { app: 'web' } }));
    budget(world, { maxUnavailable: 1 });
    await world.seconds(2);
    expect(status(world)).toMatchObject({ expectedPods: 0, disruptionsAllowed: 0 });
    expect(world.events().map((text) => text.replace(/ x\d+$/, ''))).toContain(
      'Warning UnmanagedPods web: Pods selected by this PodDisruptionBudget (selector: &LabelSelector{MatchLabels:' +
        'map[string]string{app: web,},MatchExpressions:[]LabelSelectorRequirement{},}) were found to be unmanaged. ' +
        'As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. ' +
        'To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.',
    );
  });

  test('maxUnavailable needs to know the workload', async () => {
    const world = started();
    world.api.create(
      resources.pods,
      pod(
        'web',
        {},
        {
          labels: { app: 'web' },
          ownerReferences: [{ apiVersion: 'v1', kind: 'Oddity', name: 'x', uid: 'x', controller: true }],
        },
      ),
    );
    budget(world, { maxUnavailable: 1 });
    await world.seconds(2);
    expect(status(world)).toMatchObject({
      disruptionsAllowed: 0,
      conditions: [{ status: 'False', reason: 'SyncFailed', message: 'found no controllers for pod "web"' }],
    });
    expect(world.events().at(-1)).toMatch(
      /^Warning CalculateExpectedPodCountFailed web: Failed to calculate the number of expected pods: found no controllers for pod "web"/,
    );
  });
});
