import { describe, expect, test } from '@jest/globals';
import { readCertificateRequest, RequestError } from '../../../../src/cluster/certificates/request.ts';
import { JANE, NODE, ODD, ROOT } from './requests.ts';

const pemOf = (encoded: string): string => Buffer.from(encoded, 'base64').toString();
const changed = (encoded: string, change: (der: Buffer) => Buffer): string => {
  const [, head = '', body = '', tail = ''] =
    /(-----.*-----\n)([^]*)(\n-----.*-----)/.exec(pemOf(encoded)) ?? [];
  return Buffer.from(head + change(Buffer.from(body, 'base64')).toString('base64') + tail).toString('base64');
};
const problemOf = (encoded: string): string => {
  try {
    readCertificateRequest(encoded);
  } catch (error) {
    if (error instanceof RequestError) return error.message;
    throw error;
  }
  return 'none';
};

describe('a request for a certificate', () => {
  test('names who asks', () => {
    expect(readCertificateRequest(JANE)).toMatchObject({
      commonName: 'jane',
      organizations: ['dev', 'ops'],
      alternativeNames: { dns: 0, addresses: 0, emails: 0, uris: 0 },
      alternativeNamesExtension: undefined,
    });
    expect(readCertificateRequest(ROOT)).toMatchObject({
      commonName: 'root',
      organizations: ['system:masters'],
    });
  });

  test('names what for', () => {
    const { alternativeNames } = readCertificateRequest(NODE);
    expect(alternativeNames).toEqual({ dns: 1, addresses: 1, emails: 0, uris: 0 });
    expect(readCertificateRequest(ODD).alternativeNames).toEqual({
      dns: 0,
      addresses: 0,
      emails: 1,
      uris: 1,
    });
  });

  test('is signed with its own key', () => {
    const spoilt = (der: Buffer): Buffer => {
      der.writeUInt8(der.readUInt8(der.length - 1) ^ 1, der.length - 1);
      return der;
    };
    expect(problemOf(changed(JANE, spoilt))).toBe('x509: ECDSA verification failure');
    expect(problemOf(changed(NODE, spoilt))).toBe('x509: Ed25519 verification failure');
    expect(problemOf(changed(ROOT, spoilt))).toBe('crypto/rsa: verification error');
  });

  test('is a request, and a whole one', () => {
    expect(problemOf('')).toBe('PEM block type must be CERTIFICATE REQUEST');
    const other = pemOf(JANE).replaceAll('CERTIFICATE REQUEST', 'CERTIFICATE');
    expect(problemOf(Buffer.from(other).toString('base64'))).toBe(
      'PEM block type must be CERTIFICATE REQUEST',
    );
    expect(problemOf(changed(JANE, (der) => der.subarray(0, 100)))).toBe(
      'asn1: syntax error: data truncated',
    );
    expect(problemOf(changed(JANE, () => Buffer.from([0x30, 0])))).toBe(
      'asn1: syntax error: sequence truncated',
    );
    expect(problemOf(changed(JANE, () => Buffer.from([0x31, 0])))).toBe(
      "asn1: structure error: tags don't match",
    );
  });
});
