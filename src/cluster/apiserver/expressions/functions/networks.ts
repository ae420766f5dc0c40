import { define, method, type Overload } from '../library.ts';
import { isIPv4, isIPv6 } from '../../validation/formats.ts';
import { ExpressionError, Opaque } from '../values.ts';

const IP = 'net.IP';
const CIDR = 'net.CIDR';
const CIDR_PROBLEM = 'network address parse error during conversion from string';
const IPV4_BITS = 32;
const IPV6_BITS = 128;

class Address extends Opaque {
  readonly type = IP;
  readonly number: bigint;
  readonly bits: number;

  constructor(number: bigint, bits: number) {
    super();
    this.number = number;
    this.bits = bits;
  }

  override equals(other: Opaque): boolean {
    return other instanceof Address && other.number === this.number && other.bits === this.bits;
  }

  /** Whether it is in the network of another one. */
  isIn(network: Address, prefix: number): boolean {
    const shift = BigInt(this.bits - prefix);
    return this.bits === network.bits && this.number >> shift === network.number >> shift;
  }

  override toString(): string {
    return this.bits === IPV4_BITS ? ipv4Text(this.number) : ipv6Text(this.number);
  }
}

class Network extends Opaque {
  readonly type = CIDR;
  readonly address: Address;
  readonly prefix: number;

  constructor(address: Address, prefix: number) {
    super();
    this.address = address;
    this.prefix = prefix;
  }

  override equals(other: Opaque): boolean {
    return other instanceof Network && other.prefix === this.prefix && other.address.equals(this.address);
  }

  get masked(): Network {
    const shift = BigInt(this.address.bits - this.prefix);
    return new Network(new Address((this.address.number >> shift) << shift, this.address.bits), this.prefix);
  }

  override toString(): string {
    return `${String(this.address)}/${this.prefix}`;
  }
}

function ipv4Text(number: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (number >> shift) & 255n).join('.');
}

function ipv6Text(number: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((number >> BigInt(112 - 16 * index)) & 0xffffn).toString(16),
  );
  const text = groups.join(':');
  // The first of the longest runs of zeros is left out.
  const runs = [...text.matchAll(/(?<![^:])0(?::0)+(?![^:])/g)].map(([run]) => run);
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '');
  if (longest === '') return text;
  const at = new RegExp(`(?<![^:])${longest}(?![^:])`).exec(text)?.index ?? 0;
  return `${text.slice(0, at).replace(/:$/, '')}::${text.slice(at + longest.length).replace(/^:/, '')}`;
}

function addressOf(text: string): Address | undefined {
  if (isIPv4(text)) return new Address(ipv4Number(text), IPV4_BITS);
  if (!isIPv6(text)) return undefined;
  const plain = text.replace(/\d+\.\d+\.\d+\.\d+$/, (last) => {
    const number = ipv4Number(last);
    return `${(number >> 16n).toString(16)}:${(number & 0xffffn).toString(16)}`;
  });
  const [head = '', tail] = plain.split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const [front, back] = [groups(head), tail === undefined ? [] : groups(tail)];
  const all = [...front, ...Array.from({ length: 8 - front.length - back.length }, () => '0'), ...back];
  return new Address(
    all.reduce((sum, group) => (sum << 16n) + BigInt(`0x${group}`), 0n),
    IPV6_BITS,
  );
}

function ipv4Number(text: string): bigint {
  return text.split('.').reduce((sum, part) => (sum << 8n) + BigInt(part), 0n);
}

function isMapped({ number, bits }: Address): boolean {
  return bits === IPV6_BITS && number >> 32n === 0xffffn;
}

function ip(text: string): Address {
  if (text.includes('%')) {
    throw new ExpressionError(`IP address ${JSON.stringify(text)} with zone value is not allowed`);
  }
  const address = addressOf(text);
  if (address === undefined) {
    const quoted = JSON.stringify(text);
    throw new ExpressionError(
      `IP Address ${quoted} parse error during conversion from string: ParseAddr(${quoted}): ${isTooLarge(text) ? 'IPv4 field has value >255' : 'unable to parse IP'}`,
    );
  }
  if (isMapped(address)) {
    throw new ExpressionError(`IPv4-mapped IPv6 address ${JSON.stringify(text)} is not allowed`);
  }
  return address;
}

function cidr(text: string): Network {
  const [head = '', bits = ''] = text.split('/');
  const address = addressOf(head);
  const prefix = /^(?:0|[1-9]\d{0,2})$/.test(bits) ? Number(bits) : -1;
  if (address === undefined || prefix < 0 || prefix > address.bits || isMapped(address)) {
    const quoted = JSON.stringify(text);
    throw new ExpressionError(
      `${CIDR_PROBLEM}: ${CIDR_PROBLEM}: netip.ParsePrefix(${quoted}): ${whyNot(text)}`,
    );
  }
  return new Network(address, prefix);
}

function isTooLarge(text: string): boolean {
  return /^\d{1,3}(?:\.\d{1,3}){3}$/.test(text);
}

function whyNot(text: string): string {
  return text.includes('/') ? 'prefix length out of range' : "no '/'";
}

function holds(read: (text: string) => unknown): (text: string) => boolean {
  return (text) => {
    try {
      read(text);
      return true;
    } catch {
      return false;
    }
  };
}

const within =
  (...networks: readonly string[]) =>
  (address: Address): boolean =>
    networks.map(cidr).some((network) => address.isIn(network.address, network.prefix));

const isLoopback = within('127.0.0.0/8', '::1/128');
const isUnspecified = within('0.0.0.0/32', '::/128');
const isLinkLocalMulticast = within('224.0.0.0/24', 'ff02::/16');
const isLinkLocalUnicast = within('169.254.0.0/16', 'fe80::/10');
const isMulticast = within('224.0.0.0/4', 'ff00::/8');
const isBroadcast = within('255.255.255.255/32');

function isGlobalUnicast(address: Address): boolean {
  return ![isBroadcast, isUnspecified, isLoopback, isMulticast, isLinkLocalUnicast].some((is) => is(address));
}

function contains(outer: Network, inner: Network): boolean {
  return outer.prefix <= inner.prefix && inner.address.isIn(outer.address, outer.prefix);
}

/** https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-ip-address-library */
export const networks: readonly Overload[] = [
  define<[string]>('ip', ['string'], IP, ip),
  define<[string]>('isIP', ['string'], 'bool', holds(ip)),
  define<[string]>('ip.isCanonical', ['string'], 'bool', (text) => String(ip(text)) === text),
  define<[Address]>('string', [IP], 'string', String),
  method<[Address]>(IP, 'family', [], 'int', ({ bits }) => (bits === IPV4_BITS ? 4n : 6n)),
  method<[Address]>(IP, 'isUnspecified', [], 'bool', isUnspecified),
  method<[Address]>(IP, 'isLoopback', [], 'bool', isLoopback),
  method<[Address]>(IP, 'isLinkLocalMulticast', [], 'bool', isLinkLocalMulticast),
  method<[Address]>(IP, 'isLinkLocalUnicast', [], 'bool', isLinkLocalUnicast),
  method<[Address]>(IP, 'isGlobalUnicast', [], 'bool', isGlobalUnicast),
  define<[string]>('cidr', ['string'], CIDR, cidr),
  define<[string]>('isCIDR', ['string'], 'bool', holds(cidr)),
  define<[Network]>('string', [CIDR], 'string', String),
  method<[Network, string]>(CIDR, 'containsIP', ['string'], 'bool', ({ address, prefix }, text) =>
    ip(text).isIn(address, prefix),
  ),
  method<[Network, Address]>(CIDR, 'containsIP', [IP], 'bool', ({ address, prefix }, inner) =>
    inner.isIn(address, prefix),
  ),
  method<[Network, string]>(CIDR, 'containsCIDR', ['string'], 'bool', (outer, text) =>
    contains(outer, cidr(text)),
  ),
  method<[Network, Network]>(CIDR, 'containsCIDR', [CIDR], 'bool', contains),
  method<[Network]>(CIDR, 'ip', [], IP, ({ address }) => address),
  method<[Network]>(CIDR, 'prefixLength', [], 'int', ({ prefix }) => BigInt(prefix)),
  method<[Network]>(CIDR, 'masked', [], CIDR, ({ masked }) => masked),
];
