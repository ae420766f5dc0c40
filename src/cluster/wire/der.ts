import { isIPv4, isIPv6 } from 'node:net';

/**
 * Writes ASN.1 in its distinguished encoding: as much of it as an X.509 certificate needs.
 * https://www.itu.int/rec/T-REC-X.690
 */
export type Der = Buffer;

/** One element: tag, length in the shortest form, contents. */
export function element(tag: number, ...contents: Uint8Array[]): Der {
  const body = Buffer.concat(contents);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const length = bigEndian(BigInt(body.length));
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, body]);
}

export const sequence = (...items: Der[]): Der => element(0x30, ...items);
export const set = (...items: Der[]): Der => element(0x31, ...items);
export const boolean = (value: boolean): Der => element(0x01, Buffer.from([value ? 0xff : 0]));
export const octetString = (bytes: Uint8Array): Der => element(0x04, bytes);
export const utf8String = (text: string): Der => element(0x0c, Buffer.from(text));
/** A context-specific element that wraps others, `[number]`. */
export const explicit = (number: number, ...items: Der[]): Der => element(0xa0 | number, ...items);
/** A context-specific element that takes the place of a primitive, `[number] IMPLICIT`. */
export const implicit = (number: number, bytes: Uint8Array): Der => element(0x80 | number, bytes);

/** A whole number that is not negative. */
export function integer(value: bigint): Der {
  const bytes = bigEndian(value);
  return element(0x02, (bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}

/** Bits in whole bytes, less `unused` at the end. */
export const bitString = (bytes: Uint8Array, unused = 0): Der => element(0x03, Buffer.from([unused]), bytes);

/** `1.2.840.10045.4.3.2` */
export function objectIdentifier(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return element(0x06, Buffer.concat([first * 40 + second, ...rest].map(base128)));
}

/** UTCTime up to 2049 and GeneralizedTime after it, as RFC 5280 wants (section 4.1.2.5); whole seconds. */
export function time(at: Date): Der {
  const digits = at.toISOString().replace(/[-:T]|\.\d+/g, '');
  return at.getUTCFullYear() < 2050
    ? element(0x17, Buffer.from(digits.slice(2)))
    : element(0x18, Buffer.from(digits));
}

/** The 4 or 16 bytes of an address. */
export function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  if (!isIPv6(address) || address.includes('.')) throw new RangeError(`not an IP address: ${address}`);
  const [head = '', tail] = address.split('::');
  const left = groups(head);
  const right = groups(tail ?? '');
  const middle = Array<number>(8 - left.length - right.length).fill(0);
  const bytes = Buffer.alloc(16);
  [...left, ...middle, ...right].forEach((group, index) => bytes.writeUInt16BE(group, index * 2));
  return bytes;
}

function groups(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}

function bigEndian(value: bigint): Buffer {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
}

function base128(value: number): Buffer {
  const bytes = [value & 0x7f];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) {
    bytes.unshift((rest & 0x7f) | 0x80);
  }
  return Buffer.from(bytes);
}
