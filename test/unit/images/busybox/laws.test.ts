import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BusyboxLab } from '../support.ts';

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const printable = fc.string({ maxLength: 30 });
/** Enough for a machine that does other things as well. */
const PATIENCE = 60_000;

describe('the shell', () => {
  it(
    'gives quoted words to programs as they are',
    async () => {
      const lab = new BusyboxLab();
      await fc.assert(
        fc.asyncProperty(fc.array(printable, { minLength: 1, maxLength: 4 }), async (words) => {
          const { stdout } = await lab.sh(`printf '<%s>' ${words.map(quoted).join(' ')}`);
          expect(stdout).toBe(words.map((word) => `<${word}>`).join(''));
        }),
        { numRuns: 20 },
      );
    },
    PATIENCE,
  );

  it(
    'calculates like 64-bit integers',
    async () => {
      const lab = new BusyboxLab();
      const number = fc.bigInt({ min: -(2n ** 31n), max: 2n ** 31n });
      await fc.assert(
        fc.asyncProperty(number, number, fc.constantFrom('+', '-', '*', '/', '%'), async (a, b, operator) => {
          fc.pre(b !== 0n || !'/%'.includes(operator));
          const results = {
            '+': () => a + b,
            '-': () => a - b,
            '*': () => a * b,
            '/': () => a / b,
            '%': () => a % b,
          };
          const { stdout } = await lab.sh(`echo $(( (${a}) ${operator} (${b}) ))`);
          expect(stdout).toBe(`${BigInt.asIntN(64, results[operator as '+']())}\n`);
        }),
        { numRuns: 20 },
      );
    },
    PATIENCE,
  );

  it(
    'lets others run beside a loop without an end, and pays for it',
    async () => {
      const lab = new BusyboxLab({ args: ['sh', '-c', 'while true; do :; done'] });
      const { stdout } = await lab.sh('sleep 1; echo awake', { seconds: 2 });
      expect(stdout).toBe('awake\n');
      expect(lab.container.usage().cpu).toBeGreaterThan(1_900_000);
    },
    PATIENCE,
  );
});

describe('sort and uniq', () => {
  it(
    'order lines and leave one of each',
    async () => {
      const lab = new BusyboxLab();
      const line = fc.stringMatching(/^[a-cA-C0-2 ]{0,3}$/);
      await fc.assert(
        fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 12 }), async (lines) => {
          const stdin = lines.map((each) => `${each}\n`).join('');
          const sorted = lines.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
          const { stdout } = await lab.sh('cat >/tmp/f; sort /tmp/f; echo =; sort /tmp/f | uniq', {
            stdin,
          });
          const text = (each: readonly string[]): string => each.map((one) => `${one}\n`).join('');
          expect(stdout).toBe(`${text(sorted)}=\n${text([...new Set(sorted)])}`);
        }),
        { numRuns: 20 },
      );
    },
    PATIENCE,
  );
});
