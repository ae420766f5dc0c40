import { expect, test } from '@jest/globals';
import { BusyboxLab } from '../support.ts';

test.each([
  // Lines that come in two pieces, and words across them.
  [
    "{ printf 'one tw'; sleep 1; printf 'o\\nthr'; sleep 1; printf 'ee\\n'; } | wc",
    '        2         3        14\n',
  ],
  ["printf 'aä' > f; { head -c 2 f; sleep 1; tail -c 1 f; } | wc -m", '2\n'],
  [
    "{ printf 'abcde'; sleep 1; printf 'fghij'; sleep 1; printf 'klmnop'; } | hexdump",
    '0000000 6261 6463 6665 6867 6a69 6c6b 6e6d 706f\n0000010\n',
  ],
  [
    'head -c 64 /dev/zero | od',
    '0000000 000000 000000 000000 000000 000000 000000 000000 000000\n*\n0000100\n',
  ],
  [
    'head -c 33 /dev/zero | hexdump',
    '0000000 0000 0000 0000 0000 0000 0000 0000 0000\n*\n0000020 0000                                   \n0000021\n',
  ],
  ["{ printf 'ab'; sleep 1; printf 'c'; } | base64", 'YWJj\n'],
  [
    'seq 1 30000 | tail -n 2; seq 1 30000 | tail -c 6; seq 1 30000 | tail -n +29999',
    '29999\n30000\n30000\n29999\n30000\n',
  ],
  ['seq 1 9 | tail -c +15; seq 1 3 | tail -n 0; printf "a\\nb" | tail -n 1', '8\n9\nb'],
  [
    'seq 1 30000 > a; seq 1 30000 | cmp - a && echo same; { cat a; echo x; } | cmp a -',
    'same\ncmp: EOF on a\n',
  ],
  ['seq 1 10000 | xargs echo | wc -l', '2\n'],
])('%s', async (script, expected) => {
  const { stdout, stderr } = await new BusyboxLab().sh(script);
  expect(stdout + stderr).toBe(expected);
});

test.each([
  ['seq 1 20000 | base64 | base64 -d', 'seq 1 20000'],
  ['seq 20000 -1 1 | sort -n', 'seq 1 20000'],
  ['seq 1 20000 | sort -u; seq 1 20000 | sort', 'seq 1 20000 | sort; seq 20000 -1 1 | sort'],
])('%s is the same as %s', async (script, other) => {
  const { stdout } = await new BusyboxLab().sh(`{ ${script}; } | md5sum; { ${other}; } | md5sum`);
  const [first, second] = stdout.split('\n');
  expect(first).toMatch(/^[0-9a-f]{32}/);
  expect(first).toBe(second);
});
