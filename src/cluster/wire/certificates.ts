import {
  X509Certificate,
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  randomBytes,
  sign,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import {
  addressBytes,
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  utf8String,
} from './der.ts';
import { API_SERVER_IP } from '../service-range.ts';
import type { Der } from './der.ts';
import { readBits, readElements, readInner } from './der-reader.ts';

/** A certificate and its private key, both as PEM text. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** A cluster's certificate authority. Its certificates belong to the wall's time, not to the lab's. */
export interface Authority extends KeyPair {
  /** For the API server; `names` are DNS names and IP addresses beside those every cluster answers to. */
  issueServer(options: { now: Date; names?: readonly string[] }): KeyPair;
  /**
   * For a user: the common name is the user's name, the organizations are the groups.
   * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#x509-client-certificates
   */
  issueClient(options: { now: Date; commonName: string; organizations?: readonly string[] }): KeyPair;
}

const DAY = 86_400_000;
const API_SERVER_NAMES = [
  'localhost',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
  '127.0.0.1',
  '::1',
  API_SERVER_IP,
];

const ecdsaWithSha256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'));
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
/** Bits of the key usage extension with the number of unused bits at the end. */
const KEY_USAGE = {
  signCertificates: bitString(Buffer.from([0x06]), 1),
  sign: bitString(Buffer.from([0x80]), 7),
};

/** A new self-signed authority. */
export function createAuthority(options: { commonName: string; now: Date }): Authority {
  const { publicKey, privateKey } = newKeys();
  const subject = name(options.commonName, []);
  const certificate = write({
    subject,
    issuer: subject,
    publicKey,
    signer: { publicKey, privateKey },
    now: options.now,
    extensions: [
      extension('2.5.29.19', sequence(boolean(true)), true),
      extension('2.5.29.15', KEY_USAGE.signCertificates, true),
    ],
  });
  return loadAuthority({ certificate, key: pem(privateKey) });
}

/** An authority that was stored. */
export function loadAuthority(stored: KeyPair): Authority {
  const certificate = new X509Certificate(stored.certificate);
  const signer = { publicKey: certificate.publicKey, privateKey: createPrivateKey(stored.key) };
  const issuer = subjectOf(certificate);
  const issue = (now: Date, subject: Der, purpose: string, more: Der[]): KeyPair => {
    const { publicKey, privateKey } = newKeys();
    const extensions = [
      extension('2.5.29.19', sequence(), true),
      extension('2.5.29.15', KEY_USAGE.sign, true),
      extension('2.5.29.37', sequence(objectIdentifier(purpose))),
      ...more,
    ];
    return {
      certificate: write({ subject, issuer, publicKey, signer, now, extensions }),
      key: pem(privateKey),
    };
  };
  return {
    ...stored,
    issueServer: ({ now, names = [] }) =>
      issue(now, name('kube-apiserver', []), SERVER_AUTH, [
        extension('2.5.29.17', sequence(...[...API_SERVER_NAMES, ...names].map(alternativeName))),
      ]),
    issueClient: ({ now, commonName, organizations = [] }) =>
      issue(now, name(commonName, organizations), CLIENT_AUTH, []),
  };
}

interface Certificate {
  readonly subject: Der;
  readonly issuer: Der;
  readonly publicKey: KeyObject;
  readonly signer: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  readonly now: Date;
  readonly extensions: readonly Der[];
}

/** Valid from a day before `now` to a year after it, so that no clock is too far off. */
function write({ now, signer, publicKey, extensions, subject, issuer }: Certificate): string {
  const serial = randomBytes(16);
  serial.writeUInt8(serial.readUInt8(0) & 0x7f, 0);
  return certificatePem({
    serial,
    subject,
    issuer,
    publicKey: publicKey.export({ type: 'spki', format: 'der' }),
    validity: { from: new Date(now.getTime() - DAY), to: new Date(now.getTime() + 365 * DAY) },
    extensions: [...extensions, subjectExtension(publicKey), authorityExtension(signer.publicKey)],
    algorithm: ecdsaWithSha256,
    sign: (body) => sign('sha256', body, signer.privateKey),
  });
}

/** What is written into a certificate. */
export interface CertificateParts {
  /** Positive: the first bit is 0. */
  readonly serial: Buffer;
  readonly subject: Der;
  readonly issuer: Der;
  readonly publicKey: Der;
  readonly validity: { readonly from: Date; readonly to: Date };
  readonly extensions: readonly Der[];
  /** What `sign` signs with. */
  readonly algorithm: Der;
  readonly sign: (body: Buffer) => Buffer;
}

/** A signed certificate as PEM. RFC 5280, section 4.1. */
export function certificatePem(parts: CertificateParts): string {
  const body = sequence(
    explicit(0, integer(2n)),
    integer(BigInt(`0x${parts.serial.toString('hex')}`)),
    parts.algorithm,
    parts.issuer,
    sequence(time(parts.validity.from), time(parts.validity.to)),
    parts.subject,
    parts.publicKey,
    explicit(3, sequence(...parts.extensions)),
  );
  const der = sequence(body, parts.algorithm, bitString(parts.sign(body)));
  const lines = der.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

export function extension(identifier: string, value: Der, critical = false): Der {
  const flag = critical ? [boolean(true)] : [];
  return sequence(objectIdentifier(identifier), ...flag, octetString(value));
}

/** Says which key is certified. */
export function subjectExtension(publicKey: KeyObject): Der {
  return extension('2.5.29.14', octetString(keyIdentifier(publicKey)));
}

/** Says which key signed. */
export function authorityExtension(publicKey: KeyObject): Der {
  return extension('2.5.29.35', sequence(implicit(0, keyIdentifier(publicKey))));
}

/** A subject or an issuer. */
export function name(commonName: string, organizations: readonly string[]): Der {
  const part = (identifier: string, text: string): Der =>
    set(sequence(objectIdentifier(identifier), utf8String(text)));
  return sequence(...organizations.map((text) => part('2.5.4.10', text)), part('2.5.4.3', commonName));
}

/** The subject of an authority of ours: it has a common name and nothing else. */
function subjectOf(certificate: X509Certificate): Der {
  // Not by toLegacyObject: called before node:tls is loaded, it leaves Node 24 with one that lacks createSecureContext.
  return name(certificate.subject.replace(/^CN=/, ''), []);
}

function alternativeName(text: string): Der {
  return isIP(text) === 0 ? implicit(2, Buffer.from(text)) : implicit(7, addressBytes(text));
}

/** RFC 5280, section 4.2.1.2, method 1: SHA-1 of the bits of the public key. */
function keyIdentifier(publicKey: KeyObject): Buffer {
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha1')
    .update(readBits(readInner(readElements(der)[0])[1]))
    .digest();
}

function newKeys(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function pem(key: KeyObject): string {
  return key.export({ type: 'sec1', format: 'pem' }).toString();
}
