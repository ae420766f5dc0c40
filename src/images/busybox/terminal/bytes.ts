/** Bytes as a text of one character each: the editor counts bytes, whatever they mean. */
export function fromBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

export function toBytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'));
}

/** What a path or a message looks like among such texts. */
export function fromText(text: string): string {
  return Buffer.from(text).toString('latin1');
}
