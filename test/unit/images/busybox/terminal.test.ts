import { expect, test } from '@jest/globals';
import { BusyboxLab } from '../support.ts';

/** What somebody sees who types at the prompt of `kubectl exec -it … -- sh`, without the questions for the cursor's place. */
async function typed(keys: string): Promise<string> {
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
  input.stdin(new TextEncoder().encode(keys));
  await lab.advance(60);
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
