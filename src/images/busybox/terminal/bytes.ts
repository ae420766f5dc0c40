/** Characters that one call of `String.fromCharCode` takes. */
const AT_ONCE = 8192;

/** Bytes as a text of one character each: the editor counts bytes, whatever they mean. */
export function fromBytes(bytes: Uint8Array): string {
  let text = '';
  for (let start = 0; start < bytes.length; start += AT_ONCE) {
    text += String.fromCharCode(...bytes.subarray(start, start + AT_ONCE));
  }
  return text;
}

export function toBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}

/** What a path or a message looks like among such texts. */
export function fromText(text: string): string {
  return fromBytes(new TextEncoder().encode(text));
}
