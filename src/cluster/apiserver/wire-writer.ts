/** Writes messages of protocol buffers. https://protobuf.dev/programming-guides/encoding/ */
export class WireWriter {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  /** A field that is a text. */
  text(field: number, value: string): void {
    this.#delimited(field, Buffer.from(value));
  }

  /** A field that is a message. */
  message(field: number, write: (body: WireWriter) => void): void {
    const body = new WireWriter();
    write(body);
    this.#delimited(field, body.bytes());
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#parts, this.#length);
  }

  #delimited(field: number, value: Uint8Array): void {
    for (const part of [varint(field * 8 + 2), varint(value.length), value]) {
      this.#parts.push(part);
      this.#length += part.length;
    }
  }
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return Uint8Array.from([...bytes, left]);
    bytes.push((left % 128) + 128);
  }
}
