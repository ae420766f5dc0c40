import { createHash, createPrivateKey, type KeyObject } from 'node:crypto';
import { objectIdentifier, sequence } from '../wire/der.ts';

/** The algorithm of keys and signatures that need no randomness, so that every replay makes the same. */
export const ed25519 = sequence(objectIdentifier('1.3.101.112'));

/** What an Ed25519 key looks like in PKCS #8, up to its 32 bytes. https://www.rfc-editor.org/rfc/rfc8410 */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * The private key of a seed.
 * @param seed 32 bytes
 * @throws RangeError for another number of bytes
 */
export function ed25519Key(seed: Uint8Array): KeyObject {
  if (seed.length !== 32) throw new RangeError(`the seed has ${seed.length} bytes, not 32`);
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
}

/** A private key that follows from a text. */
export const ed25519KeyOf = (secret: string): KeyObject =>
  ed25519Key(createHash('sha256').update(secret).digest());
