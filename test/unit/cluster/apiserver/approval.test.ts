import { expect, test } from '@jest/globals';
import { send, startApiServer } from './harness.ts';

const REQUESTS = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const MERGE = { 'content-type': 'application/merge-patch+json' };

test('the approval of a certificate signing request changes its conditions and nothing else', () => {
  const running = startApiServer();
  send(running, 'POST', REQUESTS, {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'a' },
    spec: { request: 'cg==', signerName: 'example.com/signer', usages: ['client auth'] },
  });
  const condition = { type: 'Approved', status: 'True', reason: 'test' };
  const patch = {
    status: { conditions: [condition], certificate: 'cg==' },
    spec: { signerName: 'other.test/x' },
  };
  const { body } = send(running, 'PATCH', `${REQUESTS}/a/approval`, patch, MERGE);
  expect(body.spec.signerName).toBe('example.com/signer');
  expect(body.status).toEqual({
    conditions: [
      { ...condition, lastUpdateTime: '2026-11-22T10:00:00Z', lastTransitionTime: '2026-11-22T10:00:00Z' },
    ],
  });
});
