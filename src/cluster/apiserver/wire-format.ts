import { ParseError } from '../../model/parse-error.ts';

/** Reads the wire format of protocol buffers. https://protobuf.dev/programming-guides/encoding/ */
export class WireReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.#position >= this.#bytes.length;
  }

  /** The number and wire type of the next field. */
  tag(): { readonly number: number; readonly wireType: number } {
    const tag = Number(this.varint());
    return { number: Math.floor(tag / 8), wireType: tag % 8 };
  }

  /** A variable-length number, without sign. */
  varint(): bigint {
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte();
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt(low);
    }
    let value = BigInt(low);
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new ParseError('proto: integer overflow');
  }

  double(): number {
    const value = this.#view.getFloat64(this.#advance(8), true);
    return value;
  }

  /** What a field of wire type 2 holds: text, bytes or a message. A view of the body, not a copy. */
  chunk(): Uint8Array {
    const length = Number(this.varint());
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  skip(wireType: number): void {
    switch (wireType) {
      case 0:
        this.varint();
        return;
      case 1:
        this.#advance(8);
        return;
      case 2:
        this.chunk();
        return;
      case 5:
        this.#advance(4);
        return;
      default:
        throw new ParseError(`proto: illegal wireType ${wireType}`);
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#position++];
    if (byte === undefined) throw new ParseError('unexpected EOF');
    return byte;
  }

  #advance(length: number): number {
    const start = this.#position;
    if (start + length > this.#bytes.length) throw new ParseError('unexpected EOF');
    this.#position += length;
    return start;
  }
}
