/** One element of ASN.1 in its distinguished encoding. https://www.itu.int/rec/T-REC-X.690 */
export interface DerElement {
  readonly tag: number;
  /** The whole element, with tag and length. */
  readonly bytes: Buffer;
  readonly content: Buffer;
}

/** Bytes that are no such encoding, or not of what they are read as. */
export class DerError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DerError';
  }
}

/** The elements that bytes consist of. @throws DerError */
export function readElements(bytes: Buffer): readonly DerElement[] {
  const elements: DerElement[] = [];
  for (let rest = bytes; rest.length > 0;) {
    const element = readElement(rest);
    elements.push(element);
    rest = rest.subarray(element.bytes.length);
  }
  return elements;
}

/** The elements in one of a given tag. @throws DerError where it is of another, or absent */
export function readInner(element: DerElement | undefined, tag = 0x30): readonly DerElement[] {
  return readElements(contentOf(element, tag));
}

/** @throws DerError where the element is of another tag, or absent */
export function contentOf(element: DerElement | undefined, tag: number): Buffer {
  if (element === undefined) throw new DerError('asn1: syntax error: sequence truncated');
  if (element.tag !== tag) throw new DerError("asn1: structure error: tags don't match");
  return element.content;
}

/** `1.2.840.10045.4.3.2`. @throws DerError */
export function readObjectIdentifier(element: DerElement | undefined): string {
  const numbers: number[] = [];
  let value = 0;
  for (const byte of contentOf(element, 0x06)) {
    value = value * 128 + (byte & 0x7f);
    if ((byte & 0x80) !== 0) continue;
    numbers.push(value);
    value = 0;
  }
  const [head = 0, ...rest] = numbers;
  const first = Math.min(2, Math.floor(head / 40));
  return [first, head - first * 40, ...rest].join('.');
}

/** The bits of a string of whole bytes. @throws DerError */
export function readBits(element: DerElement | undefined): Buffer {
  return contentOf(element, 0x03).subarray(1);
}

function readElement(bytes: Buffer): DerElement {
  const [tag = 0, first = 0] = bytes;
  const long = first > 0x80 ? first & 0x7f : 0;
  if (bytes.length < 2 + long || long > 4 || first === 0x80) throw truncated();
  const length = long === 0 ? first : bytes.readUIntBE(2, long);
  const start = 2 + long;
  if (bytes.length < start + length) throw truncated();
  return { tag, bytes: bytes.subarray(0, start + length), content: bytes.subarray(start, start + length) };
}

function truncated(): DerError {
  return new DerError('asn1: syntax error: data truncated');
}
