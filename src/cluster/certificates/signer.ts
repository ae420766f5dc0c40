import { createHash, createPublicKey, sign } from 'node:crypto';
import {
  authorityExtension,
  certificatePem,
  extension,
  name,
  subjectExtension,
} from '../wire/certificates.ts';
import { bitString, boolean, objectIdentifier, sequence } from '../wire/der.ts';
import type { CertificateRequest } from './request.ts';
import { ed25519, ed25519KeyOf } from './ed25519.ts';
import { extendedUsages, keyUsageBits } from './usages.ts';

/** Signs the certificates that are asked for over the API. */
export interface CertificateSigner {
  /** PEM of its own certificate: the API server trusts clients that it has signed for. */
  readonly certificate: string;
  sign(
    request: CertificateRequest,
    options: {
      /** Who asked: no two requests get the same serial number. */
      readonly uid: string;
      readonly usages: readonly string[];
      /** Seconds since 1970. */
      readonly from: number;
      readonly to: number;
    },
  ): string;
}

const YEAR = 365 * 24 * 3600;
const DAY = 24 * 3600;
const NAME = name('kubernetes', []);

/**
 * A second authority beside the cluster's own: certificates that are asked for over the API belong to the state, so
 * every replay must sign the same bytes. The key comes from the lab's seed, and Ed25519 needs no randomness.
 * @param seed of the cluster
 * @param epoch seconds since 1970 at which the cluster began
 */
export function createSigner(seed: string, epoch: number): CertificateSigner {
  const privateKey = ed25519KeyOf(`certificates/${seed}`);
  const publicKey = createPublicKey(privateKey);
  const ownKey = publicKey.export({ type: 'spki', format: 'der' });
  const common = {
    issuer: NAME,
    algorithm: ed25519,
    sign: (body: Buffer) => sign(undefined, body, privateKey),
  };
  return {
    certificate: certificatePem({
      ...common,
      serial: serialOf(ownKey),
      subject: NAME,
      publicKey: ownKey,
      validity: { from: dateOf(epoch - DAY), to: dateOf(epoch + 10 * YEAR) },
      extensions: [
        extension('2.5.29.19', sequence(boolean(true)), true),
        ...usageExtension(['digital signature', 'key encipherment', 'cert sign']),
        authorityExtension(publicKey),
        subjectExtension(publicKey),
      ],
    }),
    sign: (request, { uid, usages, from, to }) => {
      const extended = extendedUsages(usages);
      const names = request.alternativeNamesExtension;
      return certificatePem({
        ...common,
        serial: serialOf(uid),
        subject: request.subject,
        publicKey: request.publicKey,
        validity: { from: dateOf(from), to: dateOf(to) },
        extensions: [
          ...usageExtension(usages),
          ...(extended.length === 0
            ? []
            : [extension('2.5.29.37', sequence(...extended.map(objectIdentifier)))]),
          extension('2.5.29.19', sequence(), true),
          authorityExtension(publicKey),
          ...(names === undefined ? [] : [extension('2.5.29.17', names)]),
        ],
      });
    },
  };
}

/** Without a usage there is no extension: an empty one makes a certificate that OpenSSL does not take. */
function usageExtension(usages: readonly string[]): Buffer[] {
  const bits = keyUsageBits(usages);
  return bits === undefined ? [] : [extension('2.5.29.15', bitString(bits.bytes, bits.unused), true)];
}

/** 16 bytes of a positive number. */
function serialOf(content: string | Buffer): Buffer {
  const serial = createHash('sha256').update(content).digest().subarray(0, 16);
  serial.writeUInt8((serial.readUInt8(0) & 0x7f) | 0x40, 0);
  return serial;
}

function dateOf(seconds: number): Date {
  return new Date(seconds * 1000);
}
