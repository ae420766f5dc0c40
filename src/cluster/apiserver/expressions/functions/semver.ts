import { define, method, type Overload } from '../library.ts';
import { ExpressionError, Opaque } from '../values.ts';

const SEMVER = 'kubernetes.Semver';
const NUMBER = String.raw`(0|[1-9]\d*)`;
const SYNTAX = new RegExp(
  String.raw`^${NUMBER}\.${NUMBER}\.${NUMBER}(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?$`,
);

class Version extends Opaque {
  readonly type = SEMVER;
  readonly numbers: readonly bigint[];
  readonly pre: readonly string[];

  constructor(numbers: readonly bigint[], pre: readonly string[]) {
    super();
    this.numbers = numbers;
    this.pre = pre;
  }

  override equals(other: Opaque): boolean {
    return other instanceof Version && order(this, other) === 0n;
  }
}

function parse(text: string): Version | undefined {
  const [whole, major = '', minor = '', patch = '', pre] = SYNTAX.exec(text) ?? [];
  if (whole === undefined) return undefined;
  return new Version([major, minor, patch].map(BigInt), pre === undefined ? [] : pre.split('.'));
}

/** `v1.2` is `1.2.0`, `01.2.3` is `1.2.3`. */
function normalized(text: string): string {
  const [, core = '', rest = ''] = /^v?([^-+]*)(.*)$/s.exec(text) ?? [];
  const parts = core.split('.').map((part) => (part.length > 1 ? part.replace(/^0+(?=\d)/, '') : part));
  if (parts.length < 3 && rest !== '') return text;
  while (parts.length < 3) parts.push('0');
  return parts.join('.') + rest;
}

function read(text: string, normalize: boolean): Version {
  const version = parse(normalize ? normalized(text) : text);
  if (version !== undefined) return version;
  throw new ExpressionError(
    text.split('.').length === 3
      ? `Invalid character(s) found in version ${JSON.stringify(text)}`
      : 'No Major.Minor.Patch elements found',
  );
}

function order(a: Version, b: Version): bigint {
  for (const [index, number] of a.numbers.entries()) {
    const other = b.numbers[index] ?? 0n;
    if (number !== other) return number < other ? -1n : 1n;
  }
  if (a.pre.length === 0 || b.pre.length === 0)
    return BigInt(Number(a.pre.length === 0) - Number(b.pre.length === 0));
  return preOrder(a.pre, b.pre);
}

function preOrder(a: readonly string[], b: readonly string[]): bigint {
  for (const [index, part] of a.entries()) {
    const other = b[index];
    if (other === undefined) return 1n;
    if (part === other) continue;
    const [left, right] = [/^\d+$/.test(part), /^\d+$/.test(other)];
    if (left && right) return BigInt(part) < BigInt(other) ? -1n : 1n;
    if (left !== right) return left ? -1n : 1n;
    return part < other ? -1n : 1n;
  }
  return a.length < b.length ? -1n : 0n;
}

const number = (name: string, index: number): Overload =>
  method<[Version]>(SEMVER, name, [], 'int', ({ numbers }) => numbers[index] ?? 0n);

/** https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-semver-library */
export const semver: readonly Overload[] = [
  define<[string]>('semver', ['string'], SEMVER, (text) => read(text, false)),
  define<[string, boolean]>('semver', ['string', 'bool'], SEMVER, read),
  define<[string]>('isSemver', ['string'], 'bool', (text) => parse(text) !== undefined),
  define<[string, boolean]>('isSemver', ['string', 'bool'], 'bool', (text, normalize) => {
    return parse(normalize ? normalized(text) : text) !== undefined;
  }),
  method<[Version, Version]>(SEMVER, 'isGreaterThan', [SEMVER], 'bool', (a, b) => order(a, b) > 0n),
  method<[Version, Version]>(SEMVER, 'isLessThan', [SEMVER], 'bool', (a, b) => order(a, b) < 0n),
  method<[Version, Version]>(SEMVER, 'compareTo', [SEMVER], 'int', order),
  number('major', 0),
  number('minor', 1),
  number('patch', 2),
];
