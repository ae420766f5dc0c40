import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { clusterNameOf, kubeadmObjects } from '../../../../src/cluster/system/kubeadm.ts';

const facts = { controlPlane: 'dev-control-plane', ca: 'PEM of the CA', now: 1_767_225_600 };
const objects = new Map(kubeadmObjects(facts).map((object) => [object.metadata.name, object]));

describe('what kubeadm leaves in a cluster', () => {
  test('cluster-info says where the cluster is and whom to trust, signed with the token', () => {
    const { metadata, data = {} } = objects.get('cluster-info') ?? { metadata: {} };
    expect(metadata).toMatchObject({ namespace: 'kube-public' });
    const text = data['kubeconfig'] ?? '';
    const { clusters } = parse(text) as { clusters: { cluster: Record<string, string> }[] };
    expect(clusters[0]?.cluster).toEqual({
      'certificate-authority-data': Buffer.from(facts.ca).toString('base64'),
      server: 'https://dev-control-plane:6443',
    });
    const [header = '', payload, signature] = (data['jws-kubeconfig-abcdef'] ?? '').split('.');
    expect(payload).toBe('');
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({ alg: 'HS256', kid: 'abcdef' });
    const signed = `${header}.${Buffer.from(text).toString('base64url')}`;
    expect(signature).toBe(createHmac('sha256', '0123456789abcdef').update(signed).digest('base64url'));
  });

  test('the token expires after a day', () => {
    const { data = {} } = objects.get('bootstrap-token-abcdef') ?? {};
    const read = (key: string) => Buffer.from(data[key] ?? '', 'base64').toString();
    expect([read('token-id'), read('token-secret')]).toEqual(['abcdef', '0123456789abcdef']);
    expect(read('expiration')).toBe('2026-01-02T00:00:00Z');
  });

  test('the day since which tokens are tracked', () => {
    expect(objects.get('kube-apiserver-legacy-service-account-token-tracking')?.data).toEqual({
      since: '2026-01-01',
    });
  });

  test('a cluster is called as its nodes begin', () => {
    expect(clusterNameOf('dev-control-plane')).toBe('dev');
  });
});
