import { beforeAll, describe, expect, test } from '@jest/globals';
import { adminRequest, headerOf, inProcessLab, MINUTE } from '../../../helpers/in-process.ts';

const lab = inProcessLab(headerOf('new-cluster'));

beforeAll(() => lab.host.advanceTo(lab.header.epoch + MINUTE));

function get(path: string): Record<string, unknown> {
  const response = lab.cluster.handle(adminRequest('GET', path));
  if (response.kind !== 'complete') throw new Error(`${path}: ${response.kind}`);
  return JSON.parse(Buffer.from(response.body).toString()) as Record<string, unknown>;
}

const named = (path: string): readonly { metadata: { name: string }; spec: Record<string, unknown> }[] =>
  get(path)['items'] as never;

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';
const [controlPlane = '', worker = ''] = lab.header.spec.nodes.map(({ name }) => name);

describe('a new cluster', () => {
  test('is named after its nodes wherever kubeadm wrote a name', () => {
    const name = controlPlane.replace('-control-plane', '');
    const { data: kubeadm } = get('/api/v1/namespaces/kube-system/configmaps/kubeadm-config');
    expect(JSON.stringify(kubeadm)).toContain(`clusterName: ${name}\\n`);
    expect(JSON.stringify(kubeadm)).toContain(`controlPlaneEndpoint: ${controlPlane}:6443`);
    const { data: proxy } = get('/api/v1/namespaces/kube-system/configmaps/kube-proxy');
    expect(JSON.stringify(proxy)).toContain(`https://${controlPlane}:6443`);
    const node = get(`/api/v1/nodes/${worker}`) as { spec: { providerID: string } };
    expect(node.spec.providerID).toBe(`kind://docker/${name}/${worker}`);
  });

  test('has the requests by which its kubelets got their certificates, approved and signed', () => {
    const requests = named('/apis/certificates.k8s.io/v1/certificatesigningrequests') as unknown as {
      metadata: { name: string; generateName: string };
      spec: { username: string };
      status: { certificate: string; conditions: { type: string }[] };
    }[];
    expect(requests.map(({ spec }) => spec.username).sort()).toEqual([
      'system:bootstrap:abcdef',
      `system:node:${controlPlane}`,
    ]);
    for (const { metadata, status } of requests) {
      expect(metadata.name).toMatch(/^csr-[a-z0-9]{5}$/);
      expect(status.conditions.map(({ type }) => type)).toEqual(['Approved']);
      expect(status.certificate).toMatch(/^LS0t/);
    }
  });

  test.each([
    [`/api/v1/nodes/${controlPlane}`, ['kube-controller-manager', 'kubeadm', 'kubelet']],
    ['/api/v1/namespaces/kube-system', ['kube-apiserver']],
    ['/api/v1/namespaces/kube-system/configmaps/coredns', ['kubeadm']],
    ['/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication', ['kube-apiserver']],
    ['/apis/storage.k8s.io/v1/storageclasses/standard', ['kubectl-client-side-apply']],
    ['/apis/apps/v1/namespaces/kube-system/deployments/coredns', ['kube-controller-manager', 'kubeadm']],
    [
      '/apis/rbac.authorization.k8s.io/v1/clusterroles/view',
      ['clusterrole-aggregation-controller', 'kube-apiserver'],
    ],
    [
      '/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations/exempt',
      ['api-priority-and-fairness-config-producer-v1'],
    ],
  ])('%s belongs to those who make it on a real one', (path, owners) => {
    const { managedFields } = get(path)['metadata'] as {
      managedFields: { manager: string; time: string }[];
    };
    expect([...new Set(managedFields.map(({ manager }) => manager))].sort()).toEqual(owners);
    expect(managedFields.every(({ time }) => /^\d{4}-.*Z$/.test(time))).toBe(true);
  });

  test('its control plane holds leases and renews them', async () => {
    const before = named(LEASES);
    expect(
      before.map(({ metadata }) => metadata.name.replace(/^(apiserver)-[a-z2-7]{26}$/, '$1')).sort(),
    ).toEqual(['apiserver', 'kube-controller-manager', 'kube-scheduler']);
    const server = before.find(({ metadata }) => metadata.name.startsWith('apiserver'));
    expect(JSON.stringify(server)).toMatch(/"kubernetes\.io\/peer-advertise-address":"[\d.]+:6443"/);
    await lab.host.advanceTo(lab.host.now + MINUTE);
    for (const [index, { spec }] of named(LEASES).entries()) {
      const earlier = before[index]?.spec ?? {};
      expect(spec['holderIdentity']).toBe(earlier['holderIdentity']);
      expect(String(spec['renewTime']) > String(earlier['renewTime'])).toBe(true);
    }
  });

  test('a lease that was deleted is there again', async () => {
    lab.cluster.handle(adminRequest('DELETE', `${LEASES}/kube-scheduler`));
    await lab.host.advanceTo(lab.host.now + MINUTE);
    expect(named(LEASES).map(({ metadata }) => metadata.name)).toContain('kube-scheduler');
  });

  test('every node says that it has no CSI driver', () => {
    const nodes = named('/apis/storage.k8s.io/v1/csinodes');
    expect(nodes.map(({ metadata }) => metadata.name)).toEqual([controlPlane, worker]);
  });

  test('its control plane has the flags and folders of its manifests', () => {
    const pod = (component: string): { spec: { containers: Record<string, unknown>[]; volumes: object[] } } =>
      get(`/api/v1/namespaces/kube-system/pods/${component}-${controlPlane}`) as never;
    const { spec } = pod('kube-apiserver');
    expect(spec.containers[0]?.['command']).toEqual(
      expect.arrayContaining([
        'kube-apiserver',
        '--service-cluster-ip-range=10.96.0.0/16',
        '--secure-port=6443',
      ]),
    );
    expect(spec.volumes).toContainEqual({
      name: 'k8s-certs',
      hostPath: { path: '/etc/kubernetes/pki', type: 'DirectoryOrCreate' },
    });
    expect(pod('kube-scheduler').spec.volumes).toEqual([
      { name: 'kubeconfig', hostPath: { path: '/etc/kubernetes/scheduler.conf', type: 'FileOrCreate' } },
    ]);
    expect(pod('etcd').spec.containers[0]?.['command']).toContain(`--name=${controlPlane}`);
  });

  test('kube-proxy runs with what it mounts of its node', () => {
    const daemonSet = get('/apis/apps/v1/namespaces/kube-system/daemonsets/kube-proxy');
    expect(daemonSet['status']).toMatchObject({ numberReady: 2 });
  });
});
