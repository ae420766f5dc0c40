import { describe, expect, test } from '@jest/globals';
import { resources } from '../../../../src/model/resources.ts';
import { container, Lab } from './lab.ts';

describe('a pod that starts', () => {
  test('runs, and says so as a real kubelet does', async () => {
    const lab = new Lab();
    lab.create('web', { containers: [container(['forever'])] });
    await lab.seconds(3);
    const { status } = lab.pod('web');
    expect(status.phase).toBe('Running');
    expect(status.podIP).toBe('10.244.1.2');
    expect(status.hostIP).toBe('172.18.0.3');
    expect(lab.status('web')).toEqual({
      name: 'c',
      state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
      lastState: {},
      ready: true,
      started: true,
      restartCount: 0,
      image: 'docker.io/library/app:1',
      imageID: `docker.io/library/app@sha256:${'a'.repeat(64)}`,
      containerID: expect.stringMatching(/^containerd:\/\/[0-9a-f]{64}$/),
      resources: {},
      user: { linux: { uid: 0, gid: 0, supplementalGroups: [0] } },
    });
    expect(status.conditions?.map(({ type, status: value }) => `${type}=${value}`)).toEqual([
      'PodReadyToStartContainers=True',
      'Initialized=True',
      'Ready=True',
      'ContainersReady=True',
      'PodScheduled=True',
    ]);
    expect(status.conditions?.every(({ observedGeneration }) => observedGeneration === 1)).toBe(true);
    expect(lab.events('web')).toEqual([
      'Normal Pulled c: Container image "app:1" already present on machine and can be accessed by the pod',
      'Normal Created c: Container created',
      'Normal Started c: Container started',
    ]);
  });

  test('has no sandbox where its limits leave no room for one', async () => {
    const lab = new Lab();
    const few = { limits: { memory: '2Mi' } };
    lab.create('web', { containers: [container(['forever'], { resources: few })] });
    // A container without a limit leaves the pod without one.
    lab.create('two', {
      containers: [container(['forever'], { resources: few }), { ...container(['forever']), name: 'd' }],
    });
    await lab.seconds(3);
    expect(lab.status('web').state).toEqual({ waiting: { reason: 'ContainerCreating' } });
    expect(lab.events('web')[0]).toMatch(
      /^Warning FailedCreatePodSandBox: Failed to create pod sandbox: rpc error: code = Unknown desc = failed to start sandbox "[\da-f]{64}": .*: container init was OOM-killed \(memory limit too low\?\)/,
    );
    expect(lab.events('two').join('\n')).toMatch(
      /^Warning Failed c: Error: .*: container init was OOM-killed/m,
    );
  });

  test('an ephemeral container is never ready, and nothing is said of its start', async () => {
    const lab = new Lab();
    lab.create('web', { containers: [container(['forever'])] });
    await lab.seconds(3);
    const pod = lab.pod('web');
    const ephemeralContainers = [{ ...container(['forever']), name: 'debugger' }];
    lab.api.update(resources.pods, { ...pod, spec: { ...pod.spec, ephemeralContainers } });
    await lab.seconds(3);
    const [status] = lab.pod('web').status.ephemeralContainerStatuses ?? [];
    expect(status).toMatchObject({ name: 'debugger', state: { running: {} }, ready: false });
    expect(status).not.toHaveProperty('started');
    expect(lab.condition('web', 'Ready')).toBe('True');
  });

  test('waits for its readiness probe', async () => {
    const lab = new Lab();
    const readinessProbe = {
      httpGet: { port: 8080, path: '/readyz' },
      timeoutSeconds: 1,
      periodSeconds: 5,
      successThreshold: 1,
      failureThreshold: 3,
    };
    lab.create('web', { containers: [container(['serve', '8080', '200', '7000'], { readinessProbe })] });
    await lab.seconds(4);
    expect(lab.condition('web', 'Ready')).toBe(
      'False ContainersNotReady: containers with unready status: [c]',
    );
    expect(lab.events('web').at(-1)).toMatch(
      /^Warning Unhealthy c: Readiness probe failed: Get "http:\/\/10.244.1.2:8080\/readyz": dial tcp 10.244.1.2:8080: connect: connection refused/,
    );
    await lab.seconds(8);
    expect(lab.condition('web', 'Ready')).toBe('True');
    expect(lab.status('web').ready).toBe(true);
  });
});
