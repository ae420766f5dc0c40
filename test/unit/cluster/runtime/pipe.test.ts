import { expect, test } from '@jest/globals';
import { Pipe } from '../../../../src/cluster/runtime/pipe.ts';

const MEBIBYTE = new Uint8Array(1024 * 1024);

test('a pipe that nobody reads breaks before it fills the memory of the host', () => {
  const pipe = new Pipe();
  for (let count = 0; count < 64; count++) expect(pipe.write(MEBIBYTE)).toBe(true);
  expect(pipe.write(MEBIBYTE)).toBe(false);
  let read = 0;
  pipe.read((bytes) => (read += bytes?.length ?? 0));
  expect(read).toBe(MEBIBYTE.length);
  expect(pipe.write(MEBIBYTE)).toBe(true);
});
