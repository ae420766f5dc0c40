import { describe, expect, test } from '@jest/globals';
import type { Pod } from '../../../../src/model/objects.ts';
import { resources } from '../../../../src/model/resources.ts';
import { readPodManifest } from '../../../../src/cluster/system/pod-manifest.ts';
import { refusedByPolicy } from '../support/fake-api.ts';
import { container, Lab, NODE } from './lab.ts';

const FOLDER = '/host/etc/kubernetes/manifests';
const volumes = [{ name: 'host', hostPath: { path: '/', type: '' } }];
const volumeMounts = [{ name: 'host', mountPath: '/host' }];
const spec = {
  containers: [container(['forever'])],
  restartPolicy: 'Always' as const,
  terminationGracePeriodSeconds: 5,
  dnsPolicy: 'ClusterFirst' as const,
  schedulerName: 'default-scheduler',
  securityContext: {},
};
const etcd = { name: 'etcd', namespace: 'shop', spec: { ...spec, hostNetwork: true } };
const mirror = `etcd-${NODE}`;

describe('static pods of a node', () => {
  test('are mirrored; a mirror that was deleted comes again, and its container goes on', async () => {
    const lab = new Lab({ staticPods: [etcd] });
    await lab.seconds(4);
    const pod = lab.pod(mirror);
    expect(pod.status).toMatchObject({ phase: 'Running', podIP: '172.18.0.3' });
    expect(pod.metadata.ownerReferences?.[0]).toMatchObject({ kind: 'Node', name: NODE, controller: true });
    expect(pod.metadata.annotations?.['kubernetes.io/config.mirror']).toMatch(/^[0-9a-f]{32}$/);
    expect(pod.metadata.annotations?.['kubernetes.io/config.seen']).toMatch(/\.\d{9}Z$/);
    // As kubectl deletes: it is gone at once all the same, and the status of the next one follows.
    lab.api.delete(resources.pods, 'shop', mirror);
    await lab.seconds(0.1);
    const again = lab.pod(mirror);
    expect(again.metadata.uid).not.toBe(pod.metadata.uid);
    expect(again.metadata.annotations).toEqual(pod.metadata.annotations);
    expect(again.status.containerStatuses).toBeUndefined();
    await lab.seconds(11);
    expect(lab.pod(mirror).status).toEqual(pod.status);
  });

  test('have a new mirror when the kubelet was stopped meanwhile, and when a policy was against it', async () => {
    const lab = new Lab({ staticPods: [etcd] });
    await lab.seconds(4);
    const { status } = lab.pod(mirror);
    lab.kubelet.stop();
    lab.api.delete(resources.pods, 'shop', mirror);
    await lab.seconds(1);
    lab.kubelet.start();
    await lab.seconds(11);
    expect(lab.pod(mirror).status).toEqual(status);
    lab.api.refuse = (verb, { id }) => {
      if (verb === 'create' && id === 'pods') throw refusedByPolicy();
    };
    lab.api.delete(resources.pods, 'shop', mirror, { gracePeriodSeconds: 0 });
    await lab.seconds(30);
    expect(lab.exists(mirror)).toBe(false);
    lab.api.refuse = () => {};
    await lab.seconds(60);
    expect(lab.pod(mirror).status).toEqual(status);
  });

  test('follow the files of the folder', async () => {
    const lab = await writer();
    await write(lab, 'web.yaml', manifest());
    await lab.seconds(4);
    const web = `web-${NODE}`;
    expect(lab.pod(web).status.phase).toBe('Running');
    expect(lab.pod(web).metadata.labels).toEqual({ version: '1' });
    const { uid } = lab.pod(web).metadata;

    // The same in another file is the same pod.
    await write(lab, 'same.json', manifest());
    await remove(lab, 'web.yaml');
    await lab.seconds(10);
    expect(lab.pod(web).metadata.uid).toBe(uid);

    // One that says something else is another pod, once the first has ended.
    await write(lab, 'same.json', manifest({ labels: { version: '2' } }));
    await lab.seconds(0.5);
    expect(lab.pod(web).metadata.uid).toBe(uid);
    await lab.seconds(10);
    expect(lab.pod(web).metadata).toMatchObject({ labels: { version: '2' } });
    expect(lab.pod(web).status.phase).toBe('Running');

    // With the time that it has to end.
    await remove(lab, 'same.json');
    await lab.seconds(4.5);
    expect(lab.pod(web).metadata.deletionTimestamp).toBeUndefined();
    expect(lab.pod(web).status.phase).toBe('Running');
    await lab.seconds(4);
    expect(lab.exists(web)).toBe(false);
  });

  test('are not looked for while the kubelet is stopped', async () => {
    const lab = new Lab({ readManifest: readPodManifest });
    const command = ['write', `${FOLDER}/web.yaml`, manifest(), '10000'];
    lab.create('writer', { volumes, containers: [container(command, { volumeMounts })] });
    await lab.seconds(4);
    lab.kubelet.stop();
    await lab.seconds(30);
    expect(lab.exists(`web-${NODE}`)).toBe(false);
    lab.kubelet.start();
    await lab.seconds(4);
    expect(lab.pod(`web-${NODE}`).status.phase).toBe('Running');
  });

  test.each([
    ['no YAML', 'a: [b'],
    ['no pod', JSON.stringify({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' } })],
    ['no name', manifest({ name: '' })],
    ['fields of other types', manifest({}, { containers: 'web' })],
    ['a ConfigMap', manifest({}, { volumes: [{ name: 'v', configMap: { name: 'c' } }] })],
    [
      'a Secret',
      manifest({}, { containers: [{ ...spec.containers[0], envFrom: [{ secretRef: { name: 's' } }] }] }),
    ],
    ['an account', manifest({}, { serviceAccountName: 'default' })],
  ])('are not made of a file with %s', async (_what, text) => {
    const lab = await writer();
    await write(lab, 'web.yaml', text);
    await write(lab, '.hidden.yaml', manifest({ name: 'hidden' }));
    await lab.seconds(4);
    expect(lab.api.list(resources.pods).map(({ metadata }) => metadata.name)).toEqual(['writer']);
  });

  test('who only says that it is a mirror goes', async () => {
    const lab = new Lab();
    lab.create('false', spec, { annotations: { 'kubernetes.io/config.mirror': 'x' } });
    await lab.seconds(4);
    expect(lab.exists('false')).toBe(false);
  });
});

async function writer(): Promise<Lab> {
  const lab = new Lab({ readManifest: readPodManifest });
  lab.create('writer', { volumes, containers: [container(['forever'], { volumeMounts })] });
  await lab.seconds(4);
  return lab;
}

const write = (lab: Lab, name: string, text: string): Promise<string> =>
  lab.exec('writer', ['write', `${FOLDER}/${name}`, text]);
const remove = (lab: Lab, name: string): Promise<string> => lab.exec('writer', ['rm', `${FOLDER}/${name}`]);

function manifest(metadata: Partial<Pod['metadata']> = {}, more: object = {}): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'shop', labels: { version: '1' }, ...metadata },
    spec: { ...spec, containers: [container(['stubborn'])], ...more },
  });
}
