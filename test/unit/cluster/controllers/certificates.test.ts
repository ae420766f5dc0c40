import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { edit } from '../../../../src/core/json.ts';
import type { CertificateSigningRequest } from '../../../../src/model/objects.ts';
import { resources } from '../../../../src/model/resources.ts';
import { JANE, NODE, ODD } from '../certificates/requests.ts';
import { World } from '../support/world.ts';

const kind = resources.certificateSigningRequests;
const CLIENT = 'kubernetes.io/kube-apiserver-client';
const HOUR = 3600;

async function asked(
  spec: Partial<CertificateSigningRequest['spec']> = {},
  decision = 'Approved',
): Promise<World> {
  const world = new World().start('certificatesigningrequest-signing', 'certificatesigningrequest-cleaner');
  const created = world.api.create(kind, {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'a' },
    spec: { request: JANE, signerName: CLIENT, usages: ['client auth'], ...spec },
  });
  const lastUpdateTime = world.simulation.timestamp();
  if (decision !== '') {
    world.api.updateStatus(
      kind,
      edit(created, (draft) => {
        draft.status = { conditions: [{ type: decision, status: 'True', lastUpdateTime }] };
      }),
    );
  }
  await world.seconds(1);
  return world;
}

const requestOf = (world: World): CertificateSigningRequest | undefined =>
  world.api.get(kind, undefined, 'a');
const certificateOf = (world: World): X509Certificate =>
  new X509Certificate(Buffer.from(requestOf(world)?.status?.certificate ?? '', 'base64'));
const secondsOf = ({ validFromDate, validToDate }: X509Certificate): number =>
  (validToDate.getTime() - validFromDate.getTime()) / 1000;

describe('a request that was approved', () => {
  test('gets its certificate', async () => {
    const certificate = certificateOf(await asked());
    expect(certificate.subject).toBe('O=dev\nO=ops\nCN=jane');
    expect(secondsOf(certificate)).toBe(365 * 24 * HOUR);
  });

  test('for the time that it asks for, and five minutes before it', async () => {
    expect(secondsOf(certificateOf(await asked({ expirationSeconds: HOUR })))).toBe(HOUR + 300);
    expect(secondsOf(certificateOf(await asked({ expirationSeconds: 10 * HOUR })))).toBe(10 * HOUR);
    expect(secondsOf(certificateOf(await asked({ expirationSeconds: 1e9 })))).toBe(365 * 24 * HOUR);
  });

  test.each([
    [{ usages: ['server auth'] }, 'invalid usage for client certificate: server auth'],
    [{ usages: ['digital signature'] }, 'missing required usage for client certificate: client auth'],
    [{ signerName: `${CLIENT}-kubelet` }, 'subject organization is not system:nodes'],
    [{ signerName: `${CLIENT}-kubelet`, request: NODE }, 'DNS subjectAltNames are not allowed'],
    [{ signerName: `${CLIENT}-kubelet`, request: ODD }, 'Email subjectAltNames are not allowed'],
    [{ signerName: 'kubernetes.io/kubelet-serving', request: ODD }, 'DNS or IP subjectAltName is required'],
    [
      { signerName: 'kubernetes.io/kubelet-serving', request: NODE },
      'usages did not match [digital signature key encipherment server auth]',
    ],
  ])('fails with %j', async (spec, message) => {
    const { status } = requestOf(await asked(spec)) ?? {};
    expect(status?.certificate).toBeUndefined();
    expect(status?.conditions?.at(-1)).toMatchObject({
      type: 'Failed',
      reason: 'SignerValidationFailure',
      message,
    });
  });

  test('gets one for its kubelet to serve with', async () => {
    const signerName = 'kubernetes.io/kubelet-serving';
    const usages = ['digital signature', 'server auth'];
    expect(certificateOf(await asked({ request: NODE, signerName, usages })).checkHost('worker')).toBe(
      'worker',
    );
  });

  test.each([
    [{}, 'Denied'],
    [{}, ''],
    [{ signerName: 'a.b/c' }, 'Approved'],
  ])('is left alone with %j and %p', async (spec, decision) => {
    expect(requestOf(await asked(spec, decision))?.status?.certificate).toBeUndefined();
  });
});

describe('old requests', () => {
  test.each([
    [{}, 'Approved', 1, 3],
    [{}, 'Denied', 1, 3],
    [{}, '', 23, 26],
    [{ signerName: 'a.b/c' }, 'Approved', 23, 26],
  ])('with %j and %p go between %p and %p hours', async (spec, decision, before, after) => {
    const world = await asked(spec, decision);
    await world.seconds(before * HOUR - 60);
    expect(requestOf(world)).toBeDefined();
    await world.seconds((after - before) * HOUR);
    expect(requestOf(world)).toBeUndefined();
  });
});
