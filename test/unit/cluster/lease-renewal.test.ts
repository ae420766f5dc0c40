import { describe, expect, test } from '@jest/globals';
import { renewLease } from '../../../src/cluster/lease-renewal.ts';
import { StatusError } from '../../../src/cluster/api.ts';
import { resources } from '../../../src/model/resources.ts';
import { startApiServer } from './apiserver/harness.ts';

const NAMESPACE = 'kube-node-lease';

/** An API server that refuses leases while `refusal` is set, and a holder that renews one. */
function holder() {
  const state: { refusal?: Error } = {};
  const { api } = startApiServer({
    admissionPlugins: [
      {
        name: 'test',
        validate: () => {
          if (state.refusal !== undefined) throw state.refusal;
        },
      },
    ],
  });
  const renew = (second: number): void => {
    const renewTime = `2026-11-22T10:00:0${second}.000000Z`;
    renewLease(api, {
      namespace: NAMESPACE,
      name: 'a',
      renewed: { renewTime },
      make: () => ({
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: 'a', namespace: NAMESPACE },
        spec: { holderIdentity: 'a', renewTime },
      }),
    });
  };
  return { api, state, renew, lease: () => api.get(resources.leases, NAMESPACE, 'a') };
}

const refused = new StatusError({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message: 'no',
  reason: 'Forbidden',
  code: 403,
});

describe('a lease', () => {
  test('is made, and renewed with what others wrote into it left as it is', () => {
    const { api, renew, lease } = holder();
    renew(0);
    const made = lease();
    expect(made?.spec).toMatchObject({ holderIdentity: 'a', renewTime: '2026-11-22T10:00:00.000000Z' });
    if (made === undefined) return;
    api.update(resources.leases, { ...made, spec: { ...made.spec, holderIdentity: 'b' } });
    renew(1);
    expect(lease()?.spec).toMatchObject({ holderIdentity: 'b', renewTime: '2026-11-22T10:00:01.000000Z' });
    expect(lease()?.metadata.uid).toBe(made.metadata.uid);
  });

  test('is made again where it was deleted', () => {
    const { api, renew, lease } = holder();
    renew(0);
    const uid = lease()?.metadata.uid;
    api.delete(resources.leases, NAMESPACE, 'a');
    renew(1);
    expect(lease()?.spec.holderIdentity).toBe('a');
    expect(lease()?.metadata.uid).not.toBe(uid);
  });

  test('stays as it is while it is refused, and anything else that is thrown is a bug', () => {
    const { state, renew, lease } = holder();
    renew(0);
    const before = lease();
    state.refusal = refused;
    renew(1);
    expect(lease()).toBe(before);
    state.refusal = new Error('a bug');
    expect(() => renew(2)).toThrow('a bug');
  });
});
