import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import { name } from '../wire/certificates.ts';
import { bitString, explicit, integer, sequence } from '../wire/der.ts';
import { ed25519 } from './ed25519.ts';

/**
 * Asks for a certificate, as a CertificateSigningRequest has it in `spec.request`: PEM of PKCS #10, in base64.
 * https://www.rfc-editor.org/rfc/rfc2986
 */
export function certificateRequest(
  privateKey: KeyObject,
  commonName: string,
  organizations: readonly string[],
): string {
  const information = sequence(
    integer(0n),
    name(commonName, organizations),
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
    explicit(0),
  );
  const der = sequence(information, ed25519, bitString(sign(undefined, information, privateKey)));
  const lines = der.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${lines}\n-----END CERTIFICATE REQUEST-----\n`;
  return Buffer.from(pem).toString('base64');
}
