import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { readCertificateRequest } from '../../../../src/cluster/certificates/request.ts';
import { createSigner } from '../../../../src/cluster/certificates/signer.ts';
import { JANE, NODE } from './requests.ts';

const NOW = Date.parse('2026-11-22T10:00:00Z') / 1000;
const signer = createSigner('seed', NOW);
const options = { uid: 'a', usages: ['client auth', 'digital signature'], from: NOW - 300, to: NOW + 3600 };
const issued = (request: string, more: Partial<typeof options> = {}): X509Certificate =>
  new X509Certificate(signer.sign(readCertificateRequest(request), { ...options, ...more }));

describe('a certificate', () => {
  test('is signed by its authority', () => {
    const authority = new X509Certificate(signer.certificate);
    expect(authority.ca).toBe(true);
    const certificate = issued(JANE);
    expect(certificate.checkIssued(authority)).toBe(true);
    expect(certificate.verify(authority.publicKey)).toBe(true);
    expect(certificate.ca).toBe(false);
  });

  test('says what was asked for, for as long as it was', () => {
    const certificate = issued(JANE);
    expect(certificate.subject).toBe('O=dev\nO=ops\nCN=jane');
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(certificate.subjectAltName).toBeUndefined();
    expect(certificate.validFromDate.toISOString()).toBe('2026-11-22T09:55:00.000Z');
    expect(certificate.validToDate.toISOString()).toBe('2026-11-22T11:00:00.000Z');
  });

  test('keeps the names that were asked for', () => {
    const certificate = issued(NODE, { usages: ['server auth'] });
    expect(certificate.subjectAltName).toBe('DNS:worker, IP Address:10.0.0.1');
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(certificate.checkHost('worker')).toBe('worker');
  });

  test('is the same whenever it is made, and another one for another request', () => {
    expect(issued(JANE).fingerprint256).toBe(issued(JANE).fingerprint256);
    expect(issued(JANE, { uid: 'b' }).serialNumber).not.toBe(issued(JANE).serialNumber);
    expect(createSigner('seed', NOW).certificate).toBe(signer.certificate);
    expect(createSigner('other', NOW).certificate).not.toBe(signer.certificate);
  });
});
