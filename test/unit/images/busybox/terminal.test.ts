import { expect, test } from '@jest/globals';
import { BusyboxLab } from '../support.ts';

/** What somebody sees who types at the prompt of `kubectl exec -it … -- sh`, without the questions for the cursor's place. */
async function typed(...keys: readonly string[]): Promise<string> {
  const lab = new BusyboxLab();
  let seen = '';
  const ignore = (): void => {};
  const stdout = (bytes: Uint8Array): void => {
    seen += new TextDecoder().decode(bytes);
  };
  const input = lab.container.exec(
    ['sh'],
    { stdin: true, tty: true },
    { stdout, stderr: ignore, exit: ignore },
  );
  await lab.advance(1);
  for (const some of keys) {
    input.stdin(new TextEncoder().encode(some));
    await lab.advance(keys.length === 1 ? 60 : 3);
  }
  return seen.replaceAll('\x1b[6n', '').replaceAll('\r', '');
}

test.each(["'EOF'", 'EOF', '\\EOF'])('a here-document up to %s goes on over lines', async (end) => {
  expect(await typed(`cat <<${end}\rx\rEOF\rexit\r`)).toBe(`/ # cat <<${end}\n> x\n> EOF\nx\n/ # exit\n`);
});

test('a long here-document is not read anew with each line', async () => {
  const lines = Array.from({ length: 3000 }, (_, index) => `line ${index} of "many" (`);
  const out = await typed(`cat <<EOF | wc -l\r${lines.join('\r')}\rEOF\rexit\r`);
  expect(out.split('\n').slice(-4)).toEqual(['> EOF', '3000', '/ # exit', '']);
});

test('a line has 1022 characters at most', async () => {
  const out = await typed(`echo ${'a'.repeat(3000)}\rexit\r`);
  expect(out).toBe(`/ # echo ${'a'.repeat(1017)}\n${'a'.repeat(1017)}\n/ # exit\n`);
});

/** What is typed, and what busybox 1.37 shows from the prompt on, as it was seen in a terminal of 80 columns. */
const SEEN: readonly (readonly [title: string, keys: readonly string[], seen: string])[] = [
  [
    'Ctrl-C ends a loop, not only what runs in it',
    ['while true; do sleep 1; done\r', '\x03', 'echo $?\r'],
    'while true; do sleep 1; done\n^C\n/ # echo $?\n130\n/ # ',
  ],
  [
    'Ctrl-C ends what comes behind as well',
    ['sleep 50; echo after\r', '\x03', 'echo $?\r'],
    'sleep 50; echo after\n^C\n/ # echo $?\n130\n/ # ',
  ],
  ['an exit code of 130 is no Ctrl-C', ["sh -c 'exit 130'\r"], "sh -c 'exit 130'\n/ # "],
  ['Ctrl-C at the prompt', ['abc', '\x03', 'echo $?\r'], 'abc^C\n\n/ # echo $?\n130\n/ # '],
  ['a trap of Ctrl-C', ["trap 'echo int' INT\r", 'abc', '\x03'], "trap 'echo int' INT\n/ # abc^C\nint\n/ # "],
  [
    'Ctrl-Z stops, bg and fg continue',
    ['sleep 100\r', '\x1a', 'echo $?\r', 'jobs\r', 'bg\r', 'jobs\r', 'fg\r', '\x03', 'jobs\r'],
    'sleep 100\n^Z[1]+  Stopped                    sleep 100\n/ # echo $?\n148\n/ # jobs\n' +
      '[1]+  Stopped                    sleep 100\n/ # bg\n[1] sleep 100\n/ # jobs\n' +
      '[1]+  Running                    sleep 100\n/ # fg\nsleep 100\n^C\n/ # jobs\n/ # ',
  ],
  [
    'the job that was stopped last is the current one',
    ['sleep 100\r', '\x1a', 'sleep 200\r', '\x1a', 'jobs\r', 'fg %1\r', '\x03', 'jobs\r'],
    'sleep 100\n^Z[1]+  Stopped                    sleep 100\n/ # sleep 200\n' +
      '^Z[2]+  Stopped                    sleep 200\n/ # jobs\n' +
      '[2]+  Stopped                    sleep 200\n[1]-  Stopped                    sleep 100\n' +
      '/ # fg %1\nsleep 100\n^C\n/ # jobs\n[2]+  Stopped                    sleep 200\n/ # ',
  ],
  [
    'who was stopped while it read goes on reading',
    ['cat\r', '\x1a', 'fg\r', 'hello\r', '\x03'],
    'cat\n^Z[1]+  Stopped                    cat\n/ # fg\ncat\nhello\nhello\n^C\n/ # ',
  ],
  [
    'a subshell is stopped with what it runs',
    ['(sleep 100)\r', '\x1a', 'jobs\r'],
    '(sleep 100)\n^Z[1]+  Stopped                    (sleep 100)\n/ # jobs\n' +
      '[1]+  Stopped                    (sleep 100)\n/ # ',
  ],
  [
    'what is stopped is told at the prompt',
    ['sleep 100; echo next\r', '\x1a'],
    'sleep 100; echo next\n^Znext\n[1]+  Stopped                    sleep 100\n/ # ',
  ],
  [
    'exit warns of stopped jobs once',
    ['sleep 100\r', '\x1a', 'exit\r', 'exit\r'],
    'sleep 100\n^Z[1]+  Stopped                    sleep 100\n/ # exit\nYou have stopped jobs.\n/ # exit\n',
  ],
  [
    'a stopped process is T',
    ['sleep 100\r', '\x1a', 'ps -o stat,args | grep "sleep 100$"\r'],
    'sleep 100\n^Z[1]+  Stopped                    sleep 100\n/ # ps -o stat,args | grep "sleep 100$"\nT    sleep 100\n/ # ',
  ],
  ['without job control nothing is stopped', ['set +m\r', 'sleep 50\r', '\x1a'], 'set +m\n/ # sleep 50\n^Z'],
  ['read -s shows nothing', ['read -s x\r', 'secret\r', 'echo $x\r'], 'read -s x\n/ # echo $x\nsecret\n/ # '],
  ['read -n 1 wants no Enter', ['read -n 1 x\r', 'a', 'echo $x\r'], 'read -n 1 x\na/ # echo $x\na\n/ # '],
  ['the options of a prompt', ['echo $-\r'], 'echo $-\nsmi\n/ # '],
  ['Tab completes what is clear', ['cat /etc/pass', '\t'], 'cat /etc/pass/ # cat /etc/passwd \x1b[J'],
  [
    'Tab lists what is not clear, at the second time',
    ['ls /etc/', '\t', '\t'],
    'ls /etc/\x07\ngroup          nsswitch.conf  passwd\n/ # ls /etc/\x1b[J',
  ],
  [
    'more asks after a screen',
    ['seq 50 | more\r', '\r', 'q'],
    `seq 50 | more\n${Array.from({ length: 23 }, (_, index) => `${index + 1}\n`).join('')}--More--          24\n--More--          / # `,
  ],
];

test.each(SEEN)('%s', async (_title, keys, seen) => {
  expect(await typed(...keys)).toBe(`/ # ${seen}`);
});
