/** A range of IPv4 addresses, e.g. `10.244.1.0/24`. */
export interface Cidr {
  readonly base: number;
  readonly bits: number;
}

const DOT = 0x2e;
const ZERO = 0x30;

/** An IPv4 address as a number from 0 to 2³² − 1, or undefined where the text is none. */
export function parseIp(text: string): number | undefined {
  let value = 0;
  let part = 0;
  let digits = 0;
  let parts = 1;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === DOT) {
      if (digits === 0) return undefined;
      value = value * 256 + part;
      part = 0;
      digits = 0;
      parts++;
    } else {
      if (code < ZERO || code > ZERO + 9) return undefined;
      part = part * 10 + code - ZERO;
      digits++;
      if (digits > 3 || part > 255) return undefined;
    }
  }
  return parts === 4 && digits > 0 ? value * 256 + part : undefined;
}

export function formatIp(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}

/** @throws RangeError where the text is no IPv4 range */
export function parseCidr(text: string): Cidr {
  const [ip = '', length = '32'] = text.split('/');
  const address = parseIp(ip);
  const bits = Number(length);
  if (address === undefined || !Number.isInteger(bits) || bits < 0 || bits > 32) {
    throw new RangeError(`not an IPv4 range: ${text}`);
  }
  const size = 2 ** (32 - bits);
  return { base: address - (address % size), bits };
}

export function contains(cidr: Cidr, ip: string): boolean {
  const address = parseIp(ip);
  return address !== undefined && address >= cidr.base && address < cidr.base + 2 ** (32 - cidr.bits);
}

/** Is it 127.0.0.0/8? */
export function isLoopback(ip: string): boolean {
  return ip.startsWith('127.');
}

/**
 * Addresses of a node's pods as the `host-local` IPAM plugin gives them: the next one after the last that was
 * given, so that a freed address comes back as late as possible. `.1` is the gateway.
 */
export class AddressPool {
  readonly #base: number;
  readonly #size: number;
  readonly #used = new Set<number>();
  #last = 1;

  constructor(cidr: string) {
    const { base, bits } = parseCidr(cidr);
    this.#base = base;
    this.#size = 2 ** (32 - bits);
  }

  /** @returns undefined when every address is taken */
  allocate(): string | undefined {
    const usable = this.#size - 3;
    for (let tries = 0; tries < usable; tries++) {
      const offset = 2 + ((this.#last - 1 + tries) % usable);
      if (this.#used.has(offset)) continue;
      this.#used.add(offset);
      this.#last = offset;
      return formatIp(this.#base + offset);
    }
    return undefined;
  }

  release(ip: string): void {
    const address = parseIp(ip);
    if (address !== undefined) this.#used.delete(address - this.#base);
  }
}
