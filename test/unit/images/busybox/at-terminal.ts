import { BusyboxLab } from '../support.ts';

/** Lines of the terminal. */
export const ROWS = 8;
/** What is in /tmp/f before. */
const TEXT = 'one two three\nfoo(bar, "x");\n\tindented\nlast line\n';

/** A session in which a program is started; what the last keys drew, and what is in the file then. */
export async function typed(
  start: string,
  keys: readonly string[],
): Promise<{ readonly drawn: string; readonly file: string; readonly code: string }> {
  const lab = new BusyboxLab();
  await lab.sh(`printf '%s' "$0" > /tmp/f`, { args: [TEXT] });
  let drawn = '';
  const ignore = (): void => {};
  const stdout = (bytes: Uint8Array): void => {
    drawn += new TextDecoder('latin1').decode(bytes);
  };
  const input = lab.container.exec(
    ['sh'],
    { stdin: true, tty: true },
    { stdout, stderr: ignore, exit: ignore },
  );
  input.resize(80, ROWS);
  await lab.advance(1);
  for (const some of [`${start}; echo $? > /tmp/code\r`, ...keys]) {
    drawn = '';
    input.stdin(Uint8Array.from(some, (character) => character.charCodeAt(0)));
    await lab.advance(1);
  }
  const read = async (path: string): Promise<string> => (await lab.sh(`cat ${path}`)).stdout;
  return { drawn: drawn.replaceAll('\x1b', '^'), file: await read('/tmp/f'), code: await read('/tmp/code') };
}
