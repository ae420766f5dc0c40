import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { edit } from '../../../../src/core/json.ts';
import type { CronJob, Job, JobSpec, NewObject, Pod } from '../../../../src/model/objects.ts';
import { resources } from '../../../../src/model/resources.ts';
import { formatIndexes, parseIndexes } from '../../../../src/model/indexes.ts';
import { World, podSpec } from '../support/world.ts';

const jobSpec = (spec: Partial<JobSpec> = {}): JobSpec => ({
  parallelism: 1,
  completions: 1,
  completionMode: 'NonIndexed',
  backoffLimit: 6,
  suspend: false,
  selector: { matchLabels: { job: 'ok' } },
  template: { metadata: { labels: { job: 'ok' } }, spec: podSpec({ restartPolicy: 'Never' }) },
  ...spec,
});
const job = (spec: Partial<JobSpec> = {}): NewObject<Job> => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'ok', namespace: 'shop' },
  spec: jobSpec(spec),
});
const get = (world: World, name = 'ok'): Job => world.api.get(resources.jobs, 'shop', name)!;
const finish = (world: World, pod: Pod, phase: 'Succeeded' | 'Failed'): void => {
  world.api.updateStatus(
    resources.pods,
    edit(pod, (draft) => {
      draft.status.phase = phase;
    }),
  );
};
const unfinished = (world: World): Pod[] =>
  world.pods().filter(({ status }) => status.phase !== 'Succeeded' && status.phase !== 'Failed');
const events = (world: World): string[] =>
  world.events('Job').map((event) => event.replace(/-[a-z0-9]{5}$/, '-X'));

describe('job controller', () => {
  test('runs one pod after the other until enough have succeeded, as on kind', async () => {
    const world = new World().start('job').binds().kubelets();
    world.api.create(resources.jobs, job({ completions: 2 }));
    await world.seconds(3);
    expect(get(world).status).toEqual({
      active: 1,
      ready: 1,
      startTime: '2026-01-01T00:00:00Z',
      terminating: 0,
      uncountedTerminatedPods: {},
    });
    expect(world.pods()[0]?.metadata).toMatchObject({
      finalizers: ['batch.kubernetes.io/job-tracking'],
      generateName: 'ok-',
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', controller: true, blockOwnerDeletion: true }],
    });
    finish(world, unfinished(world)[0]!, 'Succeeded');
    await world.seconds(3);
    expect(get(world).status).toMatchObject({ active: 1, succeeded: 1 });
    finish(world, unfinished(world)[0]!, 'Succeeded');
    await world.seconds(3);
    const verdict = { reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' };
    const at = { lastProbeTime: '2026-01-01T00:00:06Z', lastTransitionTime: '2026-01-01T00:00:06Z' };
    expect(get(world).status).toEqual({
      conditions: [
        { type: 'SuccessCriteriaMet', status: 'True', ...at, ...verdict },
        { type: 'Complete', status: 'True', ...at, ...verdict },
      ],
      completionTime: '2026-01-01T00:00:06Z',
      startTime: '2026-01-01T00:00:00Z',
      succeeded: 2,
      ready: 0,
      terminating: 0,
      uncountedTerminatedPods: {},
    });
    expect(events(world)).toEqual([
      'Normal SuccessfulCreate ok: Created pod: ok-X',
      'Normal SuccessfulCreate ok: Created pod: ok-X',
      'Normal Completed ok: Job completed',
    ]);
    expect(world.pods().every(({ metadata }) => metadata.finalizers === undefined)).toBe(true);
  });

  test('waits after failures and gives up at the limit', async () => {
    const world = new World().start('job').binds().kubelets();
    world.api.create(resources.jobs, job({ backoffLimit: 1 }));
    await world.seconds(2);
    finish(world, unfinished(world)[0]!, 'Failed');
    await world.seconds(5);
    expect(unfinished(world)).toEqual([]);
    expect(get(world).status).toMatchObject({ failed: 1 });
    await world.seconds(8);
    expect(unfinished(world)).toHaveLength(1);
    finish(world, unfinished(world)[0]!, 'Failed');
    await world.seconds(4);
    const verdict = {
      status: 'True',
      reason: 'BackoffLimitExceeded',
      message: 'Job has reached the specified backoff limit',
    };
    expect(get(world).status).toMatchObject({
      failed: 2,
      conditions: [
        { type: 'FailureTarget', ...verdict, lastTransitionTime: '2026-01-01T00:00:15Z' },
        { type: 'Failed', ...verdict, lastTransitionTime: '2026-01-01T00:00:16Z' },
      ],
    });
    expect(events(world).at(-1)).toBe(
      'Warning BackoffLimitExceeded ok: Job has reached the specified backoff limit',
    );
    await world.seconds(60);
    expect(unfinished(world)).toEqual([]);
  });

  test('a deadline ends the pods', async () => {
    const world = new World().start('job').binds().kubelets();
    world.api.create(resources.jobs, job({ activeDeadlineSeconds: 5 }));
    await world.seconds(4);
    expect(unfinished(world)).toHaveLength(1);
    await world.seconds(5);
    expect(world.pods()).toEqual([]);
    expect(get(world).status).toMatchObject({
      failed: 1,
      conditions: [
        { type: 'FailureTarget', reason: 'DeadlineExceeded' },
        { type: 'Failed', message: 'Job was active longer than specified deadline' },
      ],
    });
  });

  test('indexes', async () => {
    const world = new World().start('job').binds().kubelets();
    world.api.create(resources.jobs, job({ completions: 3, parallelism: 2, completionMode: 'Indexed' }));
    await world.seconds(2);
    const index = 'batch.kubernetes.io/job-completion-index';
    expect(world.pods().map(({ metadata }) => metadata.annotations?.[index])).toEqual(['0', '1']);
    expect(world.pods()[0]).toMatchObject({
      metadata: { generateName: 'ok-0-', labels: { [index]: '0' } },
      spec: {
        hostname: 'ok-0',
        containers: [
          {
            env: [
              {
                name: 'JOB_COMPLETION_INDEX',
                valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: `metadata.labels['${index}']` } },
              },
            ],
          },
        ],
      },
    });
    finish(world, world.pods()[1]!, 'Succeeded');
    await world.seconds(3);
    expect(unfinished(world).map(({ metadata }) => metadata.annotations?.[index])).toEqual(['0', '2']);
    expect(get(world).status).toMatchObject({ succeeded: 1, completedIndexes: '1' });
  });

  test('pods of indexes that are no more do not count', async () => {
    const world = new World().start('job').binds().kubelets();
    world.api.create(resources.jobs, job({ completions: 3, parallelism: 3, completionMode: 'Indexed' }));
    await world.seconds(2);
    const [, second, third] = world.pods();
    const spec = { ...get(world).spec, completions: 1, parallelism: 1 };
    world.api.update(resources.jobs, { ...get(world), spec });
    finish(world, second!, 'Succeeded');
    finish(world, third!, 'Failed');
    await world.seconds(3);
    const { active, failed = 0, succeeded = 0 } = get(world).status;
    expect({ active, failed, succeeded }).toEqual({ active: 1, failed: 0, succeeded: 0 });
  });

  test('indexes that wait after a failure keep no others waiting', async () => {
    const world = new World().start('job');
    const indexed = { completionMode: 'Indexed', completions: 40, parallelism: 40 } as const;
    world.api.create(resources.jobs, job({ ...indexed, backoffLimit: 1000, backoffLimitPerIndex: 3 }));
    await world.seconds(0.02);
    expect(world.pods()).toHaveLength(30);
    for (const pod of world.pods()) finish(world, pod, 'Failed');
    await world.seconds(2);
    expect(unfinished(world)).toHaveLength(10);
  });

  test('suspended and resumed', async () => {
    const world = new World().start('job').binds().kubelets();
    world.api.create(resources.jobs, job({ suspend: true }));
    await world.seconds(2);
    expect(world.pods()).toEqual([]);
    expect(get(world).status).toEqual({
      conditions: [
        {
          type: 'Suspended',
          status: 'True',
          reason: 'JobSuspended',
          message: 'Job suspended',
          lastProbeTime: '2026-01-01T00:00:00Z',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
      ],
      ready: 0,
      terminating: 0,
      uncountedTerminatedPods: {},
    });
    const suspend = (value: boolean): void => {
      world.api.update(
        resources.jobs,
        edit(get(world), (draft) => {
          draft.spec.suspend = value;
        }),
      );
    };
    suspend(false);
    await world.seconds(2);
    expect(unfinished(world)).toHaveLength(1);
    expect(get(world).status).toMatchObject({
      startTime: '2026-01-01T00:00:02Z',
      conditions: [{ type: 'Suspended', status: 'False', reason: 'JobResumed', message: 'Job resumed' }],
    });
    expect(events(world)).toEqual(
      expect.arrayContaining(['Normal Suspended ok: Job suspended', 'Normal Resumed ok: Job resumed']),
    );
    suspend(true);
    await world.seconds(40);
    expect(unfinished(world)).toEqual([]);
    // What was taken away has not failed.
    expect(get(world).status.failed).toBeUndefined();
  });

  test('a pod of its own that has become an orphan is adopted again, one with other labels is let go', async () => {
    const world = new World().start('job').binds().kubelets();
    world.api.create(resources.jobs, job({ parallelism: 2, completions: 2 }));
    await world.seconds(5);
    const tracked = { finalizers: ['batch.kubernetes.io/job-tracking'] };
    const change = (name: string, how: (metadata: Pod['metadata']) => void): void => {
      const pod = world.api.get(resources.pods, 'shop', name);
      if (pod !== undefined)
        world.api.update(
          resources.pods,
          edit(pod, ({ metadata }) => how(metadata)),
        );
    };
    const [orphan, stranger] = world.pods().map(({ metadata }) => metadata.name);
    change(orphan ?? '', (metadata) => delete metadata.ownerReferences);
    await world.seconds(3);
    expect(world.pods()).toHaveLength(2);
    expect(world.api.get(resources.pods, 'shop', orphan ?? '')?.metadata).toMatchObject({
      ...tracked,
      ownerReferences: [{ kind: 'Job', name: 'ok', controller: true }],
    });
    change(stranger ?? '', (metadata) => (metadata.labels = { job: 'other' }));
    await world.seconds(3);
    const released = world.api.get(resources.pods, 'shop', stranger ?? '')?.metadata;
    expect([released?.ownerReferences, released?.finalizers]).toEqual([undefined, undefined]);
    expect(world.pods()).toHaveLength(3);
  });

  test('a finished Job goes after its time to live', async () => {
    const world = new World().start('job', 'ttl-after-finished', 'garbage-collector').binds().kubelets();
    world.api.create(resources.jobs, job({ ttlSecondsAfterFinished: 30 }));
    await world.seconds(2);
    finish(world, unfinished(world)[0]!, 'Succeeded');
    await world.seconds(20);
    expect(get(world)).toBeDefined();
    await world.seconds(20);
    expect(world.api.list(resources.jobs)).toEqual([]);
    expect(world.pods()).toEqual([]);
  });
});

describe('cronjob controller', () => {
  const cron = (spec: Partial<CronJob['spec']> = {}): NewObject<CronJob> => ({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'cron', namespace: 'shop' },
    spec: {
      schedule: '* * * * *',
      concurrencyPolicy: 'Allow',
      suspend: false,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
      jobTemplate: { spec: jobSpec() },
      ...spec,
    },
  });
  const complete = (world: World, name: string): void => {
    world.api.updateStatus(
      resources.jobs,
      edit(get(world, name), (draft) => {
        draft.status.completionTime = world.simulation.timestamp();
        draft.status.conditions = [
          { type: 'Complete', status: 'True', lastTransitionTime: world.simulation.timestamp() },
        ];
      }),
    );
  };
  const names = (world: World): string[] =>
    world.api.list(resources.jobs).map(({ metadata }) => metadata.name);
  const getCron = (world: World): CronJob => world.api.get(resources.cronJobs, 'shop', 'cron')!;
  const MINUTES = 29_453_760; // 2026-01-01T00:00:00Z

  test('makes a Job a minute, named by the minute', async () => {
    const world = new World().start('cronjob');
    world.api.create(resources.cronJobs, cron());
    await world.seconds(59);
    expect(names(world)).toEqual([]);
    await world.seconds(2);
    expect(names(world)).toEqual([`cron-${MINUTES + 1}`]);
    expect(get(world, `cron-${MINUTES + 1}`).metadata).toMatchObject({
      annotations: { 'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-01-01T00:01:00Z' },
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'CronJob', name: 'cron', controller: true }],
    });
    expect(getCron(world).status).toMatchObject({
      lastScheduleTime: '2026-01-01T00:01:00Z',
      active: [{ apiVersion: 'batch/v1', kind: 'Job', name: `cron-${MINUTES + 1}`, namespace: 'shop' }],
    });
    complete(world, `cron-${MINUTES + 1}`);
    await world.seconds(1);
    expect(getCron(world).status).toEqual({
      lastScheduleTime: '2026-01-01T00:01:00Z',
      lastSuccessfulTime: '2026-01-01T00:01:01Z',
    });
    expect(world.events('CronJob')).toEqual([
      `Normal SuccessfulCreate cron: Created job cron-${MINUTES + 1}`,
      `Normal SawCompletedJob cron: Saw completed job: cron-${MINUTES + 1}, condition: Complete`,
    ]);
  });

  test('says that a Job of its own is there that it has not made', async () => {
    const world = new World().start('cronjob');
    world.api.create(resources.cronJobs, cron());
    const { metadata } = getCron(world);
    const reference = {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      name: 'cron',
      uid: metadata.uid,
      controller: true,
    };
    await world.seconds(1);
    const made = job();
    world.api.create(resources.jobs, {
      ...made,
      metadata: { ...made.metadata, name: 'by-hand', ownerReferences: [reference] },
    });
    await world.seconds(1);
    expect(world.events('CronJob')).toEqual([
      'Warning UnexpectedJob cron: Saw a job that the controller did not create or forgot: by-hand',
    ]);
  });

  test('makes one Job for all that were missed, however many', async () => {
    const world = new World().start('cronjob');
    world.api.create(resources.cronJobs, cron({ suspend: true }));
    world.api.updateStatus(resources.cronJobs, {
      ...getCron(world),
      status: { lastScheduleTime: '1970-01-01T00:00:00Z' },
    });
    await world.seconds(30);
    world.api.update(
      resources.cronJobs,
      edit(getCron(world), (draft) => {
        draft.spec.suspend = false;
      }),
    );
    await world.seconds(1);
    expect(names(world)).toEqual([`cron-${MINUTES}`]);
    expect(world.events('CronJob')).toEqual([
      'Warning TooManyMissedTimes cron: too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew',
      `Normal SuccessfulCreate cron: Created job cron-${MINUTES}`,
    ]);
  });

  test('Forbid waits, Replace takes over, and old Jobs are cleaned up', async () => {
    const world = new World().start('cronjob', 'garbage-collector');
    world.api.create(resources.cronJobs, cron({ concurrencyPolicy: 'Forbid' }));
    await world.seconds(190);
    expect(names(world)).toEqual([`cron-${MINUTES + 1}`]);
    expect(world.events('CronJob').at(-1)).toMatch(
      /^Normal JobAlreadyActive cron: Not starting job because prior execution is running and concurrency policy is Forbid/,
    );
    world.api.update(
      resources.cronJobs,
      edit(getCron(world), (draft) => {
        draft.spec.concurrencyPolicy = 'Replace';
      }),
    );
    await world.seconds(60);
    expect(names(world)).toEqual([`cron-${MINUTES + 4}`]);
    world.api.update(
      resources.cronJobs,
      edit(getCron(world), (draft) => {
        draft.spec.concurrencyPolicy = 'Allow';
        draft.spec.successfulJobsHistoryLimit = 1;
      }),
    );
    for (let round = 0; round < 3; round++) {
      for (const name of names(world))
        if (get(world, name).status.conditions === undefined) complete(world, name);
      await world.seconds(60);
    }
    for (const name of names(world))
      if (get(world, name).status.conditions === undefined) complete(world, name);
    await world.seconds(1);
    expect(names(world)).toHaveLength(1);
  });

  test('a missed start is told', async () => {
    const world = new World().start('cronjob');
    world.api.create(resources.cronJobs, cron({ suspend: true, startingDeadlineSeconds: 10 }));
    await world.seconds(90);
    expect(names(world)).toEqual([]);
    world.api.update(
      resources.cronJobs,
      edit(getCron(world), (draft) => {
        draft.spec.suspend = false;
      }),
    );
    await world.seconds(1);
    expect(names(world)).toEqual([]);
    await world.seconds(35);
    expect(names(world)).toEqual([`cron-${MINUTES + 2}`]);
  });
});

describe('indexes of Jobs', () => {
  test('indexes without end have one', () => {
    expect(parseIndexes('0-99999999999').size).toBe(1_000_001);
  });

  test('indexes are written short and read back', () => {
    expect(formatIndexes(new Set([5, 0, 1, 2, 7, 8]))).toBe('0-2,5,7,8');
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(200)), (indexes) => {
        expect([...parseIndexes(formatIndexes(new Set(indexes)))]).toEqual(
          [...indexes].sort((a, b) => a - b),
        );
      }),
    );
  });
});
