import { messageOf } from '../../../../core/errors.ts';
import { isQuantity, parseQuantity, type ParsedQuantity } from '../../../../model/quantity.ts';
import { define, method, type Overload } from '../library.ts';
import { ExpressionError, Opaque } from '../values.ts';

const QUANTITY = 'kubernetes.Quantity';
const NANOS = 1_000_000_000n;
const LARGEST_INT = 2n ** 63n;

class QuantityValue extends Opaque {
  readonly type = QUANTITY;
  readonly amount: Pick<ParsedQuantity, 'nanos' | 'format'>;

  constructor(amount: Pick<ParsedQuantity, 'nanos' | 'format'>) {
    super();
    this.amount = amount;
  }

  override equals(other: Opaque): boolean {
    return other instanceof QuantityValue && other.amount.nanos === this.amount.nanos;
  }
}

function read(text: string): QuantityValue {
  try {
    return new QuantityValue(parseQuantity(text));
  } catch (error) {
    throw new ExpressionError(messageOf(error));
  }
}

function isWhole({ amount: { nanos } }: QuantityValue): boolean {
  return nanos % NANOS === 0n && nanos / NANOS < LARGEST_INT && nanos / NANOS >= -LARGEST_INT;
}

function order({ amount: a }: QuantityValue, { amount: b }: QuantityValue): bigint {
  return a.nanos < b.nanos ? -1n : a.nanos > b.nanos ? 1n : 0n;
}

const plus = ({ amount }: QuantityValue, nanos: bigint): QuantityValue =>
  new QuantityValue({ nanos: amount.nanos + nanos, format: amount.format });

/** https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-quantity-library */
export const quantities: readonly Overload[] = [
  define<[string]>('quantity', ['string'], QUANTITY, read),
  define<[string]>('isQuantity', ['string'], 'bool', isQuantity),
  method<[QuantityValue]>(QUANTITY, 'sign', [], 'int', ({ amount: { nanos } }) =>
    nanos < 0n ? -1n : nanos > 0n ? 1n : 0n,
  ),
  method<[QuantityValue, QuantityValue]>(
    QUANTITY,
    'isGreaterThan',
    [QUANTITY],
    'bool',
    (a, b) => order(a, b) > 0n,
  ),
  method<[QuantityValue, QuantityValue]>(
    QUANTITY,
    'isLessThan',
    [QUANTITY],
    'bool',
    (a, b) => order(a, b) < 0n,
  ),
  method<[QuantityValue, QuantityValue]>(QUANTITY, 'compareTo', [QUANTITY], 'int', order),
  method<[QuantityValue]>(QUANTITY, 'asApproximateFloat', [], 'double', ({ amount: { nanos } }) => {
    return Number(nanos / NANOS) + Number(nanos % NANOS) / Number(NANOS);
  }),
  method<[QuantityValue]>(QUANTITY, 'asInteger', [], 'int', (quantity) => {
    if (!isWhole(quantity)) throw new ExpressionError('cannot convert value to integer');
    return quantity.amount.nanos / NANOS;
  }),
  method<[QuantityValue]>(QUANTITY, 'isInteger', [], 'bool', isWhole),
  method<[QuantityValue, QuantityValue]>(QUANTITY, 'add', [QUANTITY], QUANTITY, (a, b) =>
    plus(a, b.amount.nanos),
  ),
  method<[QuantityValue, bigint]>(QUANTITY, 'add', ['int'], QUANTITY, (a, b) => plus(a, b * NANOS)),
  method<[QuantityValue, QuantityValue]>(QUANTITY, 'sub', [QUANTITY], QUANTITY, (a, b) =>
    plus(a, -b.amount.nanos),
  ),
  method<[QuantityValue, bigint]>(QUANTITY, 'sub', ['int'], QUANTITY, (a, b) => plus(a, -b * NANOS)),
];
