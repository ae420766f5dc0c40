import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addressBytes, element, integer, objectIdentifier, time } from '../../../../src/cluster/wire/der.ts';

/** The contents of one element, and what follows it; throws where the length is not in its shortest form. */
function read(bytes: Buffer): { tag: number; contents: Buffer } {
  const first = bytes.readUInt8(1);
  let length = first;
  let at = 2;
  if (first >= 0x80) {
    const count = first & 0x7f;
    length = bytes.readUIntBE(2, count);
    at += count;
    if (length < 0x80 || bytes[2] === 0) throw new Error('length is not in its shortest form');
  }
  if (bytes.length !== at + length) throw new Error('length is wrong');
  return { tag: bytes.readUInt8(0), contents: bytes.subarray(at) };
}

describe('element', () => {
  test('keeps its contents and writes the shortest length', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 70_000 }), (length) => {
        const contents = Buffer.alloc(length, 7);
        const seen = read(element(0x04, contents));
        expect(seen.tag).toBe(0x04);
        expect(seen.contents.equals(contents)).toBe(true);
      }),
      { examples: [[0], [127], [128], [255], [256], [65_535], [65_536]] },
    );
  });
});

describe('integer', () => {
  test('is read back as a number that is not negative, without bytes to spare', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 160n }), (value) => {
        const { contents } = read(integer(value));
        expect(contents.readUInt8(0) & 0x80).toBe(0);
        expect(BigInt(`0x${contents.toString('hex')}`)).toBe(value);
        if (contents.length > 1 && contents[0] === 0) expect(contents.readUInt8(1) & 0x80).toBe(0x80);
      }),
      { examples: [[0n], [127n], [128n], [255n], [256n]] },
    );
  });
});

test('object identifiers in base 128', () => {
  expect(objectIdentifier('1.2.840.10045.4.3.2').toString('hex')).toBe('06082a8648ce3d040302');
  expect(objectIdentifier('2.5.29.17').toString('hex')).toBe('0603551d11');
});

test('times change form in 2050', () => {
  expect(time(new Date('2049-12-31T23:59:59.900Z')).toString('latin1')).toBe('\x17\x0d491231235959Z');
  expect(time(new Date('2050-01-01T00:00:00Z')).toString('latin1')).toBe('\x18\x0f20500101000000Z');
});

test('addresses', () => {
  expect([...addressBytes('10.96.0.1')]).toEqual([10, 96, 0, 1]);
  expect(addressBytes('::1').toString('hex')).toBe('00000000000000000000000000000001');
  expect(addressBytes('fd00:10::a').toString('hex')).toBe('fd00001000000000000000000000000a');
  expect(addressBytes('::').toString('hex')).toBe('0'.repeat(32));
  expect(addressBytes('1:2:3:4:5:6:7:8').toString('hex')).toBe('00010002000300040005000600070008');
  expect(() => addressBytes('localhost')).toThrow('not an IP address: localhost');
  expect(() => addressBytes('::ffff:1.2.3.4')).toThrow('not an IP address');
});
