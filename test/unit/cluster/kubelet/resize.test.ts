import { describe, expect, test } from '@jest/globals';
import { edit } from '../../../../src/core/json.ts';
import type { Container, ResourceRequirements } from '../../../../src/model/objects.ts';
import { resources } from '../../../../src/model/resources.ts';
import { container, Lab } from './lab.ts';

const asked = (cpu: string, memory: string, limit: string): ResourceRequirements => ({
  requests: { cpu, memory },
  limits: { cpu: '2', memory: limit },
});

async function running(more: Partial<Container> = {}): Promise<Lab> {
  const lab = new Lab();
  lab.create('web', {
    terminationGracePeriodSeconds: 2,
    containers: [container(['forever'], { resources: asked('50m', '32Mi', '64Mi'), ...more })],
  });
  await lab.seconds(4);
  return lab;
}

async function resize(lab: Lab, wanted: ResourceRequirements, seconds = 3): Promise<void> {
  lab.api.update(
    resources.pods,
    edit(lab.pod('web'), (draft) => {
      for (const one of draft.spec.containers) one.resources = wanted;
    }),
  );
  await lab.seconds(seconds);
}

const resizeEvents = (lab: Lab): string[] =>
  lab.events('web').filter((event) => /Resize|Killing/.test(event));

describe('the sums in the status', () => {
  test('are those of the containers and sidecars, or of the largest init container with the sidecars before it', async () => {
    const lab = new Lab();
    const sidecar = container(['forever'], { name: 'side', resources: asked('10m', '16Mi', '32Mi') });
    lab.create('web', {
      initContainers: [
        { ...sidecar, restartPolicy: 'Always' },
        container(['exit'], { name: 'init', resources: asked('500m', '20Mi', '40Mi') }),
      ],
      containers: [container(['forever'], { resources: asked('50m', '32Mi', '64Mi') })],
    });
    await lab.seconds(4);
    const { phase, resources: sums, allocatedResources } = lab.pod('web').status;
    expect(phase).toBe('Running');
    expect(sums).toEqual({ limits: { cpu: '4', memory: '96Mi' }, requests: { cpu: '510m', memory: '48Mi' } });
    expect(allocatedResources).toEqual({ cpu: '510m', memory: '48Mi' });
  });
});

describe('in-place resize', () => {
  test('changes the limits of a running container', async () => {
    const lab = await running();
    expect(lab.status('web').allocatedResources).toEqual({ cpu: '50m', memory: '32Mi' });
    const wanted = asked('60m', '40Mi', '80Mi');
    await resize(lab, wanted, 0.01);
    expect(lab.condition('web', 'PodResizeInProgress')).toBe('True');
    expect(lab.status('web').allocatedResources).toEqual({ cpu: '60m', memory: '40Mi' });
    expect(lab.status('web').resources).toEqual(asked('50m', '32Mi', '64Mi'));
    await lab.seconds(2);
    expect(lab.condition('web', 'PodResizeInProgress')).toBe('absent');
    expect(lab.status('web')).toMatchObject({ resources: wanted, restartCount: 0 });
    expect(lab.pod('web').status.resources).toEqual(wanted);
    const details =
      '{"containers":[{"name":"c","resources":{"limits":{"cpu":"2","memory":"80Mi"},"requests":{"cpu":"60m","memory":"40Mi"}}}],"generation":2}';
    expect(resizeEvents(lab)).toEqual([
      `Normal ResizeStarted: Pod resize started: ${details}`,
      `Normal ResizeCompleted: Pod resize completed: ${details}`,
    ]);
  });

  test('restarts where the policy says so', async () => {
    const lab = await running({
      resizePolicy: [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }],
    });
    await resize(lab, asked('50m', '40Mi', '80Mi'), 5);
    expect(lab.status('web').restartCount).toBe(1);
    expect(lab.status('web').resources).toEqual(asked('50m', '40Mi', '80Mi'));
    expect(resizeEvents(lab).map((event) => event.split(': ')[0])).toEqual([
      'Normal ResizeStarted',
      'Normal Killing c',
      'Normal ResizeCompleted',
    ]);
    expect(resizeEvents(lab)[1]).toBe('Normal Killing c: Container c resize requires restart');
  });

  test('waits for room on the node', async () => {
    const lab = await running();
    lab.create('other', {
      containers: [container(['forever'], { resources: { requests: { cpu: '1' } } })],
    });
    await lab.seconds(3);
    await resize(lab, asked('1500m', '32Mi', '64Mi'));
    const message = "Node didn't have enough resource: cpu, requested: 1500, used: 1000, capacity: 2000";
    expect(lab.condition('web', 'PodResizePending')).toBe(`True Deferred: ${message}`);
    expect(lab.status('web').allocatedResources).toEqual({ cpu: '50m', memory: '32Mi' });
    expect(resizeEvents(lab)).toHaveLength(1);
    expect(resizeEvents(lab)[0]).toMatch(
      /^Warning ResizeDeferred: Pod resize OutOfcpu: \{.*"error":"Node didn't have/,
    );
    lab.api.delete(resources.pods, 'shop', 'other');
    await lab.seconds(100);
    expect(lab.condition('web', 'PodResizePending')).toBe('absent');
    expect(lab.status('web').resources?.requests?.['cpu']).toBe('1500m');
  });

  test('can be impossible', async () => {
    const lab = await running();
    await resize(lab, asked('100', '32Mi', '64Mi'));
    expect(lab.condition('web', 'PodResizePending')).toMatch(/^True Infeasible: Node didn't have enough/);
  });
});
