import { brotliDecompressSync } from 'node:zlib';

/** Reads a generated table: JSON, compressed with Brotli, in base64. */
export function unpack(packed: string): unknown {
  return JSON.parse(brotliDecompressSync(Buffer.from(packed, 'base64')).toString());
}
