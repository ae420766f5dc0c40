import { canonicalQuantity, formatQuantity, parseQuantity } from '../../../model/quantity.ts';
import type { Quantity, ResourceList, ResourceRequirements } from '../../../model/objects.ts';
import type { Draft } from './draft.ts';

const MILLI = 1_000_000n;

/**
 * Writes every quantity of a list as it is stored, rounded up to thousandths.
 * @throws ParseError
 */
export function canonicalList(list: Draft<ResourceList> | undefined): void {
  if (list === undefined) return;
  for (const [name, quantity] of Object.entries(list)) {
    if (quantity === undefined) continue;
    const text = canonicalQuantity(quantity);
    const stored = /[nu]$|e-[69]$/.test(text) ? roundedUp(text) : text;
    if (stored !== quantity) list[name] = stored;
  }
}

/**
 * Writes one quantity as it is stored.
 * @throws ParseError
 */
export function canonicalField<Field extends string>(
  object: { [Key in Field]?: Quantity | undefined },
  field: Field,
): void {
  const quantity = object[field];
  if (quantity === undefined) return;
  const text = canonicalQuantity(quantity);
  if (text !== quantity) object[field] = text;
}

function roundedUp(text: string): string {
  const { nanos, format } = parseQuantity(text);
  const rest = ((nanos % MILLI) + MILLI) % MILLI;
  return formatQuantity({ nanos: rest === 0n ? nanos : nanos + MILLI - rest, format });
}

/** @throws ParseError */
export function canonicalResources(resources: Draft<ResourceRequirements>): void {
  canonicalList(resources.limits);
  canonicalList(resources.requests);
}
