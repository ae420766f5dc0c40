import { define, method, type Overload } from '../library.ts';
import { ExpressionError, isList, isMap, numberOf, Optional, type Value } from '../values.ts';

const OPTIONAL = 'optional_type(A)';

/** Zero, `""`, `[]` and the like, and null. */
function isZero(value: Value): boolean {
  if (value === null || value === false || value === '') return true;
  const number = numberOf(value);
  if (number !== undefined) return Number(number) === 0;
  if (isList(value)) return value.length === 0;
  return isMap(value) && value.size === 0;
}

/** https://pkg.go.dev/github.com/google/cel-go/cel#OptionalTypes */
export const optionals: readonly Overload[] = [
  define<[Value]>('optional.of', ['A'], OPTIONAL, (value) => new Optional(value)),
  define<[Value]>('optional.ofNonZeroValue', ['A'], OPTIONAL, (value) =>
    isZero(value) ? Optional.none : new Optional(value),
  ),
  define('optional.none', [], OPTIONAL, () => Optional.none),
  method<[Optional]>(OPTIONAL, 'hasValue', [], 'bool', ({ value }) => value !== undefined),
  method<[Optional]>(OPTIONAL, 'value', [], 'A', ({ value }) => {
    if (value === undefined) throw new ExpressionError('optional.none() dereference');
    return value;
  }),
  // The interpreter looks at the alternative only where there is no value.
  method<[Optional, Optional]>(OPTIONAL, 'or', [OPTIONAL], OPTIONAL, (value, other) =>
    value.value === undefined ? other : value,
  ),
  method<[Optional, Value]>(OPTIONAL, 'orValue', ['A'], 'A', ({ value }, other) => value ?? other),
];
