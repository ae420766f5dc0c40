/** What a subcommand was called with: `--name=value`, `--name value`, `--name` (for switches). */
export interface Flags {
  readonly operands: readonly string[];
  text(name: string, otherwise: string): string;
  /** @throws FlagError where it is no number */
  number(name: string, otherwise: number): number;
  isSet(name: string): boolean;
}

export class FlagError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FlagError';
  }
}

/**
 * Reads flags as the Go library pflag does, as far as their names and values go.
 * @param names flags that take a value, and their one-letter forms
 * @param switches flags that need none
 * @throws FlagError `unknown flag: --x`
 */
export function readFlags(
  args: readonly string[],
  names: Readonly<Record<string, string | undefined>>,
  switches: readonly string[] = [],
): Flags {
  const given = new Map<string, string>();
  const operands: string[] = [];
  const queue = [...args];
  for (let arg = queue.shift(); arg !== undefined; arg = queue.shift()) {
    if (arg === '--') break;
    const [, dashes = '', name = '', , value] = /^(--?)([^=]+)(=(.*))?$/s.exec(arg) ?? [];
    if (dashes === '') {
      operands.push(arg);
      continue;
    }
    const full = dashes === '-' ? (longFor(names, name) ?? name) : name;
    if (switches.includes(full)) given.set(full, value ?? 'true');
    else if (!(full in names) && !isLogFlag(full)) throw new FlagError(`unknown flag: --${name}`);
    else if (value !== undefined) given.set(full, value);
    else if (queue.length > 0) given.set(full, queue.shift() ?? '');
    else throw new FlagError(`flag needs an argument: --${name}`);
  }
  operands.push(...queue);
  return {
    operands,
    text: (name, otherwise) => given.get(name) ?? otherwise,
    number: (name, otherwise) => {
      const text = given.get(name);
      if (text === undefined) return otherwise;
      if (!/^[-+]?\d+$/.test(text)) {
        throw new FlagError(
          `invalid argument "${text}" for "--${name}" flag: strconv.ParseInt: parsing "${text}": invalid syntax`,
        );
      }
      return Number(text);
    },
    isSet: (name) => given.has(name) && !['false', '0', 'f', 'F', 'False'].includes(given.get(name) ?? ''),
  };
}

function longFor(names: Readonly<Record<string, string | undefined>>, letter: string): string | undefined {
  return Object.entries(names).find(([, short]) => short === letter)?.[0];
}

/** Every subcommand takes the flags of the logging library. */
function isLogFlag(name: string): boolean {
  return ['v', 'vmodule', 'logtostderr', 'alsologtostderr', 'log-flush-frequency'].includes(name);
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `1m30s` in milliseconds; undefined where it is no duration of Go. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  if (!/^([\d.]+(ms|s|m|h))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, amount, unit = ''] of text.matchAll(/([\d.]+)(ms|s|m|h)/g))
    sum += Number(amount) * (UNITS[unit] ?? 0);
  return sum;
}
