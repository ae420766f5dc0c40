import { UsageError } from './errors.ts';

/** What an applet was called with. */
export interface Options {
  readonly operands: readonly string[];
  has(letter: string): boolean;
  /** The last value given. */
  value(letter: string): string | undefined;
  /** All values given. */
  values(letter: string): readonly string[];
  /** The letters in the order they were given. */
  readonly letters: readonly string[];
}

/**
 * Reads options as getopt_long(3) does: they may stand behind operands, unless `spec` begins with `+`.
 * @param spec the letters; `:` behind one says that it has a value, `::` that it may have one
 * @param long long names and the letters they stand for
 * @throws UsageError
 */
export function parseOptions(
  args: readonly string[],
  spec: string,
  long: Readonly<Record<string, string>> = {},
): Options {
  const operands: string[] = [];
  const given: { readonly letter: string; readonly value: string | undefined }[] = [];
  const queue = [...args];
  const stopsAtOperand = spec.startsWith('+');
  const kindOf = (letter: string): 'none' | 'flag' | 'value' | 'optional' => {
    const index = letter === ':' || letter === '+' ? -1 : spec.indexOf(letter);
    if (index < 0) return 'none';
    const after = spec.slice(index + 1, index + 3);
    return after === '::' ? 'optional' : after.startsWith(':') ? 'value' : 'flag';
  };
  const readLong = (arg: string): void => {
    const [, name = '', , value] = /^--([^=]*)(=(.*))?$/s.exec(arg) ?? [];
    const letter = long[name] ?? findByPrefix(long, name);
    if (letter === undefined) throw new UsageError(`unrecognized option '${arg}'`);
    const kind = kindOf(letter);
    if (kind === 'value' && value === undefined && queue.length === 0) {
      throw new UsageError(`option '--${name}' requires an argument`);
    }
    given.push({ letter, value: kind === 'value' ? (value ?? queue.shift()) : value });
  };
  const readShort = (letters: string): void => {
    for (let index = 0; index < letters.length; index++) {
      const letter = letters.charAt(index);
      const kind = kindOf(letter);
      if (kind === 'none') throw new UsageError(`invalid option -- '${letter}'`);
      if (kind === 'flag') {
        given.push({ letter, value: undefined });
        continue;
      }
      const rest = letters.slice(index + 1);
      const value = rest !== '' ? rest : kind === 'value' ? queue.shift() : undefined;
      if (kind === 'value' && value === undefined) {
        throw new UsageError(`option requires an argument -- '${letter}'`);
      }
      given.push({ letter, value });
      return;
    }
  };
  for (let arg = queue.shift(); arg !== undefined; arg = queue.shift()) {
    if (arg === '--') break;
    if (arg.startsWith('--')) readLong(arg);
    else if (arg.startsWith('-') && arg !== '-') readShort(arg.slice(1));
    else {
      operands.push(arg);
      if (stopsAtOperand) break;
    }
  }
  operands.push(...queue);
  return {
    operands,
    has: (letter) => given.some((each) => each.letter === letter),
    value: (letter) => given.findLast((each) => each.letter === letter)?.value,
    values: (letter) => given.flatMap((each) => (each.letter === letter ? [each.value ?? ''] : [])),
    letters: given.map(({ letter }) => letter),
  };
}

function findByPrefix(long: Readonly<Record<string, string>>, prefix: string): string | undefined {
  const names = Object.keys(long).filter((name) => name.startsWith(prefix));
  const [only] = names;
  return only !== undefined && names.length === 1 ? long[only] : undefined;
}
