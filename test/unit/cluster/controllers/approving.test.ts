import { describe, expect, test } from '@jest/globals';
import type { CertificateSigningRequest } from '../../../../src/model/objects.ts';
import { resources } from '../../../../src/model/resources.ts';
import { JANE, KUBELET, NODE } from '../certificates/requests.ts';
import { World } from '../support/world.ts';

const SIGNER = 'kubernetes.io/kube-apiserver-client-kubelet';
const USAGES = ['digital signature', 'client auth'];

/** What becomes of a request whose user may create one of the given subresources. */
async function decided(
  spec: Partial<CertificateSigningRequest['spec']>,
  ...mayCreate: string[]
): Promise<CertificateSigningRequest['status']> {
  const world = new World();
  world.isAllowed = (user, { verb, resource, subresource = '' }) =>
    user.name === spec.username &&
    verb === 'create' &&
    resource === 'certificatesigningrequests' &&
    mayCreate.includes(subresource);
  world.start('certificatesigningrequest-approving', 'certificatesigningrequest-signing');
  world.api.create(resources.certificateSigningRequests, {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'a' },
    spec: { request: KUBELET, signerName: SIGNER, usages: USAGES, username: 'someone', ...spec },
  });
  await world.seconds(1);
  return world.api.get(resources.certificateSigningRequests, undefined, 'a')?.status;
}

describe('a request of a kubelet', () => {
  test('is approved, and signed, where whoever asks may have it', async () => {
    const status = await decided({ username: 'someone' }, 'nodeclient');
    expect(status?.conditions).toMatchObject([
      {
        type: 'Approved',
        status: 'True',
        reason: 'AutoApproved',
        message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
      },
    ]);
    expect(status?.certificate).toBeDefined();
  });

  test('that asks for itself needs another permission', async () => {
    const status = await decided({ username: 'system:node:parity' }, 'selfnodeclient');
    expect(status?.conditions?.[0]?.message).toBe(
      'Auto approving self kubelet client certificate after SubjectAccessReview.',
    );
  });

  test.each([
    ['nobody may have it', {}, []],
    ['only nodes themselves may', { username: 'someone' }, ['selfnodeclient']],
    ['another signer is to sign', { signerName: 'kubernetes.io/kube-apiserver-client' }, ['nodeclient']],
    ['it is not for a node', { request: JANE }, ['nodeclient']],
    ['it names addresses', { request: NODE }, ['nodeclient']],
    ['it is for more', { usages: [...USAGES, 'server auth'] }, ['nodeclient']],
  ])('waits for somebody where %s', async (_why, spec, mayCreate) => {
    expect((await decided({ username: 'someone', ...spec }, ...mayCreate))?.conditions).toBeUndefined();
  });
});
