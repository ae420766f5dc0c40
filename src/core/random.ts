const CONSONANTS_AND_DIGITS = 'bcdfghjklmnpqrstvwxz2456789';

/** A 32-bit mix of text (FNV-1a with a final avalanche); the same on every machine. */
export function hash32(text: string, start = 0x811c9dc5): number {
  let hash = start;
  for (let index = 0; index < text.length; index++) {
    hash ^= text.charCodeAt(index);
    hash = Math.imul(hash, 0x01000193);
  }
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** One stream of random numbers (sfc32), fully determined by its seed text. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: string) {
    this.#a = hash32(seed, 1);
    this.#b = hash32(seed, 2);
    this.#c = hash32(seed, 3);
    for (let round = 0; round < 12; round++) this.uint32();
  }

  /** A whole number from 0 to 2³² − 1. */
  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11);
    this.#c = (this.#c + sum) | 0;
    return sum >>> 0;
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + (this.uint32() % (high - low + 1));
  }

  /** One element of a list that is not empty. */
  pick<T>(items: readonly T[]): T {
    const item = items[this.uint32() % items.length];
    if (item === undefined) throw new RangeError('pick from an empty list');
    return item;
  }

  /** The same items in another order. */
  shuffle<T>(items: readonly T[]): T[] {
    const result = [...items];
    for (let index = result.length - 1; index > 0; index--) {
      const other = this.uint32() % (index + 1);
      [result[index], result[other]] = [result[other] as T, result[index] as T];
    }
    return result;
  }

  /** A name suffix in Kubernetes' own alphabet (no vowels, no 0, 1, 3), as in `web-7d4f9c6b5-x2vbq`. */
  suffix(length: number): string {
    let text = '';
    while (text.length < length) text += CONSONANTS_AND_DIGITS.charAt(this.uint32() % 27);
    return text;
  }

  /** `length` lower-case hexadecimal digits. */
  hex(length: number): string {
    let text = '';
    while (text.length < length) text += this.uint32().toString(16).padStart(8, '0');
    return text.slice(0, length);
  }

  /** A version-4 UUID. */
  uuid(): string {
    const digits = this.hex(32);
    const variant = '89ab'.charAt(this.uint32() % 4);
    return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-${variant}${digits.slice(17, 20)}-${digits.slice(20)}`;
  }
}

/**
 * Named streams of one seed. A part draws from its own stream only, so that a new draw somewhere does not
 * reshuffle everything else.
 */
export class RandomStreams {
  readonly #seed: string;
  readonly #streams = new Map<string, Random>();

  constructor(seed: string) {
    this.#seed = seed;
  }

  stream(name: string): Random {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      stream = new Random(`${this.#seed}/${name}`);
      this.#streams.set(name, stream);
    }
    return stream;
  }

  /** Forgets a stream whose owner is gone (a deleted pod). */
  drop(name: string): void {
    this.#streams.delete(name);
  }
}
