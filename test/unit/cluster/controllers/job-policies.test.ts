import { describe, expect, test } from '@jest/globals';
import { edit } from '../../../../src/core/json.ts';
import type { Job, JobSpec, Pod } from '../../../../src/model/objects.ts';
import { resources } from '../../../../src/model/resources.ts';
import { World, podSpec } from '../support/world.ts';

const INDEX = 'batch.kubernetes.io/job-completion-index';
const FAILURES = 'batch.kubernetes.io/job-index-failure-count';
const IGNORED = 'batch.kubernetes.io/job-index-ignored-failure-count';

/** A Job of two indexes that runs. */
async function started(spec: Partial<JobSpec> = {}): Promise<World> {
  const world = new World().start('job').binds().kubelets();
  world.api.create(resources.jobs, {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'ok', namespace: 'shop' },
    spec: {
      parallelism: 2,
      completions: 2,
      completionMode: 'Indexed',
      backoffLimit: 6,
      suspend: false,
      selector: { matchLabels: { job: 'ok' } },
      template: { metadata: { labels: { job: 'ok' } }, spec: podSpec({ restartPolicy: 'Never' }) },
      ...spec,
    },
  });
  await world.seconds(2);
  return world;
}

const jobOf = (world: World): Job => world.api.get(resources.jobs, 'shop', 'ok')!;
const running = (world: World, index: number): Pod | undefined =>
  world
    .pods()
    .find(
      ({ metadata, status }) =>
        metadata.annotations?.[INDEX] === String(index) &&
        status.phase !== 'Failed' &&
        status.phase !== 'Succeeded' &&
        metadata.deletionTimestamp === undefined,
    );

/** Ends the pod of an index. */
async function end(world: World, index: number, exitCode: number, condition?: string): Promise<void> {
  const finishedAt = world.simulation.timestamp();
  world.api.updateStatus(
    resources.pods,
    edit(running(world, index)!, ({ status }) => {
      status.phase = exitCode === 0 ? 'Succeeded' : 'Failed';
      status.containerStatuses = [
        {
          name: 'app',
          state: { terminated: { exitCode, reason: 'Error', startedAt: finishedAt, finishedAt } },
          lastState: {},
          ready: false,
          restartCount: 0,
          image: '',
          imageID: '',
        },
      ];
      if (condition !== undefined) status.conditions = [{ type: condition, status: 'True' }];
    }),
  );
  await world.seconds(4);
}

const conditionsOf = (world: World) =>
  jobOf(world).status.conditions?.map(({ type, reason, message }) => `${type} ${reason}: ${message}`);

describe('a pod failure policy', () => {
  const onCode = (action: 'FailJob' | 'FailIndex' | 'Ignore' | 'Count', ...values: number[]) => ({
    action,
    onExitCodes: { operator: 'In' as const, values },
  });

  test('fails the Job with a pod that is told of', async () => {
    const world = await started({ podFailurePolicy: { rules: [onCode('Count', 1), onCode('FailJob', 42)] } });
    const name = running(world, 1)?.metadata.name ?? '';
    await end(world, 1, 42);
    const verdict = `PodFailurePolicy: Container app for pod shop/${name} failed with exit code 42 matching FailJob rule at index 1`;
    expect(conditionsOf(world)).toEqual([`FailureTarget ${verdict}`, `Failed ${verdict}`]);
    expect(jobOf(world).status.failed).toBe(2);
  });

  test('looks at some containers only, and at other codes', async () => {
    const rules = [
      {
        action: 'FailJob' as const,
        onExitCodes: { containerName: 'b', operator: 'In' as const, values: [42] },
      },
      { action: 'FailJob' as const, onExitCodes: { operator: 'NotIn' as const, values: [42] } },
    ];
    const world = await started({ podFailurePolicy: { rules } });
    await end(world, 0, 42);
    expect(conditionsOf(world)).toBeUndefined();
    await end(world, 1, 3);
    expect(conditionsOf(world)?.at(-1)).toContain('exit code 3 matching FailJob rule at index 1');
  });

  test('ignores failures that are not the fault of the pod', async () => {
    const onPodConditions = [{ type: 'DisruptionTarget', status: 'True' }];
    const world = await started({
      backoffLimit: 0,
      podFailurePolicy: { rules: [{ action: 'Ignore', onPodConditions }] },
    });
    await end(world, 0, 143, 'DisruptionTarget');
    await world.seconds(10);
    expect(jobOf(world).status.failed).toBeUndefined();
    await end(world, 0, 0);
    await end(world, 1, 0);
    expect(conditionsOf(world)?.at(-1)).toContain('Complete CompletionsReached');
  });

  test('does not try an index again', async () => {
    const world = await started({
      backoffLimitPerIndex: 3,
      podFailurePolicy: { rules: [onCode('FailIndex', 42)] },
    });
    await end(world, 0, 42);
    expect(jobOf(world).status).toMatchObject({ failed: 1, failedIndexes: '0' });
    await world.seconds(30);
    expect(running(world, 0)).toBeUndefined();
  });

  test('waits for a pod that terminates', async () => {
    const world = new World().start('job').binds();
    const spec = { ...jobOf(await started({ podFailurePolicy: { rules: [] } })).spec };
    world.api.create(resources.jobs, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'ok', namespace: 'shop' },
      spec,
    });
    await world.seconds(2);
    world.api.delete(resources.pods, 'shop', world.pods()[0]!.metadata.name);
    await world.seconds(20);
    expect(world.pods()).toHaveLength(2);
    expect(jobOf(world).status).toMatchObject({ active: 1, terminating: 1 });
  });
});

describe('a limit of failures per index', () => {
  test('is reached by an index alone, and the Job fails when all have ended', async () => {
    const world = await started({ backoffLimitPerIndex: 1, backoffLimit: 2 ** 31 - 1 });
    expect(running(world, 0)?.metadata.annotations?.[FAILURES]).toBe('0');
    await end(world, 0, 1);
    expect(running(world, 0)).toBeUndefined();
    expect(jobOf(world).status.failed).toBeUndefined();
    await world.seconds(10);
    expect(running(world, 0)?.metadata.annotations?.[FAILURES]).toBe('1');
    expect(jobOf(world).status).toMatchObject({ failed: 1, failedIndexes: '' });
    await end(world, 0, 1);
    expect(jobOf(world).status).toMatchObject({ failed: 2, failedIndexes: '0' });
    expect(running(world, 1)).toBeDefined();
    await end(world, 1, 0);
    expect(jobOf(world).status).toMatchObject({ succeeded: 1, completedIndexes: '1' });
    expect(conditionsOf(world)?.at(-1)).toBe('Failed FailedIndexes: Job has failed indexes');
  });

  test('does not count what a policy ignores', async () => {
    const onPodConditions = [{ type: 'DisruptionTarget', status: 'True' }];
    const world = await started({
      backoffLimitPerIndex: 0,
      podFailurePolicy: { rules: [{ action: 'Ignore', onPodConditions }] },
    });
    await end(world, 0, 143, 'DisruptionTarget');
    await world.seconds(10);
    expect(running(world, 0)?.metadata.annotations).toMatchObject({ [FAILURES]: '0', [IGNORED]: '1' });
  });

  test('ends the Job when too many indexes have failed', async () => {
    const world = await started({ backoffLimitPerIndex: 0, maxFailedIndexes: 0 });
    await end(world, 0, 1);
    expect(conditionsOf(world)?.at(-1)).toBe(
      'Failed MaxFailedIndexesExceeded: Job has exceeded the specified maximal number of failed indexes',
    );
    expect(running(world, 1)).toBeUndefined();
  });
});

describe('a success policy', () => {
  test.each([
    [{ succeededIndexes: '1' }, 1],
    [{ succeededCount: 1 }, 0],
    [{ succeededIndexes: '0,1', succeededCount: 1 }, 0],
  ])('of %j ends the Job early', async (rule, index) => {
    const never = { succeededIndexes: '7' };
    const world = await started({ successPolicy: { rules: [never, rule] } });
    await end(world, index, 0);
    const verdict = 'SuccessPolicy: Matched rules at index 1';
    expect(conditionsOf(world)).toEqual([`SuccessCriteriaMet ${verdict}`, `Complete ${verdict}`]);
    expect(jobOf(world).status).toMatchObject({ succeeded: 1, completedIndexes: String(index) });
    expect(running(world, 1 - index)).toBeUndefined();
    expect(jobOf(world).status.failed).toBeUndefined();
  });

  test('waits for the indexes that it names', async () => {
    const world = await started({ successPolicy: { rules: [{ succeededIndexes: '1' }] } });
    await end(world, 0, 0);
    expect(conditionsOf(world)).toBeUndefined();
  });
});

test('a Job that somebody else manages is left alone', async () => {
  expect((await started({ managedBy: 'example.com/other' })).pods()).toEqual([]);
  expect((await started({ managedBy: 'kubernetes.io/job-controller' })).pods()).toHaveLength(2);
});
