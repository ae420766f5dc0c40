import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeProtobuf } from '../../../src/cluster/apiserver/protobuf.ts';
import { packageRoot } from '../../../src/core/package-root.ts';
import { ParseError } from '../../../src/model/parse-error.ts';
import { bytes } from '../inputs.ts';
import { reader, unlessRefused } from '../reader.ts';

/** What kubectl has sent. */
const sent = JSON.parse(
  readFileSync(join(packageRoot, 'test/unit/cluster/apiserver/kubectl-bodies.json'), 'utf8'),
) as readonly { readonly body: string }[];

export const protobuf = reader<Buffer>({
  name: 'protobuf',
  reads: 'bodies in protobuf',
  inputs: bytes(
    sent.map(({ body }) => Buffer.from(body, 'base64')),
    [
      [0x6b, 0x38, 0x73, 0],
      [0x0a],
      [0x12],
      [0x1a],
      [0x80],
      [0xff],
      [0xff, 0xff, 0xff, 0xff, 0x0f],
      [0],
      [0x7f],
      [0x08, 0x96, 0x01],
      [0x0b],
      [0x0c],
      [0x0d],
    ].map((word) => Buffer.from(word)),
  ),
  tested: 250,
  open: () => (body) => {
    const object = unlessRefused(() => decodeProtobuf(body), ParseError);
    if (object !== undefined) JSON.stringify(object);
  },
});
