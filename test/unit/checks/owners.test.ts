import { describe, expect, test } from '@jest/globals';
import { whyGoing } from '../../../src/checks/owners.ts';
import type { KubeObject } from '../../../src/model/objects.ts';
import { labView, object } from './support.ts';

const owner = (apiVersion: string, kind: string, name: string, uid = '1') => ({
  apiVersion,
  kind,
  name,
  uid,
});
const owned = (kind: string, name: string, ...ownerReferences: readonly object[]) =>
  object('v1', kind, `${name}@shop`, { metadata: { uid: `${name}-1`, ownerReferences } });
const login = (...owners: readonly object[]) => owned('Secret', 'login', ...owners) as unknown as KubeObject;
/** The fake gives uids in the order of the objects. */
const lab = () =>
  labView([
    object('apps/v1', 'Deployment', 'checkout@shop'),
    owned('ConfigMap', 'notes', owner('v1', 'Pod', 'tool')),
    owned('ConfigMap', 'mine', owner('v1', 'Secret', 'login', 'login-1')),
  ]);
const deployment = owner('apps/v1', 'Deployment', 'checkout', 'uid-1');
const tool = owner('v1', 'Pod', 'tool');

describe('whyGoing', () => {
  test.each([
    ['nobody', []],
    ['a Deployment', [deployment]],
    ['a pod, and a Deployment', [tool, deployment]],
    ['something of a kind of its own', [owner('example.com/v1', 'Pod2', 'x')]],
    ['what it owns itself', [owner('v1', 'ConfigMap', 'mine', 'uid-3')]],
  ])('stays where it is owned by %s', async (_who, owners) => {
    expect(await whyGoing(await lab(), login(...owners))).toBeUndefined();
  });

  test.each([
    ['pod/tool, which owns it (ownerReferences)', [tool]],
    ['job/import, which owns it (ownerReferences)', [owner('batch/v1', 'Job', 'import')]],
    ['replicaset/fx-1, which owns it (ownerReferences)', [owner('apps/v1', 'ReplicaSet', 'fx-1')]],
    [
      'deployment/checkout, which owns it (ownerReferences) and does not exist',
      [owner('apps/v1', 'Deployment', 'checkout', 'uid-of-before')],
    ],
    [
      'its owner: configmap/notes will be deleted together with pod/tool, which owns it (ownerReferences)',
      [owner('v1', 'ConfigMap', 'notes', 'uid-2')],
    ],
  ])('is deleted together with %s', async (why, owners) => {
    expect(await whyGoing(await lab(), login(...owners))).toBe(
      `secret/login will be deleted together with ${why}`,
    );
  });

  test('goes where it is being deleted, whoever owns it', async () => {
    const { metadata, ...rest } = login(deployment);
    const going = { ...rest, metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
    expect(await whyGoing(await lab(), going)).toBe('secret/login is being deleted');
  });
});
