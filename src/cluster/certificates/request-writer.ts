import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { name } from '../wire/certificates.ts';
import { bitString, explicit, integer, objectIdentifier, sequence } from '../wire/der.ts';

/** What an Ed25519 key looks like in PKCS #8, up to its 32 bytes. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The algorithm of keys and signatures that need no randomness, so that every replay makes the same. */
export const ed25519 = sequence(objectIdentifier('1.3.101.112'));

/** A private key that follows from a text. */
export function ed25519Key(secret: string): KeyObject {
  const seed = createHash('sha256').update(secret).digest();
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
}

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
