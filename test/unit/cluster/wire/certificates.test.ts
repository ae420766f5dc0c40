import { describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority, loadAuthority } from '../../../../src/cluster/wire/certificates.ts';

const now = new Date();
const authority = createAuthority({ commonName: 'lab', now });
const server = authority.issueServer({ now, names: ['registry.test', '172.18.0.2'] });
const client = authority.issueClient({
  now,
  commonName: 'kubernetes-admin',
  organizations: ['kubeadm:cluster-admins', 'system:masters'],
});

/** `openssl verify` with its strictest reading of RFC 5280. */
function verify(certificate: string, purpose: string, ca = authority.certificate): string {
  const folder = mkdtempSync(join(tmpdir(), 'certificates-'));
  try {
    writeFileSync(join(folder, 'ca.crt'), ca);
    writeFileSync(join(folder, 'leaf.crt'), certificate);
    const args = ['verify', '-x509_strict', '-purpose', purpose, '-CAfile', 'ca.crt', 'leaf.crt'];
    return execFileSync('openssl', args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('with openssl', () => {
  test('every certificate passes the strict check for its purpose', () => {
    expect(verify(authority.certificate, 'any')).toContain('OK');
    expect(verify(server.certificate, 'sslserver')).toContain('OK');
    expect(verify(client.certificate, 'sslclient')).toContain('OK');
  });

  test('a certificate for another purpose or of another authority does not', () => {
    expect(() => verify(client.certificate, 'sslserver')).toThrow('unsuitable certificate purpose');
    const other = createAuthority({ commonName: 'lab', now });
    expect(() => verify(client.certificate, 'sslclient', other.certificate)).toThrow('verification failed');
  });
});

describe('what is written', () => {
  test('the server answers to the names of every cluster and to those it was given', () => {
    const certificate = new X509Certificate(server.certificate);
    for (const host of ['localhost', 'kubernetes.default.svc', 'registry.test']) {
      expect(certificate.checkHost(host)).toBe(host);
    }
    for (const ip of ['127.0.0.1', '::1', '10.96.0.1', '172.18.0.2']) {
      expect(certificate.checkIP(ip)).toBe(ip);
    }
    expect(certificate.checkIP('10.0.0.1')).toBeUndefined();
  });

  test('a client is its common name with its organizations in order', () => {
    const { subject } = new X509Certificate(client.certificate).toLegacyObject();
    expect(subject).toEqual({ CN: 'kubernetes-admin', O: ['kubeadm:cluster-admins', 'system:masters'] });
  });

  test('validity is a day back and a year ahead of the given time', () => {
    const at = new Date('2026-11-22T09:51:51Z');
    const { validFromDate, validToDate } = new X509Certificate(
      createAuthority({ commonName: 'lab', now: at }).certificate,
    );
    expect(validFromDate.toISOString()).toBe('2026-11-21T09:51:51.000Z');
    expect(validToDate.toISOString()).toBe('2027-11-22T09:51:51.000Z');
  });

  test('serial numbers differ', () => {
    const again = authority.issueServer({ now });
    expect(new X509Certificate(again.certificate).serialNumber).not.toBe(
      new X509Certificate(server.certificate).serialNumber,
    );
  });
});

test('an authority that was stored goes on issuing', () => {
  const loaded = loadAuthority({ certificate: authority.certificate, key: authority.key });
  const late = loaded.issueClient({ now, commonName: 'late' });
  expect(verify(late.certificate, 'sslclient')).toContain('OK');
  const certificate = new X509Certificate(late.certificate);
  expect(certificate.checkIssued(new X509Certificate(authority.certificate))).toBe(true);
  expect(certificate.toLegacyObject().subject).toEqual({ CN: 'late' });
});
