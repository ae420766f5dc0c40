import { describe, expect, test } from '@jest/globals';
import { container, Lab } from './lab.ts';

const present = 'Container image "app:1" already present on machine and can be accessed by the pod';

/** Seconds after the start of the lab at which a container began to run again, until `end`. */
async function startTimes(lab: Lab, name: string, end: number): Promise<number[]> {
  const times: number[] = [];
  let restarts = -1;
  for (let second = 0; second < end; second++) {
    await lab.seconds(1);
    const status = lab.pod(name).status.containerStatuses?.[0];
    if (status?.containerID === undefined || status.restartCount === restarts) continue;
    restarts = status.restartCount;
    times.push(second);
  }
  return times;
}

describe('a container with a restart policy of its own', () => {
  const rules = [{ action: 'Restart' as const, exitCodes: { operator: 'In' as const, values: [42] } }];
  const of = (name: string, code: string, own: object, policy: 'Always' | 'Never') => ({
    name,
    spec: { containers: [{ ...container(['exit', code, '500']), ...own }], restartPolicy: policy },
  });

  test.each([
    ['a rule that fits', of('rule', '42', { restartPolicy: 'Never', restartPolicyRules: rules }, 'Never'), 1],
    [
      'a rule that does not',
      of('other', '41', { restartPolicy: 'Never', restartPolicyRules: rules }, 'Never'),
      0,
    ],
    [
      'OnFailure in a pod that never restarts',
      of('failure', '1', { restartPolicy: 'OnFailure' }, 'Never'),
      1,
    ],
    ['Never in a pod that always does', of('never', '1', { restartPolicy: 'Never' }, 'Always'), 0],
  ])('%s', async (_, { name, spec }, restarts) => {
    const lab = new Lab();
    lab.create(name, spec);
    await lab.seconds(5);
    expect(lab.status(name).restartCount).toBe(restarts);
    expect(lab.pod(name).status.phase).toBe(restarts === 0 ? 'Failed' : 'Running');
  });
});

describe('a container that crashes', () => {
  test('is restarted at once, then with back-off that doubles up to five minutes', async () => {
    const lab = new Lab();
    lab.create('crash', { containers: [container(['exit', '3', '1000', 'boom'])] });
    const times = await startTimes(lab, 'crash', 1700);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    const expected = [1, 10, 20, 40, 80, 160, 300, 300, 300];
    expect(gaps.length).toBeGreaterThanOrEqual(8);
    gaps.forEach((gap, index) => {
      // A sync comes up to half of a minute (or of the back-off) late, and a run takes a second or two.
      const least = expected[index] ?? 300;
      expect(gap).toBeGreaterThanOrEqual(least);
      expect(gap).toBeLessThanOrEqual(least + 5 + Math.min(90, least / 2 + 1));
    });
  });

  test('says so as a real kubelet does', async () => {
    const lab = new Lab();
    lab.create('crash', { containers: [container(['exit', '3', '1000', 'boom'])] });
    await lab.seconds(5);
    const uid = lab.pod('crash').metadata.uid;
    expect(lab.status('crash').state).toEqual({
      terminated: {
        exitCode: 3,
        reason: 'Error',
        startedAt: '2026-01-01T00:00:02Z',
        finishedAt: '2026-01-01T00:00:03Z',
        containerID: lab.status('crash').containerID,
      },
    });
    await lab.seconds(65);
    expect(lab.pod('crash').status.phase).toBe('Running');
    expect(lab.condition('crash', 'Ready')).toBe(
      'False ContainersNotReady: containers with unready status: [c]',
    );
    expect(lab.events('crash')).toEqual([
      `Normal Pulled c: ${present} x4`,
      'Normal Created c: Container created x4',
      'Normal Started c: Container started x4',
      `Warning BackOff c: Back-off restarting failed container c in pod crash_shop(${uid}) x3`,
    ]);
    expect(lab.status('crash').lastState.terminated?.exitCode).toBe(3);
  });

  test('waits with CrashLoopBackOff', async () => {
    const lab = new Lab();
    lab.create('crash', { containers: [container(['exit', '1'])] });
    let waiting;
    for (let second = 0; second < 400 && waiting?.message?.includes('2m40s') !== true; second++) {
      await lab.seconds(1);
      waiting = lab.status('crash').state.waiting;
    }
    expect(waiting).toEqual({
      reason: 'CrashLoopBackOff',
      message: `back-off 2m40s restarting failed container=c pod=crash_shop(${lab.pod('crash').metadata.uid})`,
    });
  });

  test('starts anew after ten good minutes', async () => {
    const lab = new Lab();
    lab.create('web', { containers: [container(['exit', '1', '1300000'])] });
    await lab.seconds(1310);
    expect(lab.status('web').restartCount).toBe(1);
    await lab.seconds(1310);
    // The second run ended more than ten minutes after the last restart: no back-off.
    expect(lab.status('web').restartCount).toBe(2);
    expect(lab.status('web').state.running).toBeDefined();
  });

  test('that was killed for its memory says OOMKilled', async () => {
    const lab = new Lab();
    const eats = container(['eat', '100000000'], { resources: { limits: { memory: '64Mi' } } });
    lab.create('oom', { containers: [eats] });
    await lab.seconds(6);
    const { state, lastState, restartCount } = lab.status('oom');
    expect((lastState.terminated ?? state.terminated)?.reason).toBe('OOMKilled');
    expect((lastState.terminated ?? state.terminated)?.exitCode).toBe(137);
    expect(restartCount).toBe(1);
    expect(lab.events('oom').some((event) => event.includes('OOM'))).toBe(false);
  });

  test('whose command does not exist says StartError', async () => {
    const lab = new Lab();
    lab.create('bad', { containers: [container(['nosuch'])] });
    await lab.seconds(4);
    const message =
      'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: ' +
      'unable to start container process: error during container init: exec: "nosuch": executable file not found in $PATH';
    const { state, lastState } = lab.status('bad');
    expect(state.waiting).toBeDefined();
    expect(lastState.terminated).toMatchObject({
      exitCode: 128,
      reason: 'StartError',
      message,
      startedAt: '1970-01-01T00:00:00Z',
    });
    expect(lab.events('bad')).toContain(`Warning Failed c: Error: ${message} x2`);
  });

  test('leaves its message in a file, or in its logs', async () => {
    const lab = new Lab();
    const policy = { terminationMessagePolicy: 'FallbackToLogsOnError' } as const;
    lab.create('note', { restartPolicy: 'Never', containers: [container(['note', 'disk full'])] });
    lab.create('logs', {
      restartPolicy: 'Never',
      containers: [container(['exit', '1', '0', 'last words'], policy)],
    });
    lab.create('fine', {
      restartPolicy: 'Never',
      containers: [container(['exit', '0', '0', 'ignored'], policy)],
    });
    await lab.seconds(5);
    expect(lab.status('note').state.terminated?.message).toBe('disk full');
    expect(lab.status('logs').state.terminated?.message).toBe('last words\n');
    expect(lab.status('fine').state.terminated?.message).toBeUndefined();
  });
});

describe('restartPolicy', () => {
  test('Never: the pod ends as its containers do', async () => {
    const lab = new Lab();
    lab.create('good', { restartPolicy: 'Never', containers: [container(['exit', '0'])] });
    lab.create('bad', { restartPolicy: 'Never', containers: [container(['exit', '4'])] });
    await lab.seconds(5);
    expect(lab.pod('good').status.phase).toBe('Succeeded');
    expect(lab.status('good').state.terminated?.reason).toBe('Completed');
    expect(lab.condition('good', 'Ready')).toBe('False PodCompleted');
    expect(lab.condition('good', 'Initialized')).toBe('True PodCompleted');
    expect(lab.condition('good', 'PodReadyToStartContainers')).toBe('False');
    expect(lab.pod('bad').status.phase).toBe('Failed');
    expect(lab.condition('bad', 'ContainersReady')).toBe('False PodFailed');
  });

  test('OnFailure: restarted until it succeeds', async () => {
    const lab = new Lab();
    lab.create('job', { restartPolicy: 'OnFailure', containers: [container(['exit', '1'])] });
    await lab.seconds(8);
    expect(lab.pod('job').status.phase).toBe('Running');
    expect(lab.status('job').restartCount).toBe(1);
  });

  test('activeDeadlineSeconds ends the pod', async () => {
    const lab = new Lab();
    lab.create('late', {
      activeDeadlineSeconds: 6,
      terminationGracePeriodSeconds: 2,
      containers: [container(['stubborn'])],
    });
    await lab.seconds(12);
    expect(lab.pod('late').status).toMatchObject({
      phase: 'Failed',
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
    });
    expect(lab.status('late').state.terminated?.exitCode).toBe(137);
    expect(lab.events('late').slice(3)).toEqual([
      'Normal DeadlineExceeded: Pod was active on the node longer than the specified deadline',
      'Normal Killing c: Stopping container c',
    ]);
  });
});

describe('init containers', () => {
  test('run one after the other, sidecars stay', async () => {
    const lab = new Lab();
    lab.create('inits', {
      initContainers: [
        container(['exit', '0', '500'], { name: 'first' }),
        container(['forever'], { name: 'side', restartPolicy: 'Always' }),
        container(['exit', '0', '500'], { name: 'last' }),
      ],
      containers: [container(['forever'])],
    });
    await lab.seconds(0.5);
    expect(lab.condition('inits', 'Initialized')).toBe(
      'False ContainersNotInitialized: containers with incomplete status: [first side last]',
    );
    expect(lab.condition('inits', 'Ready')).toBe(
      'False ContainersNotReady: containers with unready status: [side c]',
    );
    expect(lab.status('inits').state.waiting?.reason).toBe('PodInitializing');
    await lab.seconds(8);
    expect(lab.condition('inits', 'Initialized')).toBe('True');
    expect(lab.condition('inits', 'Ready')).toBe('True');
    const started = lab.events('inits').filter((event) => event.includes('Started'));
    expect(started.map((event) => event.split(' ')[2])).toEqual(['first:', 'side:', 'last:', 'c:']);
    expect(
      lab.pod('inits').status.initContainerStatuses?.map(({ ready, started: on }) => [ready, on]),
    ).toEqual([
      [true, false],
      [true, true],
      [true, false],
    ]);
  });

  test('that fail keep the pod from starting', async () => {
    const lab = new Lab();
    const bad = container(['exit', '2'], { name: 'bad' });
    lab.create('loop', { initContainers: [bad], containers: [container(['forever'])] });
    lab.create('over', {
      restartPolicy: 'Never',
      initContainers: [bad],
      containers: [container(['forever'])],
    });
    await lab.seconds(9);
    expect(lab.pod('loop').status.phase).toBe('Pending');
    expect(lab.pod('loop').status.initContainerStatuses?.[0]?.restartCount).toBe(1);
    expect(lab.pod('over').status.phase).toBe('Failed');
  });
});
