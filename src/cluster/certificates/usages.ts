/** Bits of the extension for the usage of a key, by the names of the certificates API. */
const BITS: Readonly<Record<string, number>> = {
  signing: 0,
  'digital signature': 0,
  'content commitment': 1,
  'key encipherment': 2,
  'data encipherment': 3,
  'key agreement': 4,
  'cert sign': 5,
  'crl sign': 6,
  'encipher only': 7,
  'decipher only': 8,
};

/** Object identifiers of the extension for extended usages. */
const EXTENDED: Readonly<Record<string, string>> = {
  any: '2.5.29.37.0',
  'server auth': '1.3.6.1.5.5.7.3.1',
  'client auth': '1.3.6.1.5.5.7.3.2',
  'code signing': '1.3.6.1.5.5.7.3.3',
  'email protection': '1.3.6.1.5.5.7.3.4',
  's/mime': '1.3.6.1.5.5.7.3.4',
  'ipsec end system': '1.3.6.1.5.5.7.3.5',
  'ipsec tunnel': '1.3.6.1.5.5.7.3.6',
  'ipsec user': '1.3.6.1.5.5.7.3.7',
  timestamping: '1.3.6.1.5.5.7.3.8',
  'ocsp signing': '1.3.6.1.5.5.7.3.9',
  'microsoft sgc': '1.3.6.1.4.1.311.10.3.3',
  'netscape sgc': '2.16.840.1.113730.4.1',
};

/**
 * What a key may be used for, by the names of the certificates API.
 * https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#kubernetes-signers
 */
export const KNOWN_USAGES: readonly string[] = [...Object.keys(BITS), ...Object.keys(EXTENDED)].sort();

/** The bits of the usages of a key and how many at the end of the last byte are unused; undefined where none is set. */
export function keyUsageBits(
  usages: readonly string[],
): { readonly bytes: Buffer; readonly unused: number } | undefined {
  const bits = usages.flatMap((usage) => BITS[usage] ?? []);
  if (bits.length === 0) return undefined;
  const last = Math.max(...bits);
  const bytes = Buffer.alloc(Math.floor(last / 8) + 1);
  for (const bit of bits) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  return { bytes, unused: 7 - (last & 7) };
}

/** The extended usages, as object identifiers, each once and in the order of the table. */
export function extendedUsages(usages: readonly string[]): readonly string[] {
  const wanted = Object.entries(EXTENDED).filter(([usage]) => usages.includes(usage));
  return [...new Set(wanted.map(([, identifier]) => identifier))];
}
