import { expect, test } from '@jest/globals';
import { BusyboxLab } from '../../support.ts';
import { ROWS, typed } from '../at-terminal.ts';

/** What is typed and the line that becomes of the first one, as in busybox 1.37. */
const EDITS: readonly (readonly [keys: string, text: string])[] = [
  ['x', 'ne two three'],
  ['3x', ' two three'],
  ['wD', 'one '],
  ['dw', 'two three'],
  ['2dw', 'three'],
  ['d$', ''],
  ['wcwX\x1b', 'one X three'],
  ['Aend\x1b', 'one two threeend'],
  ['$iX\x1b', 'one two threXe'],
  ['iab\x7fc\x1b', 'acone two three'],
  ['RAB\x1b', 'ABe two three'],
  ['rX', 'Xne two three'],
  ['3rX', 'XXX two three'],
  ['3~', 'ONE two three'],
  ['ft;x', 'one two hree'],
  ['$Ftx', 'one two hree'],
  ['dtt', 'two three'],
  ['xu', 'one two three'],
  ['xxuu', 'one two three'],
  ['xw.', 'ne wo three'],
  ['ywP', 'one one two three'],
  ['xp', 'noe two three'],
  ['"ayw"aP', 'one one two three'],
  ['/thr\rx', 'one two hree'],
  ['/zzz\rx', 'ne two three'],
  ['J', 'one two three foo(bar, "x");'],
  ['>>', '\tone two three'],
  ['>><<', 'one two three'],
  ['ddp', 'foo(bar, "x");'],
  ['jddgg', 'one two three'],
  [':s/o/0/\r', '0ne two three'],
  [':s/o/0/g\r', '0ne tw0 three'],
  [':s/\\(two\\) \\(three\\)/\\2 \\1/\r', 'one three two'],
  [':1,2d\r', '\tindented'],
  [":$\rmagg:1,'ad\r", ''],
  [':set ai\riX \x1b', 'X one two three'],
  ['s\xc3\xa9\x1b', '\xc3\xa9ne two three'],
];

test.each(EDITS)('vi: %j', async (keys, line) => {
  const { file, code } = await typed('vi /tmp/f', [keys, ':wq\r']);
  expect(Buffer.from(file, 'utf8').toString('latin1').split('\n')[0]).toBe(line);
  expect(code).toBe('0\n');
});

const STATUS = `^[${ROWS};1H^[K`;

/** What is typed and what the last keys draw, as in busybox 1.37. */
const DRAWN: readonly (readonly [start: string, keys: readonly string[], drawn: string])[] = [
  [
    'vi /tmp/f',
    [],
    `vi /tmp/f; echo $? > /tmp/code\r\n^[?1049h^[H^[J^[1;1Hone two three^[2;1Hfoo(bar, "x");^[3;9Hindented^[4;1Hlast line^[5;1H~^[6;1H~^[7;1H~^[1;1H${STATUS}- /tmp/f 1/4 25%^[1;1H`,
  ],
  ['vi /tmp/f', ['l'], '^[1;2H'],
  ['vi /tmp/f', ['G'], `^[4;1H${STATUS}- /tmp/f 4/4 100%^[4;1H`],
  ['vi /tmp/f', ['x'], `^[1;1Hne two three ^[1;1H${STATUS}- /tmp/f [Modified] 1/4 25%^[1;1H`],
  [
    'vi /tmp/f',
    ['x', ':q\r'],
    `${STATUS}:q^[1;1H^[1;1H${STATUS}^[7mNo write since last change (:q! overrides)^[m^[1;1H`,
  ],
  ['vi /tmp/f', ['Q'], `^[1;1H${STATUS}^[7m'Q' is not implemented^[m^[1;1H`],
  ['vi /tmp/f', ['99j'], '\x07^[1;1H'],
  ['vi /tmp/f', [':w\r'], `${STATUS}:w^[1;1H^[1;1H${STATUS}'/tmp/f' 4L, 49C^[1;1H`],
  ['vi -R /tmp/f', [':w\r'], `${STATUS}:w^[1;1H^[1;1H${STATUS}^[7m'/tmp/f' is read only^[m^[1;1H`],
  ['vi', [':w\r'], `${STATUS}:w^[1;1H^[1;1H${STATUS}^[7mNo current filename^[m^[1;1H`],
  [
    'vi /tmp/f',
    ['dd', ':99\r'],
    `${STATUS}- /tmp/f [Modified] 1/3 33%^[1;1H${STATUS}:99^[1;1H^[1;1H${STATUS}^[7mInvalid range^[m^[1;1H`,
  ],
  ['vi /tmp/f', ['ZZ'], `^[1;1H${STATUS}^[?1049l/ # ^[6n`],
];

test.each(DRAWN)('%s and %j', async (start, keys, drawn) => {
  expect((await typed(start, keys)).drawn).toBe(drawn);
});

test('a terminal that becomes another size is drawn anew', async () => {
  const lab = new BusyboxLab();
  let drawn = '';
  const input = lab.container.exec(
    ['vi', '/etc/passwd'],
    { stdin: true, tty: true },
    { stdout: (bytes) => (drawn += new TextDecoder().decode(bytes)), stderr: () => {}, exit: () => {} },
  );
  await lab.advance(1);
  drawn = '';
  input.resize(20, 3);
  await lab.advance(1);
  expect(drawn.replaceAll('\x1b', '^')).toBe(
    '^[H^[J^[1;1Hroot:x:0:0:root:/roo^[2;1Hdaemon:x:1:1:daemon:^[1;1H^[3;1H^[K- /etc/passwd 1/9 11%^[1;1H',
  );
});

test('who has no keyboard cannot edit', async () => {
  const { stderr, code } = await new BusyboxLab().sh('vi /etc/passwd </dev/null >/dev/null');
  expect([stderr, code]).toEqual(["vi: can't read user input\n", 1]);
});
