import { describe, expect, test } from '@jest/globals';
import type { Event, PersistentVolumeClaim, Pod } from '../../../../src/model/objects.ts';
import { WholeCluster } from '../support/whole-cluster.ts';

const PODS = '/api/v1/namespaces/default/pods';
const CLAIMS = '/api/v1/namespaces/default/persistentvolumeclaims';
const spec = {
  accessModes: ['ReadWriteOnce'],
  storageClassName: 'standard',
  resources: { requests: { storage: '1Gi' } },
};

function scratchPod(name: string): Parameters<WholeCluster['create']>[0] {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' } as never,
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'main',
          image: 'busybox:1.37',
          command: ['sh', '-c', 'echo kept > /scratch/file; exec sleep 1000'],
          volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
        },
      ],
      volumes: [
        {
          name: 'scratch',
          ephemeral: { volumeClaimTemplate: { metadata: { labels: { kind: 'scratch' } }, spec } },
        },
      ],
    },
  };
}

describe('generic ephemeral volumes', () => {
  test('a claim is made for the pod, bound, mounted, and goes with it', async () => {
    const cluster = new WholeCluster();
    await cluster.seconds(20);
    cluster.create(scratchPod('web'));
    await cluster.until(60, () => cluster.get<Pod>(`${PODS}/web`).status.phase === 'Running' || undefined);
    const claim = cluster.get<PersistentVolumeClaim>(`${CLAIMS}/web-scratch`);
    expect(claim.status.phase).toBe('Bound');
    expect(claim.metadata.labels).toEqual({ kind: 'scratch' });
    expect(claim.metadata.ownerReferences).toEqual([
      {
        apiVersion: 'v1',
        kind: 'Pod',
        name: 'web',
        uid: cluster.get<Pod>(`${PODS}/web`).metadata.uid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ]);
    cluster.send('DELETE', `${PODS}/web`);
    await cluster.seconds(20);
    expect(cluster.list<PersistentVolumeClaim>(CLAIMS)).toEqual([]);
  });

  test('a claim of somebody else with that name is not taken', async () => {
    const cluster = new WholeCluster();
    await cluster.seconds(20);
    cluster.create({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'web-scratch', namespace: 'default' } as never,
      spec,
    });
    cluster.create(scratchPod('web'));
    await cluster.seconds(10);
    const why = 'PVC default/web-scratch was not created for pod default/web (pod is not owner)';
    const events = cluster.list<Event>('/api/v1/namespaces/default/events');
    expect(events.map(({ reason, message }) => `${reason} ${message}`)).toEqual(
      expect.arrayContaining([
        `FailedBinding ephemeral volume scratch: ${why}`,
        expect.stringContaining(`FailedScheduling 0/2 nodes are available: ${why}.`),
      ]),
    );
    expect(cluster.get<Pod>(`${PODS}/web`).status.phase).toBe('Pending');
  });
});
