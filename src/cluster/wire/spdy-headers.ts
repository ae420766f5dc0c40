import { inflateRawSync, constants } from 'node:zlib';

/** Names and values of a SPDY header block. */
export type SpdyHeaders = Readonly<Record<string, string>>;

const NAMES =
  'options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age ' +
  'allow authorization cache-control connection content-base content-encoding content-language content-length ' +
  'content-location content-md5 content-range content-type date etag expect expires from host if-match ' +
  'if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma ' +
  'proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade ' +
  'user-agent vary via warning www-authenticate method get status';
const TAIL =
  '100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 ' +
  'Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 ' +
  'Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr ' +
  'May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,' +
  'image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,public' +
  'privatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.';

/** The text that both sides prime zlib with: SPDY protocol draft 3.1, section 2.6.10.1. */
export const SPDY_DICTIONARY: Buffer = Buffer.concat([
  ...[
    ...NAMES.split(' '),
    '200 OK',
    'version',
    'HTTP/1.1',
    'url',
    'public',
    'set-cookie',
    'keep-alive',
    'origin',
  ].map(text),
  Buffer.from(TAIL),
]);

/** How far back compressed data may refer. */
const WINDOW_BYTES = 32 * 1024;
const MAX_BLOCK_BYTES = 64 * 1024;
const EMPTY_STORED_BLOCK = Buffer.from([0, 0, 0, 0xff, 0xff]);

/**
 * Unpacks the header blocks of one connection, in order. They are one zlib stream that the sender flushes after
 * each block, so every block can be inflated at once when the window before it is given as the dictionary.
 */
export class HeaderReader {
  #window = SPDY_DICTIONARY;
  #started = false;

  /** @throws Error where the block is not what it should be. */
  read(block: Buffer): SpdyHeaders {
    const bytes = inflateRawSync(this.#started ? block : block.subarray(zlibHeaderLength(block)), {
      dictionary: this.#window,
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: MAX_BLOCK_BYTES,
    });
    this.#started = true;
    this.#window = Buffer.concat([this.#window, bytes]).subarray(-WINDOW_BYTES);
    return parse(bytes);
  }
}

/** Packs the header blocks of one connection: as stored, not compressed blocks of a zlib stream. */
export class HeaderWriter {
  #started = false;

  write(headers: SpdyHeaders): Buffer {
    const pairs = Object.entries(headers);
    const bytes = Buffer.concat([uint32(pairs.length), ...pairs.flat().map(text)]);
    const header = Buffer.alloc(5);
    header.writeUInt16LE(bytes.length, 1);
    header.writeUInt16LE(~bytes.length & 0xffff, 3);
    const start = Buffer.from(this.#started ? [] : [0x78, 0x01]);
    this.#started = true;
    return Buffer.concat([start, header, bytes, EMPTY_STORED_BLOCK]);
  }
}

/** Two bytes, and four more where a dictionary is named (RFC 1950, section 2.2). */
function zlibHeaderLength(block: Buffer): number {
  return block.readUInt8(1) & 0x20 ? 6 : 2;
}

function parse(bytes: Buffer): SpdyHeaders {
  let at = 4;
  const next = (): string => {
    const length = bytes.readUInt32BE(at);
    at += 4 + length;
    if (at > bytes.length) throw new RangeError('header block is cut short');
    return bytes.toString('utf8', at - length, at);
  };
  const headers: Record<string, string> = {};
  for (let left = bytes.readUInt32BE(0); left > 0; left--) headers[next().toLowerCase()] = next();
  return headers;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
