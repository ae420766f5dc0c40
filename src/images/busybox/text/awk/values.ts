import { formatFloat } from '../../common/printf.ts';

/** A value of awk: a number, a text, or a text from outside that counts as a number if it looks like one. */
export type Value = number | string | { readonly input: string } | undefined;

export function toText(value: Value, format = '%.6g'): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'object') return value.input;
  if (Number.isInteger(value) && Math.abs(value) < 1e16) return String(value);
  const match = /^%\.?(\d*)([efg])$/i.exec(format);
  return formatFloat(value, match?.[2] ?? 'g', Number(match?.[1] ?? 6));
}

const NUMBER = /^\s*[-+]?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)/;

export function toNumber(value: Value): number {
  if (typeof value === 'number') return value;
  const text = NUMBER.exec(toText(value))?.[0];
  return text === undefined ? 0 : Number(text);
}

function looksNumeric(text: string): boolean {
  return NUMBER.exec(text)?.[0].length === text.trimEnd().length && text.trim() !== '';
}

export function toTruth(value: Value): boolean {
  if (typeof value === 'number') return value !== 0;
  if (typeof value === 'object' && looksNumeric(value.input)) return Number(value.input) !== 0;
  return toText(value) !== '';
}

/** Negative, 0 or positive; as numbers where both look like some. */
export function compareValues(left: Value, right: Value): number {
  const isNumeric = (value: Value): boolean =>
    value === undefined ||
    typeof value === 'number' ||
    (typeof value === 'object' && looksNumeric(value.input));
  if (isNumeric(left) && isNumeric(right)) return toNumber(left) - toNumber(right);
  const [a, b] = [toText(left), toText(right)];
  return a < b ? -1 : a > b ? 1 : 0;
}
