import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { decodeProtobuf, isProtobuf } from '../../../../src/cluster/apiserver/protobuf.ts';
import type { AnyObject } from '../../../../src/model/objects.ts';

/** Bodies that kubectl 1.36 sent, and the objects that they are. */
const bodies = JSON.parse(readFileSync(new URL('kubectl-bodies.json', import.meta.url), 'utf8')) as {
  command: string;
  body: string;
  object: AnyObject;
}[];

/** Objects that Go's own types wrote in both formats. */
const written = JSON.parse(
  readFileSync(new URL('../../model/schema/go-types.json', import.meta.url), 'utf8'),
) as { stored: AnyObject; protobuf: string }[];

const bytesOf = (base64: string): Uint8Array => Buffer.from(base64, 'base64');

describe('decodeProtobuf', () => {
  test.each(bodies.map((entry) => [entry.command, entry] as const))('kubectl %s', (_command, entry) => {
    expect(decodeProtobuf(bytesOf(entry.body))).toEqual(entry.object);
  });

  test.each(written.map((entry) => [entry.stored.kind, entry] as const))(
    '%s is what Go writes as JSON',
    (_kind, entry) => {
      expect(decodeProtobuf(bytesOf(entry.protobuf))).toEqual(entry.stored);
    },
  );

  test('a body that is cut inside its object is refused', () => {
    const whole = bytesOf(bodies[0]!.body);
    for (let length = 40; length < whole.length - 4; length += 3) {
      expect(() => decodeProtobuf(whole.subarray(0, length))).toThrow();
    }
  });

  test('JSON is not taken for it', () => {
    const json = new TextEncoder().encode('{"kind":"Pod"}');
    expect(isProtobuf(json)).toBe(false);
    expect(() => decodeProtobuf(json)).toThrow(
      'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
    );
  });
});
