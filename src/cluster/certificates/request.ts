import { createPublicKey, verify } from 'node:crypto';
import {
  contentOf,
  DerError,
  readBits,
  readElements,
  readInner,
  readObjectIdentifier,
  type DerElement,
} from '../wire/der-reader.ts';

/** What a PKCS #10 request asks for. https://www.rfc-editor.org/rfc/rfc2986 */
export interface CertificateRequest {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly alternativeNames: {
    readonly dns: number;
    readonly addresses: number;
    readonly emails: number;
    readonly uris: number;
  };
  /** In DER, as it goes into a certificate. */
  readonly subject: Buffer;
  readonly publicKey: Buffer;
  /** The value of the extension; undefined where there are no such names. */
  readonly alternativeNamesExtension: Buffer | undefined;
}

/** A request that cannot be read, or was not signed with its own key; in Go's words. */
export class RequestError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RequestError';
  }
}

const PEM = /-----BEGIN ([A-Z ]+)-----\r?\n([A-Za-z0-9+/=\s]+?)-----END \1-----/;
const COMMON_NAME = '2.5.4.3';
const ORGANIZATION = '2.5.4.10';
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';
const ALTERNATIVE_NAME = '2.5.29.17';

interface Algorithm {
  /** Undefined where the algorithm has its own. */
  readonly hash: string | undefined;
  readonly failure: string;
}

const RSA = 'crypto/rsa: verification error';
const ECDSA = 'x509: ECDSA verification failure';
const algorithms: Readonly<Record<string, Algorithm>> = {
  '1.2.840.113549.1.1.11': { hash: 'sha256', failure: RSA },
  '1.2.840.113549.1.1.12': { hash: 'sha384', failure: RSA },
  '1.2.840.113549.1.1.13': { hash: 'sha512', failure: RSA },
  '1.2.840.10045.4.3.2': { hash: 'sha256', failure: ECDSA },
  '1.2.840.10045.4.3.3': { hash: 'sha384', failure: ECDSA },
  '1.2.840.10045.4.3.4': { hash: 'sha512', failure: ECDSA },
  '1.3.101.112': { hash: undefined, failure: 'x509: Ed25519 verification failure' },
};

/**
 * Reads the request of a CertificateSigningRequest and checks that it was signed with the key that it brings.
 * @param encoded PEM in base64, as `spec.request` has it
 * @throws RequestError
 */
export function readCertificateRequest(encoded: string): CertificateRequest {
  const [, type, base64 = ''] = PEM.exec(Buffer.from(encoded, 'base64').toString('latin1')) ?? [];
  if (type !== 'CERTIFICATE REQUEST') throw new RequestError('PEM block type must be CERTIFICATE REQUEST');
  try {
    return readRequest(Buffer.from(base64, 'base64'));
  } catch (error) {
    throw error instanceof DerError ? new RequestError(error.message) : error;
  }
}

function readRequest(der: Buffer): CertificateRequest {
  const [information, algorithm, signature] = readInner(readElements(der)[0]);
  const [, subject, publicKey, attributes] = readInner(information);
  const request = {
    ...readSubject(subject),
    subject: subject?.bytes ?? Buffer.alloc(0),
    publicKey: publicKey?.bytes ?? Buffer.alloc(0),
    ...readAlternativeNames(attributes),
  };
  checkSignature(information?.bytes ?? Buffer.alloc(0), request.publicKey, algorithm, readBits(signature));
  return request;
}

function checkSignature(
  signed: Buffer,
  publicKey: Buffer,
  algorithm: DerElement | undefined,
  signature: Buffer,
): void {
  const known = algorithms[readObjectIdentifier(readInner(algorithm)[0])];
  if (known === undefined) {
    throw new RequestError('x509: cannot verify signature: algorithm unimplemented');
  }
  let isGood: boolean;
  try {
    const key = createPublicKey({ key: publicKey, format: 'der', type: 'spki' });
    isGood = verify(known.hash, signed, key, signature);
  } catch {
    throw new RequestError('x509: unsupported public key');
  }
  if (!isGood) throw new RequestError(known.failure);
}

function readSubject(subject: DerElement | undefined): {
  commonName: string;
  organizations: readonly string[];
} {
  const attributes = readInner(subject)
    .flatMap((set) => readInner(set, 0x31))
    .map((attribute) => {
      const [identifier, value] = readInner(attribute);
      return { identifier: readObjectIdentifier(identifier), text: value?.content.toString('utf8') ?? '' };
    });
  const texts = (wanted: string): string[] =>
    attributes.filter(({ identifier }) => identifier === wanted).map(({ text }) => text);
  return { commonName: texts(COMMON_NAME).at(-1) ?? '', organizations: texts(ORGANIZATION) };
}

function readAlternativeNames(
  attributes: DerElement | undefined,
): Pick<CertificateRequest, 'alternativeNames' | 'alternativeNamesExtension'> {
  const extension = attributes === undefined ? undefined : alternativeNamesIn(attributes);
  const names = extension === undefined ? [] : readInner(readElements(extension)[0]);
  const count = (tag: number): number => names.filter((name) => name.tag === tag).length;
  return {
    alternativeNames: { emails: count(0x81), dns: count(0x82), uris: count(0x86), addresses: count(0x87) },
    alternativeNamesExtension: extension,
  };
}

/** The value of the extension for names, among the extensions that a request asks for. */
function alternativeNamesIn(attributes: DerElement): Buffer | undefined {
  for (const attribute of readInner(attributes, 0xa0)) {
    const [identifier, values] = readInner(attribute);
    if (readObjectIdentifier(identifier) !== EXTENSION_REQUEST) continue;
    for (const extension of readInner(readInner(values, 0x31)[0])) {
      const [name, ...rest] = readInner(extension);
      if (readObjectIdentifier(name) === ALTERNATIVE_NAME) return contentOf(rest.at(-1), 0x04);
    }
  }
  return undefined;
}
