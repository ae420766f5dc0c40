import {
  ExpressionError,
  isList,
  isMap,
  numberOf,
  Timestamp,
  Duration,
  typeNameOf,
  type Value,
} from '../values.ts';
import { textOf } from './conversions.ts';

const CLAUSE = /%(?:%|(?:\.(\d+))?([a-zA-Z]))/g;
const DEFAULT_PRECISION = 6;

/** `"%s is %d".format([a, b])`. https://pkg.go.dev/github.com/google/cel-go/ext#Strings @throws ExpressionError */
export function formatText(text: string, values: readonly Value[]): string {
  let index = 0;
  const written = text.replaceAll(CLAUSE, (clause: string, precision?: string, verb?: string) => {
    if (verb === undefined) return '%';
    const value = values[index++];
    if (value === undefined) throw new ExpressionError(`index ${index - 1} out of range`);
    return formatClause(verb, precision === undefined ? DEFAULT_PRECISION : Number(precision), value, clause);
  });
  return written;
}

function formatClause(verb: string, precision: number, value: Value, clause: string): string {
  switch (verb) {
    case 's':
      return shown(value);
    case 'd':
      return decimal(value);
    case 'f':
      return numeric(verb, value).toFixed(precision);
    case 'e':
      return exponent(numeric(verb, value).toExponential(precision));
    case 'b':
      return typeof value === 'boolean' ? (value ? '1' : '0') : whole(verb, value).toString(2);
    case 'o':
      return whole(verb, value).toString(8);
    case 'x':
      return hexadecimal(value);
    case 'X':
      return hexadecimal(value).toUpperCase();
    default:
      throw new ExpressionError(
        `could not parse formatting clause: unrecognized formatting clause "${clause.slice(1)}"`,
      );
  }
}

function shown(value: Value): string {
  if (isList(value)) return `[${value.map(inner).join(', ')}]`;
  if (isMap(value)) {
    const entries = [...value].map(([key, item]) => `${inner(key)}:${inner(item)}`);
    return `{${entries.sort().join(', ')}}`;
  }
  return value === null ? 'null' : textOf(value);
}

/** What is in a list or a map. */
function inner(value: Value): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Timestamp) return `timestamp(${JSON.stringify(textOf(value))})`;
  return value instanceof Duration ? `duration(${JSON.stringify(textOf(value))})` : shown(value);
}

function decimal(value: Value): string {
  const number = numberOf(value);
  if (number === undefined) {
    const type = typeNameOf(value);
    throw new ExpressionError(
      `error during formatting: decimal clause can only be used on integers, was given ${type}`,
    );
  }
  return String(number);
}

function numeric(verb: string, value: Value): number {
  const number = numberOf(value);
  if (number !== undefined) return Number(number);
  const clause = verb === 'f' ? 'fixed-point' : 'scientific';
  throw new ExpressionError(
    `error during formatting: ${clause} clause can only be used on doubles, was given ${typeNameOf(value)}`,
  );
}

function whole(verb: string, value: Value): bigint {
  const number = numberOf(value);
  if (typeof number === 'bigint') return number;
  const only =
    verb === 'o'
      ? 'octal clause can only be used on integers'
      : 'only integers and bools can be formatted as binary';
  throw new ExpressionError(`error during formatting: ${only}, was given ${typeNameOf(value)}`);
}

function hexadecimal(value: Value): string {
  if (typeof value === 'string') return Buffer.from(value).toString('hex');
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  const number = numberOf(value);
  if (typeof number === 'bigint') return number.toString(16);
  throw new ExpressionError(
    `error during formatting: only integers, byte buffers, and strings can be formatted as hex, was given ${typeNameOf(value)}`,
  );
}

/** `1.5×10⁰²`: an exponent of at least two digits. */
function exponent(text: string): string {
  const [digits = '', power = ''] = text.split('e');
  const size = power.replace(/[+-]/, '').padStart(2, '0');
  const raised = Array.from(size, (digit) => SUPERSCRIPTS[Number(digit)]).join('');
  return `${digits}×10${power.startsWith('-') ? '⁻' : ''}${raised}`;
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';
