import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { constants, createDeflate, createInflate } from 'node:zlib';
import { HeaderReader, HeaderWriter, SPDY_DICTIONARY } from '../../../../src/cluster/wire/spdy-headers.ts';
import { SpdyConnection } from '../../../../src/cluster/wire/spdy.ts';
import type { SpdyStream } from '../../../../src/cluster/wire/spdy.ts';

type Headers = Record<string, string>;

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function block(headers: Headers): Buffer {
  const texts = Object.entries(headers).flat();
  const parts = texts.flatMap((text) => [uint32(Buffer.byteLength(text)), Buffer.from(text)]);
  return Buffer.concat([uint32(texts.length / 2), ...parts]);
}

/** What zlib makes of the blocks of one connection, flushed one by one, as every client does. */
async function compress(blocks: readonly Buffer[], dictionary: Buffer | undefined): Promise<Buffer[]> {
  const deflate = createDeflate(dictionary === undefined ? {} : { dictionary });
  const result: Buffer[] = [];
  for (const bytes of blocks) {
    const chunks: Buffer[] = [];
    const collect = (chunk: Buffer): number => chunks.push(chunk);
    deflate.on('data', collect);
    deflate.write(bytes);
    await new Promise<void>((resolve) => deflate.flush(constants.Z_SYNC_FLUSH, resolve));
    deflate.off('data', collect);
    result.push(Buffer.concat(chunks));
  }
  deflate.close();
  return result;
}

/** adler32, by which a zlib stream names its dictionary. */
function adler32(bytes: Buffer): number {
  let a = 1;
  let b = 0;
  for (const byte of bytes) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  return b * 65_536 + a;
}

const headers = fc.dictionary(
  fc.stringMatching(/^[a-z][a-z-]{0,12}$/),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  { maxKeys: 8, noNullPrototype: true },
);

describe('header blocks', () => {
  test('the dictionary is the one that SPDY/3 streams name', () => {
    expect(SPDY_DICTIONARY).toHaveLength(1423);
    expect(adler32(SPDY_DICTIONARY)).toBe(0xe3c6a7c2);
  });

  test('are read as zlib wrote them, with the dictionary or without', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(headers, { maxLength: 12 }), fc.boolean(), async (all, withDictionary) => {
        const packed = await compress(all.map(block), withDictionary ? SPDY_DICTIONARY : undefined);
        const reader = new HeaderReader();
        expect(packed.map((bytes) => reader.read(bytes))).toEqual(all);
      }),
      { numRuns: 60 },
    );
  });

  test('refer back no further than the window, however many there are', async () => {
    const all = Array.from({ length: 400 }, (_value, index) => ({
      streamtype: index % 2 === 0 ? 'error' : 'data',
      port: '8080',
      requestid: String(index >> 1),
      padding: 'x'.repeat(index),
    }));
    const reader = new HeaderReader();
    const packed = await compress(all.map(block), SPDY_DICTIONARY);
    expect(packed.map((bytes) => reader.read(bytes))).toEqual(all);
  });

  test('are written as zlib reads them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(headers, { minLength: 1, maxLength: 5 }), async (all) => {
        const writer = new HeaderWriter();
        const inflate = createInflate({ dictionary: SPDY_DICTIONARY });
        const chunks: Buffer[] = [];
        inflate.on('data', (chunk: Buffer) => chunks.push(chunk));
        for (const one of all) inflate.write(writer.write(one));
        await new Promise<void>((resolve) => inflate.flush(constants.Z_SYNC_FLUSH, resolve));
        inflate.close();
        expect(Buffer.concat(chunks).equals(Buffer.concat(all.map(block)))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  test('that unpack to very much, or are cut short, are refused', async () => {
    const [bomb] = await compress([block({ a: 'x'.repeat(1_000_000) })], SPDY_DICTIONARY);
    expect(() => new HeaderReader().read(bomb!)).toThrow();
    const [short] = await compress([block({ a: 'b' }).subarray(0, 9)], SPDY_DICTIONARY);
    expect(() => new HeaderReader().read(short!)).toThrow();
  });
});

const control = (type: number, body: Buffer, flags = 0): Buffer => {
  const header = Buffer.from([0x80, 3, 0, type, flags, 0, 0, 0]);
  header.writeUIntBE(body.length, 5, 3);
  return Buffer.concat([header, body]);
};
const data = (id: number, bytes: Buffer, flags = 0): Buffer => {
  const header = Buffer.concat([uint32(id), Buffer.from([flags, 0, 0, 0])]);
  header.writeUIntBE(bytes.length, 5, 3);
  return Buffer.concat([header, bytes]);
};
const synStream = (id: number, packed: Buffer, flags = 0): Buffer =>
  control(1, Buffer.concat([uint32(id), uint32(0), Buffer.alloc(2), packed]), flags);
const FIN = 1;

/** A connection that notes what happens on it. */
function listen(onOpen: (stream: SpdyStream) => void = () => {}): {
  connection: SpdyConnection;
  seen: string[];
  sent: Buffer[];
} {
  const seen: string[] = [];
  const sent: Buffer[] = [];
  const connection = new SpdyConnection({
    send: (bytes) => sent.push(bytes),
    open: (stream) => {
      seen.push(`${stream.id} open ${JSON.stringify(stream.headers)}`);
      onOpen(stream);
      return {
        data: (bytes) => seen.push(`${stream.id} data ${Buffer.from(bytes).toString()}`),
        end: () => seen.push(`${stream.id} end`),
        reset: () => seen.push(`${stream.id} reset`),
      };
    },
  });
  return { connection, seen, sent };
}

describe('a connection', () => {
  test('has each stream once, and no more than a client needs', async () => {
    const packed = await compress(
      Array.from({ length: 2001 }, () => block({})),
      SPDY_DICTIONARY,
    );
    const twice = listen();
    expect(() =>
      twice.connection.receive(Buffer.concat([synStream(1, packed[0]!), synStream(1, packed[1]!)])),
    ).toThrow('SPDY stream 1 is opened twice');
    const many = listen();
    expect(() =>
      many.connection.receive(Buffer.concat(packed.map((each, index) => synStream(2 * index + 1, each)))),
    ).toThrow('more than 2000 SPDY streams');
    expect(many.seen).toHaveLength(2000);
  });

  test('is read the same wherever the bytes are cut', async () => {
    const [first, second] = await compress(
      [block({ StreamType: 'error' }), block({ streamtype: 'data' })],
      SPDY_DICTIONARY,
    );
    const bytes = Buffer.concat([
      synStream(1, first!, FIN),
      synStream(3, second!),
      control(4, uint32(0)),
      data(3, Buffer.from('hello')),
      control(9, Buffer.concat([uint32(3), uint32(65_536)])),
      data(3, Buffer.from(' world'), FIN),
      data(3, Buffer.from('after the end')),
      data(99, Buffer.from('nobody')),
      control(3, Buffer.concat([uint32(1), uint32(5)])),
    ]);
    const expected = [
      '1 open {"streamtype":"error"}',
      '1 end',
      '3 open {"streamtype":"data"}',
      '3 data hello',
      '3 data  world',
      '3 end',
      '1 reset',
    ];
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 40 }), (sizes) => {
        const { connection, seen } = listen();
        let rest = bytes;
        for (const size of sizes) {
          connection.receive(rest.subarray(0, size));
          rest = rest.subarray(size);
        }
        connection.receive(rest);
        expect(seen).toEqual(expected);
      }),
    );
  });

  test('answers a stream with SYN_REPLY and a ping with its number', async () => {
    const [packed] = await compress([block({})], SPDY_DICTIONARY);
    const { connection, sent } = listen();
    connection.receive(synStream(1, packed!));
    connection.receive(control(6, uint32(7)));
    expect(sent[0]!.subarray(0, 12)).toEqual(
      Buffer.concat([Buffer.from([0x80, 3, 0, 2, 0, 0, 0, sent[0]!.length - 8]), uint32(1)]),
    );
    expect(sent[1]).toEqual(control(6, uint32(7)));
  });

  test('sends data in frames that a client takes, and nothing after the end', async () => {
    const [packed] = await compress([block({})], SPDY_DICTIONARY);
    const { connection, sent } = listen((stream) => {
      stream.write(Buffer.alloc(150_000, 'x'));
      stream.end();
      stream.end();
      stream.write(Buffer.from('late'));
    });
    connection.receive(synStream(1, packed!));
    connection.goAway();
    expect(
      sent.slice(1).map((frame) => [frame.readUInt8(0) >> 7, frame.readUInt8(4), frame.length - 8]),
    ).toEqual([
      [0, 0, 65_536],
      [0, 0, 65_536],
      [0, 0, 18_928],
      [0, FIN, 0],
      [1, 0, 8],
    ]);
  });

  test('that is not SPDY/3 or wants to send a huge frame is refused', () => {
    expect(() => listen().connection.receive(Buffer.from([0x80, 2, 0, 1, 0, 0, 0, 0]))).toThrow(
      'not a SPDY/3',
    );
    expect(() => listen().connection.receive(data(1, Buffer.alloc(0)).fill(0xff, 5))).toThrow(
      '16777215 bytes',
    );
  });
});
