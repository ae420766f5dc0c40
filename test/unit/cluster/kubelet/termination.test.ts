import { describe, expect, test } from '@jest/globals';
import { edit } from '../../../../src/core/json.ts';
import type { PodSpec } from '../../../../src/model/objects.ts';
import { resources } from '../../../../src/model/resources.ts';
import { refusedByPolicy } from '../support/fake-api.ts';
import { container, Lab, NODE } from './lab.ts';

function remove(lab: Lab, name: string, gracePeriodSeconds?: number): void {
  const options = gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds };
  lab.api.delete(resources.pods, 'shop', name, options);
}

describe('a pod that is deleted', () => {
  test('gets SIGTERM, ends, and is gone for good', async () => {
    const lab = new Lab();
    lab.create('web', { containers: [container(['forever'])] });
    await lab.seconds(3);
    const ip = lab.pod('web').status.podIP;
    remove(lab, 'web');
    await lab.seconds(0.1);
    expect(lab.pod('web').status.phase).toBe('Succeeded');
    expect(lab.condition('web', 'Ready')).toBe('False PodCompleted');
    await lab.seconds(2);
    expect(lab.exists('web')).toBe(false);
    expect(lab.events('web').at(-1)).toBe('Normal Killing c: Stopping container c');
    lab.create('next', { containers: [container(['forever'])] });
    await lab.seconds(3);
    expect(lab.pod('next').status.podIP).not.toBe(ip);
  });

  test('is gone at last where a policy was against it for a while', async () => {
    const lab = new Lab();
    lab.create('web', { containers: [container(['forever'])] });
    await lab.seconds(3);
    remove(lab, 'web');
    lab.api.refuse = (verb) => {
      if (verb === 'delete') throw refusedByPolicy();
    };
    await lab.seconds(30);
    expect(lab.pod('web').status.phase).toBe('Succeeded');
    lab.api.refuse = () => {};
    await lab.seconds(11);
    expect(lab.exists('web')).toBe(false);
  });

  test('is killed when its grace period is over', async () => {
    const lab = new Lab();
    lab.create('web', { terminationGracePeriodSeconds: 10, containers: [container(['stubborn'])] });
    await lab.seconds(3);
    remove(lab, 'web');
    await lab.seconds(9.5);
    expect(lab.pod('web').status.phase).toBe('Running');
    expect(lab.condition('web', 'Ready')).toBe('True');
    await lab.seconds(0.6);
    expect(lab.pod('web').status.phase).toBe('Failed');
    expect(lab.status('web').state.terminated).toMatchObject({ exitCode: 137, reason: 'Error' });
    await lab.seconds(2);
    expect(lab.exists('web')).toBe(false);
  });

  test('runs its hook first, inside the grace period', async () => {
    const lab = new Lab();
    const preStop = { exec: { command: ['exit', '5', '2000', 'bad'] } };
    lab.create('web', { containers: [container(['forever'], { lifecycle: { preStop } })] });
    await lab.seconds(3);
    remove(lab, 'web');
    await lab.seconds(1.5);
    expect(lab.pod('web').status.phase).toBe('Running');
    await lab.seconds(3);
    expect(lab.events('web').slice(-2)).toEqual([
      'Normal Killing c: Stopping container c',
      'Warning FailedPreStopHook c: PreStopHook failed',
    ]);
    expect(lab.exists('web')).toBe(false);
  });

  test('a hook over HTTP asks the pod where its host is empty', async () => {
    const lab = new Lab();
    const hooked = (port: number): PodSpec['containers'] => {
      const preStop = { httpGet: { host: '', port, path: '/bye' } };
      return [container(['serve', '8080'], { lifecycle: { preStop } })];
    };
    lab.create('web', { containers: hooked(8080) });
    lab.create('closed', { containers: hooked(8081) });
    await lab.seconds(3);
    for (const name of ['web', 'closed']) remove(lab, name);
    await lab.seconds(3);
    expect(lab.events('web').at(-1)).toBe('Normal Killing c: Stopping container c');
    expect(lab.events('closed').at(-1)).toBe('Warning FailedPreStopHook c: PreStopHook failed');
  });

  test('a hook that is not over in time fails when its container is killed', async () => {
    const lab = new Lab();
    const preStop = { exec: { command: ['forever'] } };
    lab.create('web', { containers: [container(['forever'], { lifecycle: { preStop } })] });
    lab.create('calm', {
      containers: [container(['forever'], { lifecycle: { preStop: { sleep: { seconds: 90 } } } })],
    });
    await lab.seconds(3);
    for (const name of ['web', 'calm']) remove(lab, name, 2);
    await lab.seconds(1);
    expect(lab.events('web').at(-1)).toBe('Normal Killing c: Stopping container c');
    await lab.seconds(6);
    expect(lab.events('web').at(-1)).toBe('Warning FailedPreStopHook c: PreStopHook failed');
    expect(lab.events('calm').at(-1)).toBe('Normal Killing c: Stopping container c');
  });

  test('does not wait for an image that is being pulled', async () => {
    const lab = new Lab();
    lab.pullMillis = 60_000;
    lab.create('web', { containers: [container(['forever'], { image: 'other:1' })] });
    await lab.seconds(3);
    remove(lab, 'web');
    await lab.seconds(2);
    expect(lab.exists('web')).toBe(false);
  });

  test('by force: the object goes at once, the container right after', async () => {
    const lab = new Lab();
    lab.create('web', { containers: [container(['stubborn'])] });
    await lab.seconds(3);
    expect(lab.kubelet.resourceMetrics().usage?.containers).toHaveLength(1);
    remove(lab, 'web', 0);
    expect(lab.exists('web')).toBe(false);
    await lab.seconds(4);
    expect(lab.kubelet.resourceMetrics().usage?.containers).toHaveLength(0);
  });

  test('sidecars end after the others', async () => {
    const lab = new Lab();
    lab.create('web', {
      initContainers: [container(['forever'], { name: 'side', restartPolicy: 'Always' })],
      containers: [container(['stubborn'])],
      terminationGracePeriodSeconds: 5,
    });
    await lab.seconds(5);
    remove(lab, 'web');
    await lab.seconds(4);
    expect(lab.events('web').filter((event) => event.includes('Killing'))).toEqual([
      'Normal Killing c: Stopping container c',
    ]);
    await lab.seconds(3);
    expect(lab.events('web')).toContain('Normal Killing side: Stopping container side');
    expect(lab.exists('web')).toBe(false);
  });
});

describe('postStart', () => {
  test('that fails kills the container', async () => {
    const lab = new Lab();
    const postStart = { exec: { command: ['exit', '5', '0', 'bad'] } };
    lab.create('web', {
      terminationGracePeriodSeconds: 2,
      containers: [container(['stubborn'], { lifecycle: { postStart } })],
    });
    await lab.seconds(4.5);
    expect(lab.events('web').slice(3, 5)).toEqual([
      expect.stringMatching(/^Warning FailedPostStartHook c: PostStartHook failed/),
      expect.stringMatching(/^Normal Killing c: FailedPostStartHook/),
    ]);
    expect(lab.status('web').state.waiting).toEqual({
      reason: 'PostStartHookError',
      message:
        `Exec lifecycle hook ([exit 5 0 bad]) for Container "c" in Pod "web_shop(${lab.pod('web').metadata.uid})" failed - ` +
        `error: command 'exit 5 0 bad' exited with 5: , message: "bad\\n"`,
    });
  });
});

describe('admission', () => {
  test('a pod that does not fit is rejected', async () => {
    const lab = new Lab();
    const big = { requests: { cpu: '64' } };
    lab.create('web', { containers: [container(['forever'], { resources: { requests: { cpu: '500m' } } })] });
    await lab.seconds(3);
    lab.create('big', { containers: [container(['forever'], { resources: big })] });
    await lab.seconds(1);
    const message = "Node didn't have enough resource: cpu, requested: 64000, used: 500, capacity: 2000";
    expect(lab.pod('big').status).toMatchObject({
      phase: 'Failed',
      reason: 'OutOfcpu',
      message: `Pod was rejected: ${message}`,
    });
    expect(lab.events('big')).toEqual([`Warning OutOfcpu: ${message}`]);
    remove(lab, 'big', 0);
    await lab.seconds(1);
    expect(lab.exists('big')).toBe(false);
  });

  test('a pod that may not be on the node is rejected, as the scheduler would', async () => {
    const lab = new Lab();
    await lab.seconds(1);
    const on = (key: string, value: string): Pick<PodSpec, 'affinity'> => {
      const matchExpressions = [{ key, operator: 'In' as const, values: [value] }];
      const required = { nodeSelectorTerms: [{ matchExpressions }] };
      return { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } } };
    };
    const containers = [container(['forever'])];
    lab.create('here', { containers, ...on('kubernetes.io/hostname', NODE) });
    lab.create('elsewhere', { containers, ...on('disk', 'ssd') });
    lab.create('whole', { containers, resources: { requests: { cpu: '64' } } });
    await lab.seconds(3);
    expect(lab.pod('here').status.phase).toBe('Running');
    expect(lab.events('elsewhere')).toEqual([
      "Warning NodeAffinity: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
    ]);
    expect(lab.pod('whole').status.reason).toBe('OutOfcpu');
    const node = lab.api.get(resources.nodes, undefined, NODE)!;
    const taints = [{ key: 'broken', effect: 'NoExecute' as const }];
    lab.api.update(resources.nodes, { ...node, spec: { ...node.spec, taints } });
    lab.create('tolerant', { containers, tolerations: [{ key: 'broken', operator: 'Exists' }] });
    lab.create('late', { containers });
    await lab.seconds(3);
    expect(lab.pod('tolerant').status.phase).toBe('Running');
    expect(lab.events('late')).toEqual([
      'Warning TaintToleration: Predicate TaintToleration failed: node(s) had untolerated taint(s)',
    ]);
  });
});

describe('ports of the node', () => {
  const withPort = (hostPort: number) => ({
    containers: [
      container(['forever'], { ports: [{ containerPort: 80, hostPort, protocol: 'TCP' as const }] }),
    ],
  });

  test('are for one pod each', async () => {
    const lab = new Lab();
    lab.create('web', withPort(8080));
    await lab.seconds(3);
    lab.create('other', withPort(8081));
    lab.create('late', withPort(8080));
    await lab.seconds(3);
    expect(lab.pod('other').status.phase).toBe('Running');
    const message = "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports";
    expect(lab.pod('late').status).toMatchObject({
      phase: 'Failed',
      reason: 'NodePorts',
      message: `Pod was rejected: ${message}`,
    });
    remove(lab, 'web', 0);
    await lab.seconds(3);
    lab.create('next', withPort(8080));
    await lab.seconds(3);
    expect(lab.pod('next').status.phase).toBe('Running');
  });
});

describe('a pod that somebody else calls failed', () => {
  test('is stopped, and stays what it was called', async () => {
    const lab = new Lab();
    lab.create('web', { terminationGracePeriodSeconds: 5, containers: [container(['stubborn'])] });
    await lab.seconds(3);
    const failed = edit(lab.pod('web'), (draft) => {
      Object.assign(draft.status, { phase: 'Failed', reason: 'Mine', message: 'because' });
    });
    lab.api.updateStatus(resources.pods, failed);
    await lab.seconds(1);
    expect(lab.status('web').state.running).toBeDefined();
    expect(lab.pod('web').status).toMatchObject({ phase: 'Failed', reason: 'Mine' });
    await lab.seconds(5);
    expect(lab.status('web').state.terminated).toMatchObject({ exitCode: 137 });
    expect(lab.pod('web').status).toMatchObject({ phase: 'Failed', reason: 'Mine', message: 'because' });
  });
});
