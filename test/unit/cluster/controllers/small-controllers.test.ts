import { describe, expect, test } from '@jest/globals';
import type { AnyObject } from '../../../../src/model/objects.ts';
import { WholeCluster } from '../support/whole-cluster.ts';

const NETWORKING = '/apis/networking.k8s.io/v1';
const FLOW_CONTROL = '/apis/flowcontrol.apiserver.k8s.io/v1';
const ADDRESSES = `${NETWORKING}/ipaddresses`;
const STORAGE = '/apis/storage.k8s.io/v1';

const object = (value: object): AnyObject => value as AnyObject;
const service = (name: string, spec: object): AnyObject =>
  object({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } });

async function started(): Promise<WholeCluster> {
  const whole = new WholeCluster();
  await whole.seconds(5);
  return whole;
}

describe('addresses of Services', () => {
  const names = (whole: WholeCluster): string[] =>
    whole.list<AnyObject>(ADDRESSES).map(({ metadata }) => metadata.name);

  test('each has an object of its own, which comes and goes with the Service', async () => {
    const whole = await started();
    expect(names(whole)).toEqual(['10.96.0.1', '10.96.0.10']);
    whole.create(service('web', { clusterIP: '10.96.0.77' }));
    whole.create(service('headless', { clusterIP: 'None' }));
    await whole.seconds(1);
    expect(whole.get(`${ADDRESSES}/10.96.0.77`)).toMatchObject({
      metadata: { labels: { 'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io' } },
      spec: { parentRef: { resource: 'services', namespace: 'default', name: 'web' } },
    });
    whole.send('DELETE', `${ADDRESSES}/10.96.0.77`);
    await whole.seconds(1);
    expect(names(whole)).toEqual(['10.96.0.1', '10.96.0.10', '10.96.0.77']);
    whole.send('DELETE', '/api/v1/namespaces/default/services/web');
    await whole.seconds(1);
    expect(names(whole)).toEqual(['10.96.0.1', '10.96.0.10']);
  });

  test('a range is ready, and stays while an address of it is taken', async () => {
    const whole = await started();
    const url = `${NETWORKING}/servicecidrs/more`;
    whole.create(
      object({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'ServiceCIDR',
        metadata: { name: 'more' },
        spec: { cidrs: ['10.97.0.0/24', '2001:db8::/112'] },
      }),
    );
    whole.create(
      object({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'IPAddress',
        metadata: { name: '10.97.0.9' },
        spec: { parentRef: { resource: 'services', namespace: 'default', name: 'x' } },
      }),
    );
    await whole.seconds(1);
    expect(whole.get(url)).toMatchObject({
      metadata: { finalizers: ['networking.k8s.io/service-cidr-finalizer'] },
      status: {
        conditions: [{ type: 'Ready', status: 'True', message: 'Kubernetes Service CIDR is ready' }],
      },
    });
    whole.send('DELETE', url);
    await whole.seconds(1);
    expect(whole.get(url)).toMatchObject({
      status: { conditions: [{ status: 'False', reason: 'Terminating' }] },
    });
    whole.send('DELETE', `${ADDRESSES}/10.97.0.9`);
    await whole.seconds(1);
    expect(whole.send('GET', url).status).toBe(404);
  });
});

test('a FlowSchema says whether its priority level is there', async () => {
  const whole = await started();
  const dangling = (name: string): unknown =>
    whole.get<{ status: { conditions: object[] } }>(`${FLOW_CONTROL}/flowschemas/${name}`).status
      .conditions[0];
  expect(dangling('exempt')).toMatchObject({ status: 'False', reason: 'Found' });
  whole.create(
    object({
      apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
      kind: 'FlowSchema',
      metadata: { name: 'mine' },
      spec: { priorityLevelConfiguration: { name: 'mine' } },
    }),
  );
  await whole.seconds(1);
  expect(dangling('mine')).toMatchObject({
    status: 'True',
    reason: 'NotFound',
    message:
      'This FlowSchema references the PriorityLevelConfiguration object named "mine" but there is no such object',
  });
  whole.create(
    object({
      apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
      kind: 'PriorityLevelConfiguration',
      metadata: { name: 'mine' },
      spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } },
    }),
  );
  await whole.seconds(1);
  expect(dangling('mine')).toMatchObject({ status: 'False', reason: 'Found' });
});

test('a node that somebody made has a range for its pods', async () => {
  const whole = await started();
  whole.create(object({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'fake' } }));
  await whole.seconds(1);
  expect(whole.get('/api/v1/nodes/fake')).toMatchObject({
    metadata: { annotations: { 'node.alpha.kubernetes.io/ttl': '0' } },
    spec: { podCIDR: '10.244.2.0/24', podCIDRs: ['10.244.2.0/24'] },
  });
});

test('a node gets no range where all are given, and is told', async () => {
  const whole = await started();
  for (let index = 0; index < 256; index++) {
    whole.create(object({ apiVersion: 'v1', kind: 'Node', metadata: { name: `n${index}` } }));
  }
  await whole.seconds(3);
  const nodes = whole.list<AnyObject & { spec: { podCIDR?: string } }>('/api/v1/nodes');
  const ranges = nodes.flatMap(({ spec }) => spec.podCIDR ?? []);
  expect([nodes.length, new Set(ranges).size]).toEqual([258, 256]);
  const events = whole.list<AnyObject & { reason: string; message: string }>('/api/v1/events');
  expect(events.filter(({ reason }) => reason === 'CIDRNotAvailable').map(({ message }) => message)).toEqual([
    'Node n254 status is now: CIDRNotAvailable',
    'Node n255 status is now: CIDRNotAvailable',
  ]);
});

test('a VolumeAttributesClass stays while a claim names it', async () => {
  const whole = await started();
  const url = `${STORAGE}/volumeattributesclasses/gold`;
  whole.create(
    object({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'VolumeAttributesClass',
      metadata: { name: 'gold' },
      driverName: 'a.test',
      parameters: { iops: '3000' },
    }),
  );
  whole.create(
    object({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data' },
      spec: {
        volumeAttributesClassName: 'gold',
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Gi' } },
      },
    }),
  );
  whole.send('DELETE', url);
  await whole.seconds(1);
  expect(whole.get(url)).toMatchObject({ metadata: { finalizers: ['kubernetes.io/vac-protection'] } });
  whole.send('DELETE', '/api/v1/namespaces/default/persistentvolumeclaims/data');
  await whole.seconds(1);
  expect(whole.send('GET', url).status).toBe(404);
});
