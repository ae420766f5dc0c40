import { expect, test } from '@jest/globals';
import { ed25519KeyOf } from '../../../../src/cluster/certificates/ed25519.ts';
import { certificateRequest } from '../../../../src/cluster/certificates/request-writer.ts';
import { readCertificateRequest } from '../../../../src/cluster/certificates/request.ts';

test('what is asked for is read again, and comes out the same each time', () => {
  const ask = (secret: string): string =>
    certificateRequest(ed25519KeyOf(secret), 'system:node:worker', ['system:nodes']);
  expect(readCertificateRequest(ask('a'))).toMatchObject({
    commonName: 'system:node:worker',
    organizations: ['system:nodes'],
    alternativeNames: { dns: 0, addresses: 0, emails: 0, uris: 0 },
  });
  expect(ask('a')).toBe(ask('a'));
  expect(ask('a')).not.toBe(ask('b'));
});
