import { describe, expect, test } from '@jest/globals';
import { edit } from '../../../../src/core/json.ts';
import type { Pod, Service } from '../../../../src/model/objects.ts';
import { resources } from '../../../../src/model/resources.ts';
import type { NewObject } from '../../../../src/model/objects.ts';
import { StatusError } from '../../../../src/cluster/api.ts';
import { startApiServer } from './harness.ts';

const pod = (name: string, more: Partial<Pod['spec']> = {}): NewObject<Pod> => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: { containers: [{ name: 'app', image: 'nginx' }], ...more } as Pod['spec'],
});

function statusOf(run: () => unknown): StatusError['status'] {
  try {
    run();
  } catch (error) {
    if (error instanceof StatusError) return error.status;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('create', () => {
  test('fills in what the server alone knows', () => {
    const { api } = startApiServer();
    const created = api.create(resources.pods, pod('web'));
    expect(created.metadata).toMatchObject({
      name: 'web',
      namespace: 'default',
      generation: 1,
      creationTimestamp: '2026-11-22T10:00:00Z',
      uid: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4/),
      resourceVersion: '2',
    });
    expect(Object.isFrozen(created.spec)).toBe(true);
    expect(api.get(resources.pods, 'default', 'web')).toBe(created);
  });

  test('makes names of generateName, the same ones for the same seed', () => {
    const names = [startApiServer(), startApiServer()].map(({ api }) => {
      const { name, ...metadata } = pod('x').metadata;
      return api.create(resources.pods, { ...pod('x'), metadata: { ...metadata, generateName: 'web-' } })
        .metadata.name;
    });
    expect(names[0]).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    expect(names[1]).toBe(names[0]);
  });

  test('refuses what is there already, and objects that have a version', () => {
    const { api } = startApiServer();
    const created = api.create(resources.pods, pod('web'));
    expect(statusOf(() => api.create(resources.pods, pod('web')))).toMatchObject({
      code: 409,
      reason: 'AlreadyExists',
      message: 'pods "web" already exists',
      details: { name: 'web', kind: 'pods' },
    });
    expect(statusOf(() => api.create(resources.pods, created)).message).toBe(
      'resourceVersion should not be set on objects to be created',
    );
  });
});

describe('update', () => {
  test('of another version than the stored one is a conflict', () => {
    const { api } = startApiServer();
    const created = api.create(resources.pods, pod('web'));
    const labelled = edit(created, (draft) => {
      draft.metadata.labels = { app: 'web' };
    });
    api.update(resources.pods, labelled);
    expect(statusOf(() => api.update(resources.pods, labelled))).toMatchObject({
      code: 409,
      reason: 'Conflict',
      message:
        'Operation cannot be fulfilled on pods "web": the object has been modified; please apply your changes to the latest version and try again',
    });
  });

  test('leaves the status alone, and updateStatus everything else', () => {
    const { api } = startApiServer();
    const created = api.create(resources.pods, pod('web'));
    const changed = edit(created, (draft) => {
      draft.metadata.labels = { app: 'web' };
      draft.spec.activeDeadlineSeconds = 5;
      draft.status = { phase: 'Running' };
    });
    const afterStatus = api.updateStatus(resources.pods, changed);
    expect(afterStatus.status.phase).toBe('Running');
    expect(afterStatus.metadata.labels).toBeUndefined();
    expect(afterStatus.metadata.generation).toBe(1);
    const afterSpec = api.update(
      resources.pods,
      edit(afterStatus, (draft) => {
        draft.spec.activeDeadlineSeconds = 5;
        draft.status = { phase: 'Failed' };
      }),
    );
    expect(afterSpec.status.phase).toBe('Running');
    expect(afterSpec.metadata.generation).toBe(2);
  });

  test('that changes nothing writes nothing', () => {
    const { api } = startApiServer();
    const created = api.create(resources.pods, pod('web'));
    expect(api.update(resources.pods, created)).toBe(created);
  });
});

describe('delete', () => {
  test('gives a bound pod its grace period and an unbound one none', () => {
    const { api } = startApiServer();
    api.create(resources.pods, pod('waiting'));
    api.create(resources.pods, pod('running', { terminationGracePeriodSeconds: 30 }));
    api.bind('default', 'running', 'worker');
    api.delete(resources.pods, 'default', 'waiting');
    api.delete(resources.pods, 'default', 'running');
    expect(api.get(resources.pods, 'default', 'waiting')).toBeUndefined();
    expect(api.get(resources.pods, 'default', 'running')?.metadata).toMatchObject({
      deletionTimestamp: '2026-11-22T10:00:30Z',
      deletionGracePeriodSeconds: 30,
      generation: 2,
    });
    api.delete(resources.pods, 'default', 'running', { gracePeriodSeconds: 60 });
    expect(api.get(resources.pods, 'default', 'running')?.metadata.deletionGracePeriodSeconds).toBe(30);
    api.delete(resources.pods, 'default', 'running', { gracePeriodSeconds: 10 });
    expect(api.get(resources.pods, 'default', 'running')?.metadata).toMatchObject({
      deletionTimestamp: '2026-11-22T10:00:10Z',
      deletionGracePeriodSeconds: 10,
    });
    api.delete(resources.pods, 'default', 'running', { gracePeriodSeconds: 0 });
    expect(api.get(resources.pods, 'default', 'running')).toBeUndefined();
  });

  test('waits for finalizers and ends with the last one', () => {
    const { api } = startApiServer();
    api.create(resources.configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', namespace: 'default', finalizers: ['example.com/hold'] },
    });
    api.delete(resources.configMaps, 'default', 'a');
    const waiting = api.get(resources.configMaps, 'default', 'a');
    expect(waiting?.metadata.deletionTimestamp).toBe('2026-11-22T10:00:00Z');
    api.update(
      resources.configMaps,
      edit(waiting!, (draft) => {
        draft.metadata.finalizers = [];
      }),
    );
    expect(api.get(resources.configMaps, 'default', 'a')).toBeUndefined();
  });

  test('checks preconditions', () => {
    const { api } = startApiServer();
    const { uid } = api.create(resources.pods, pod('web')).metadata;
    const refused = statusOf(() =>
      api.delete(resources.pods, 'default', 'web', { preconditions: { uid: 'other' } }),
    );
    expect(refused.message).toBe(
      `Operation cannot be fulfilled on Pod "web": the UID in the precondition (other) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
    );
    expect(statusOf(() => api.delete(resources.pods, 'default', 'nope')).code).toBe(404);
  });
});

describe('watch', () => {
  test('tells what is there, then every change in order, a millisecond later', async () => {
    const { api, simulation } = startApiServer();
    api.create(resources.pods, pod('first'));
    const seen: string[] = [];
    const end = api.watch(resources.pods, ({ type, object, old }) =>
      seen.push(`${type} ${object.metadata.name} ${old?.metadata.resourceVersion ?? '-'}`),
    );
    api.create(resources.pods, pod('second'));
    api.bind('default', 'second', 'worker');
    expect(seen).toEqual([]);
    await simulation.advanceTo(simulation.now + 999);
    expect(seen).toEqual([]);
    await simulation.advanceTo(simulation.now + 1);
    expect(seen).toEqual(['ADDED first -', 'ADDED second -', 'MODIFIED second 3']);
    api.delete(resources.pods, 'default', 'first');
    await simulation.advanceTo(simulation.now + 1000);
    expect(seen.slice(3)).toEqual(['MODIFIED first 2', 'DELETED first 5']);
    end();
    api.create(resources.pods, pod('third'));
    await simulation.advanceTo(simulation.now + 1000);
    expect(seen).toHaveLength(5);
  });
});

describe('services', () => {
  const service = (name: string, spec: object): NewObject<Service> => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: spec as Service['spec'],
  });

  test('get an address and node ports, and keep them', () => {
    const { api } = startApiServer();
    const ports = [{ port: 80, protocol: 'TCP', targetPort: 80 }];
    const created = api.create(resources.services, service('web', { type: 'NodePort', ports }));
    expect(created.spec.clusterIP).toMatch(/^10\.96\.\d+\.\d+$/);
    const nodePort = created.spec.ports?.[0]?.nodePort ?? 0;
    expect(nodePort).toBeGreaterThanOrEqual(30000);
    const updated = api.update(
      resources.services,
      edit(created, (draft) => {
        delete draft.spec.clusterIP;
        draft.spec.ports = [{ port: 81, protocol: 'TCP', targetPort: 81 }];
      }),
    );
    expect(updated.spec.clusterIP).toBe(created.spec.clusterIP);
    expect(updated.spec.ports).toEqual([{ port: 81, protocol: 'TCP', targetPort: 81, nodePort }]);
    const message = statusOf(() =>
      api.create(
        resources.services,
        service('other', {
          type: 'NodePort',
          clusterIP: created.spec.clusterIP,
          ports: [{ port: 80, protocol: 'TCP', nodePort }],
        }),
      ),
    ).message;
    expect(message).toBe(
      `Service "other" is invalid: spec.clusterIPs: Invalid value: ["${created.spec.clusterIP}"]: failed to allocate IP ${created.spec.clusterIP}: provided IP is already allocated`,
    );
    const plain = api.update(
      resources.services,
      edit(updated, (draft) => {
        draft.spec.type = 'ClusterIP';
      }),
    );
    expect(plain.spec.ports).toEqual([{ port: 81, protocol: 'TCP', targetPort: 81 }]);
  });
});
