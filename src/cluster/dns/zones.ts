import { isIPv4, isIPv6 } from 'node:net';
import { normalName } from './messages.ts';

/** A server block's key or a plugin's zone as CoreDNS reads it: without `dns://`, its port apart. */
export interface HostAndPort {
  /** Normal names; a network that does not end on a label's boundary is several. */
  readonly zones: readonly string[];
  readonly port: number | undefined;
}

/**
 * Reads `shop.test`, `dns://.:5353`, `10.96.0.0/12`, `10.96.0.0/12:53`.
 * @throws Error with CoreDNS' own words
 */
export function parseZone(text: string): HostAndPort {
  const plain = text.replace(/^(dns|tls|quic|https|https3|grpc):\/\//, '');
  const colon = plain.lastIndexOf(':');
  // Also where there is nothing at all: CoreDNS compares -1 with -1.
  if (colon === plain.length - 1)
    throw new Error(`expecting data after last colon: ${JSON.stringify(plain)}`);
  const number = /^[+-]?\d+$/.exec(plain.slice(colon + 1));
  const hasPort = colon >= 0 && number !== null;
  const host = hasPort ? plain.slice(0, colon) : plain;
  const port = hasPort ? Number(number[0]) : undefined;
  if (host.length > 255) throw new Error(`specified zone is too long: ${host.length} > 255`);
  if (!isDomainName(host)) throw new Error(`zone is not a valid domain name: ${host}`);
  return { zones: reverseZones(host) ?? [normalName(host)], port };
}

/** The zones that a plugin is given; what is no zone is left out without a word, as CoreDNS does it. */
export function zonesOf(texts: readonly string[]): string[] {
  return texts.flatMap((text) => {
    try {
      return parseZone(text).zones;
    } catch {
      return [];
    }
  });
}

function isDomainName(text: string): boolean {
  const name = text.replace(/\.$/, '');
  return name === '' || name.split('.').every((label) => label !== '' && label.length <= 63);
}

/**
 * The reverse zones that make up a network, each on the boundary of a label: `10.96.0.0/12` is
 * `96.10.in-addr.arpa` to `111.10.in-addr.arpa`. Undefined for what is no network.
 */
function reverseZones(text: string): string[] | undefined {
  const [, address = '', length = ''] = /^([^/]+)\/(\d+)$/.exec(text) ?? [];
  const bits = Number(length);
  if (isIPv4(address) && bits <= 32) {
    return split(address.split('.').map(Number), bits, 8).map(
      (octets) =>
        `${octets
          .reverse()
          .map((octet) => `${octet}.`)
          .join('')}in-addr.arpa`,
    );
  }
  if (!isIPv6(address) || bits > 128) return undefined;
  if (/^[:0]/.test(address)) throw new Error(`invalid CIDR ${text}`);
  return split(nibbles(address), bits, 4).map(
    (digits) =>
      `${digits
        .reverse()
        .map((digit) => `${digit.toString(16)}.`)
        .join('')}ip6.arpa`,
  );
}

/** The labels of every network that ends on a label's boundary within the one of so many bits. */
function split(labels: readonly number[], bits: number, size: number): number[][] {
  const whole = Math.floor(bits / size);
  const fixed = labels.slice(0, whole);
  const rest = bits % size;
  if (rest === 0) return [fixed];
  const count = 2 ** (size - rest);
  const first = labels[whole] ?? 0;
  return Array.from({ length: count }, (_, index) => [...fixed, first - (first % count) + index]);
}

/** The 32 hexadecimal digits of an IPv6 address. */
function nibbles(address: string): number[] {
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [before = '', after] = address.split('::');
  const [head, tail] = [groups(before), groups(after ?? '')];
  const gap = after === undefined ? 0 : 8 - head.length - tail.length;
  return [...head, ...Array<string>(gap).fill('0'), ...tail].flatMap((group) =>
    [12, 8, 4, 0].map((shift) => (Number.parseInt(group, 16) >> shift) & 15),
  );
}
