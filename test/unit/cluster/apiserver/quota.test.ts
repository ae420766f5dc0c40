import { expect, test } from '@jest/globals';
import { resources } from '../../../../src/model/resources.ts';
import { QUOTA } from '../../../../src/cluster/store/store.ts';
import { send, startApiServer } from './harness.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const MERGE = { 'content-type': 'application/merge-patch+json' };
const EACH = 1_000_000;

test('a client that fills the store is refused, as etcd refuses it, until there is room again', () => {
  const running = startApiServer();
  const create = (name: string): number =>
    send(running, 'POST', MAPS, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, finalizers: ['example.test/kept'] },
      data: { a: 'x'.repeat(EACH) },
    }).status;
  let count = 0;
  while (count <= QUOTA / EACH && create(`m${count}`) === 201) count++;
  expect(count).toBe(Math.ceil(QUOTA / EACH));

  const refused = send(running, 'PATCH', `${MAPS}/m0`, { data: { b: 'y' } }, MERGE);
  expect(refused.status).toBe(500);
  expect(refused.body.message).toBe('etcdserver: mvcc: database space exceeded');
  expect(send(running, 'PATCH', `${MAPS}/m0?dryRun=All`, { data: { b: 'y' } }, MERGE).status).toBe(200);

  // The cluster itself goes on.
  const metadata = { name: 'a', namespace: 'default' };
  running.api.create(resources.leases, {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata,
    spec: {},
  });

  send(running, 'DELETE', `${MAPS}/m0`);
  expect(send(running, 'PATCH', `${MAPS}/m0`, { metadata: { finalizers: null } }, MERGE).status).toBe(200);
  expect(send(running, 'GET', `${MAPS}/m0`).status).toBe(404);
  expect(create('again')).toBe(201);
});
