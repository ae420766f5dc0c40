import { expect, test } from '@jest/globals';
import { ROWS, typed } from '../at-terminal.ts';

/** What is typed and what the last keys draw, as in busybox 1.37. */
const DRAWN: readonly (readonly [start: string, keys: readonly string[], drawn: string])[] = [
  [
    'seq 20 | less',
    [],
    `seq 20 | less; echo $? > /tmp/code\r\n^[0;0H^[K1\r\n^[K2\r\n^[K3\r\n^[K4\r\n^[K5\r\n^[K6\r\n^[K7\r\n^[${ROWS};0H^[K^[7mstandard input^[m`,
  ],
  [
    'seq 20 | less',
    ['/9\r'],
    `^[${ROWS};0H^[K/^[8;2H9^[8;3H^[0;0H^[K^[7m9^[m\r\n^[K10\r\n^[K11\r\n^[K12\r\n^[K13\r\n^[K14\r\n^[K15\r\n^[${ROWS};0H^[K:`,
  ],
  ['less /tmp/f', ['='], `^[${ROWS};0H^[K^[7m/tmp/f lines 1-4/4 (END)^[m`],
  ['less /tmp/f', ['q'], `^[${ROWS};0H^[K/ # ^[6n`],
  [
    'seq 20 | less',
    ['/9\r', 'n'],
    `^[0;0H^[K16\r\n^[K17\r\n^[K18\r\n^[K1^[7m9^[m\r\n^[K20\r\n^[K\r\n^[K~\r\n^[${ROWS};0H^[K^[7m(END)^[m`,
  ],
];

test.each(DRAWN)('%s and %j', async (start, keys, drawn) => {
  expect((await typed(start, keys)).drawn).toBe(drawn);
});

test('Ctrl-C ends it, and a file that is not there is told of', async () => {
  expect((await typed('less /tmp/f', ['\x03'])).code).toBe('130\n');
  expect((await typed('less /nope', [])).drawn).toContain(
    "less: can't open '/nope': No such file or directory",
  );
});
