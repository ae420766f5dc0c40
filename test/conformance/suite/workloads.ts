import { describe, expect, test } from '@jest/globals';
import type { Deployment } from '../../../src/model/objects.ts';
import { resources } from '../../../src/model/resources.ts';
import { BUSYBOX, type Ground, webServer } from '../ground.ts';

/** Controllers: what they make of a template, and how they replace it. */
export function workloadSuite(ground: () => Ground): void {
  const deployment = (what: string, is: (deployment: Deployment) => boolean): Promise<Deployment> =>
    ground().until(`deployment/web that ${what}`, async () => {
      const { kube, namespace } = ground();
      const found = await kube.get(resources.deployments, namespace, 'web');
      return found !== undefined && is(found) ? found : undefined;
    });
  const isWhole = ({ spec, status, metadata }: Deployment): boolean =>
    status.observedGeneration === metadata.generation &&
    status.updatedReplicas === spec.replicas &&
    status.availableReplicas === spec.replicas &&
    status.replicas === spec.replicas;
  const patch = (container: object): Promise<Deployment> => {
    const { kube, namespace } = ground();
    const body = { spec: { template: { spec: { containers: [{ name: 'web', ...container }] } } } };
    return kube.patch(resources.deployments, namespace, 'web', body, { type: 'strategic' });
  };
  const condition = ({ status }: Deployment, type: string) =>
    status.conditions?.find((one) => one.type === type);

  describe('a Deployment', () => {
    test('replaces its pods by new ones when its template changes', async () => {
      const { kube, namespace } = ground();
      await ground().apply(...webServer('web', 2));
      const before = await deployment('is whole', isWhole);
      expect(condition(before, 'Available')).toMatchObject({
        status: 'True',
        reason: 'MinimumReplicasAvailable',
        message: 'Deployment has minimum availability.',
      });
      await patch({ env: [{ name: 'COLOR', value: 'blue' }] });
      const after = await deployment('is whole again', isWhole);
      expect(after.metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('2');
      expect(condition(after, 'Progressing')).toMatchObject({
        status: 'True',
        reason: 'NewReplicaSetAvailable',
        message: expect.stringMatching(/^ReplicaSet "web-\w+" has successfully progressed\.$/),
      });
      const sets = await kube.list(resources.replicaSets, { namespace });
      expect(sets.map(({ spec }) => spec.replicas).sort()).toEqual([0, 2]);
    });

    test('keeps its old pods while the new ones cannot start', async () => {
      const { kube, namespace } = ground();
      await ground().apply(...webServer('web', 2));
      await deployment('is whole', isWhole);
      await patch({ image: 'nowhere.test/app:1', imagePullPolicy: 'Never' });
      await ground().pod(
        'app=web',
        'waits for its image',
        ({ status }) => status.containerStatuses?.[0]?.state.waiting?.reason === 'ErrImageNeverPull',
      );
      const stuck = await deployment('is stuck', ({ status }) => status.updatedReplicas === 1);
      expect(stuck.status).toMatchObject({ replicas: 3, availableReplicas: 2, unavailableReplicas: 1 });
      const slices = await kube.list(resources.endpointSlices, {
        namespace,
        labelSelector: 'kubernetes.io/service-name=web',
      });
      const ready = slices
        .flatMap(({ endpoints }) => endpoints ?? [])
        .filter(({ conditions }) => conditions.ready);
      expect(ready).toHaveLength(2);
    });

    test('takes its pods with it when it is deleted, unless they are orphaned', async () => {
      const { kube, namespace } = ground();
      await ground().apply(...webServer('web', 1));
      await deployment('is whole', isWhole);
      const sets = () => kube.list(resources.replicaSets, { namespace });
      await kube.delete(resources.deployments, namespace, 'web', { propagation: 'Orphan' });
      await ground().until('the orphaning', async () =>
        (await kube.get(resources.deployments, namespace, 'web')) === undefined ? true : undefined,
      );
      const [orphan] = await sets();
      expect(orphan?.metadata.ownerReferences ?? []).toEqual([]);
      await kube.delete(resources.replicaSets, namespace, orphan?.metadata.name ?? '', {
        propagation: 'Background',
      });
      await ground().until('the end of the pods', async () =>
        (await kube.list(resources.pods, { namespace })).length === 0 ? true : undefined,
      );
    });
  });

  test('a StatefulSet makes pods in order, each with its own volume, which outlives it', async () => {
    const { kube, namespace } = ground();
    const labels = { app: 'db' };
    const script = 'test -e /data/name || hostname > /data/name; sleep 1000';
    await ground().apply({
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'db' },
      spec: {
        replicas: 2,
        serviceName: 'db',
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            terminationGracePeriodSeconds: 1,
            containers: [
              {
                name: 'db',
                image: BUSYBOX,
                command: ['sh', '-c', script],
                volumeMounts: [{ name: 'data', mountPath: '/data' }],
              },
            ],
          },
        },
        volumeClaimTemplates: [
          {
            metadata: { name: 'data' },
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
          },
        ],
      },
    });
    const isUp = (name: string, not?: string) =>
      ground().pod(
        `statefulset.kubernetes.io/pod-name=${name}`,
        'runs',
        ({ metadata, status }) =>
          metadata.uid !== not && status.containerStatuses?.[0]?.state.running !== undefined,
      );
    const second = await isUp('db-1');
    const firstPod = await kube.get(resources.pods, namespace, 'db-0');
    expect(Date.parse(firstPod?.metadata.creationTimestamp ?? '')).toBeLessThanOrEqual(
      Date.parse(second.metadata.creationTimestamp),
    );
    const claims = await kube.list(resources.persistentVolumeClaims, { namespace });
    expect(claims.map(({ metadata, status }) => [metadata.name, status.phase])).toEqual([
      ['data-db-0', 'Bound'],
      ['data-db-1', 'Bound'],
    ]);
    await ground().until('the name to be written', async () =>
      (await ground().sh('db-1', 'cat /data/name')).stdout === 'db-1\n' ? true : undefined,
    );
    await ground().sh('db-1', 'echo kept > /data/name');
    await kube.delete(resources.pods, namespace, 'db-1');
    await isUp('db-1', second.metadata.uid);
    expect((await ground().sh('db-1', 'cat /data/name')).stdout).toBe('kept\n');
  });

  test('a Job ends complete, or failed when its pods fail too often', async () => {
    const job = (name: string, script: string) => ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name },
      spec: {
        backoffLimit: 0,
        template: {
          spec: {
            restartPolicy: 'Never',
            containers: [{ name: 'main', image: BUSYBOX, command: ['sh', '-c', script] }],
          },
        },
      },
    });
    await ground().apply(job('good', 'true'), job('bad', 'exit 2'));
    const ended = (name: string) =>
      ground().until(`the end of job/${name}`, async () => {
        const { kube, namespace } = ground();
        const found = await kube.get(resources.jobs, namespace, name);
        return found?.status.conditions?.find(
          ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
        );
      });
    expect(await ended('good')).toMatchObject({ type: 'Complete', reason: 'CompletionsReached' });
    expect(await ended('bad')).toMatchObject({
      type: 'Failed',
      reason: 'BackoffLimitExceeded',
      message: 'Job has reached the specified backoff limit',
    });
  });

  test('a namespace takes everything with it', async () => {
    const { kube, namespace } = ground();
    await ground().apply(...webServer('web', 1));
    await deployment('is whole', isWhole);
    await kube.delete(resources.namespaces, undefined, namespace);
    await ground().until('the end of the namespace', async () =>
      (await kube.get(resources.namespaces, undefined, namespace)) === undefined ? true : undefined,
    );
    expect(await kube.list(resources.pods, { namespace })).toEqual([]);
    expect(await kube.list(resources.configMaps, { namespace })).toEqual([]);
  });
}
