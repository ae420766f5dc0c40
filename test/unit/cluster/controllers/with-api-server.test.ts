import { describe, expect, test } from '@jest/globals';
import { edit } from '../../../../src/core/json.ts';
import type { StatefulSet } from '../../../../src/model/objects.ts';
import { resources } from '../../../../src/model/resources.ts';
import { startedWithApiServer } from '../support/with-api-server.ts';
import { deployment, podSpec, statefulSet } from '../support/world.ts';

describe('controllers on the API server', () => {
  test('a Deployment becomes available, rolls out and comes to rest', async () => {
    const world = startedWithApiServer();
    world.api.create(resources.deployments, deployment('web', { replicas: 3 }));
    await world.seconds(5);
    const found = world.api.get(resources.deployments, 'shop', 'web')!;
    expect(found.status).toMatchObject({ observedGeneration: 1, availableReplicas: 3, updatedReplicas: 3 });
    expect(found.metadata).toMatchObject({
      generation: 1,
      annotations: { 'deployment.kubernetes.io/revision': '1' },
    });
    world.api.update(
      resources.deployments,
      edit(found, (draft) => {
        draft.spec.template.spec.containers[0]!.image = 'nginx:2';
      }),
    );
    await world.seconds(10);
    const after = world.api.get(resources.deployments, 'shop', 'web')!;
    expect(after.status).toMatchObject({ observedGeneration: 2, replicas: 3, availableReplicas: 3 });
    expect(after.metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('2');
    const versions = world.api.list(resources.replicaSets).map(({ metadata }) => metadata.resourceVersion);
    await world.seconds(30);
    // Nothing is written over and over.
    expect(world.api.get(resources.deployments, 'shop', 'web')).toBe(after);
    expect(world.api.list(resources.replicaSets).map(({ metadata }) => metadata.resourceVersion)).toEqual(
      versions,
    );
  });

  test('a StatefulSet with volumes, a Service with endpoints, and the end of their namespace', async () => {
    const world = startedWithApiServer();
    const volumeClaimTemplates = [
      {
        metadata: { name: 'data' },
        spec: {
          accessModes: ['ReadWriteOnce'],
          storageClassName: 'standard',
          resources: { requests: { storage: '1Gi' } },
        },
      },
    ] as unknown as NonNullable<StatefulSet['spec']['volumeClaimTemplates']>;
    world.api.create(resources.statefulSets, statefulSet('db', { volumeClaimTemplates }));
    world.api.create(resources.services, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'db', namespace: 'shop' },
      spec: {
        type: 'ClusterIP',
        clusterIP: 'None',
        sessionAffinity: 'None',
        selector: { app: 'db' },
        ports: [{ port: 5432, targetPort: 5432, protocol: 'TCP' }],
      },
    });
    await world.seconds(20);
    expect(world.api.get(resources.statefulSets, 'shop', 'db')?.status).toMatchObject({ readyReplicas: 2 });
    expect(world.api.list(resources.persistentVolumes).map(({ status }) => status.phase)).toEqual([
      'Bound',
      'Bound',
    ]);
    expect(
      world.api
        .list(resources.endpointSlices, { namespace: 'shop' })
        .flatMap((slice) => slice.endpoints?.map(({ hostname }) => hostname)),
    ).toEqual(['db-0', 'db-1']);
    world.api.delete(resources.namespaces, undefined, 'shop');
    await world.seconds(40);
    expect(world.api.get(resources.namespaces, undefined, 'shop')).toBeUndefined();
    expect(world.pods()).toEqual([]);
    expect(world.api.list(resources.persistentVolumeClaims)).toEqual([]);
    expect(world.api.list(resources.persistentVolumes)).toEqual([]);
    expect(world.api.list(resources.endpointSlices, { namespace: 'shop' })).toEqual([]);
  });

  test.each(['Background', 'Foreground', 'Orphan'] as const)('deletes %s', async (propagationPolicy) => {
    const world = startedWithApiServer();
    world.api.create(resources.deployments, deployment('web'));
    await world.seconds(5);
    world.api.delete(resources.deployments, 'shop', 'web', { propagationPolicy });
    await world.seconds(5);
    expect(world.api.list(resources.deployments)).toEqual([]);
    expect(world.api.list(resources.replicaSets)).toHaveLength(propagationPolicy === 'Orphan' ? 1 : 0);
    expect(world.pods()).toHaveLength(propagationPolicy === 'Orphan' ? 2 : 0);
  });

  test('a DaemonSet and a budget', async () => {
    const world = startedWithApiServer();
    world.api.create(resources.daemonSets, {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'agent', namespace: 'shop' },
      spec: {
        selector: { matchLabels: { app: 'agent' } },
        template: { metadata: { labels: { app: 'agent' } }, spec: podSpec() },
        updateStrategy: { type: 'RollingUpdate' },
        revisionHistoryLimit: 10,
      },
    });
    world.api.create(resources.podDisruptionBudgets, {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'agent', namespace: 'shop' },
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'agent' } } },
    });
    await world.seconds(5);
    expect(world.api.get(resources.daemonSets, 'shop', 'agent')?.status).toMatchObject({
      desiredNumberScheduled: 2,
      numberAvailable: 2,
    });
    expect(world.api.get(resources.podDisruptionBudgets, 'shop', 'agent')?.status).toMatchObject({
      disruptionsAllowed: 1,
      currentHealthy: 2,
    });
  });

  test('a quota: refusals as ReplicaFailure, and the count of what is used', async () => {
    const world = startedWithApiServer();
    await world.seconds(1);
    world.api.create(resources.resourceQuotas, {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'q', namespace: 'shop' },
      spec: { hard: { pods: '2', 'requests.cpu': '1' } },
    });
    await world.seconds(1);
    const used = (): unknown => world.api.get(resources.resourceQuotas, 'shop', 'q')?.status.used;
    expect(used()).toEqual({ pods: '0', 'requests.cpu': '0' });
    const spec = podSpec();
    spec.containers[0]!.resources = { requests: { cpu: '100m' } };
    world.api.create(
      resources.deployments,
      deployment('web', { replicas: 3, template: { metadata: { labels: { app: 'web' } }, spec } }),
    );
    await world.seconds(5);
    expect(used()).toEqual({ pods: '2', 'requests.cpu': '200m' });
    const failure = world.api
      .get(resources.deployments, 'shop', 'web')
      ?.status.conditions?.find(({ type }) => type === 'ReplicaFailure');
    expect(failure).toMatchObject({ status: 'True', reason: 'FailedCreate' });
    expect(failure?.message).toMatch(
      /^pods "web-[a-z0-9]+-[a-z0-9]{5}" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2$/,
    );
    world.api.update(
      resources.deployments,
      edit(world.api.get(resources.deployments, 'shop', 'web')!, (draft) => {
        draft.spec.replicas = 1;
      }),
    );
    await world.seconds(5);
    expect(used()).toEqual({ pods: '1', 'requests.cpu': '100m' });
  });

  test('the same seed gives the same run', async () => {
    const digest = async (): Promise<string> => {
      const world = startedWithApiServer();
      world.api.create(resources.deployments, deployment('web', { replicas: 5 }));
      await world.seconds(20);
      return world.simulation.digest;
    };
    expect(await digest()).toBe(await digest());
  });
});
