/** Somebody outside the cluster whose names clients look up. */
export interface Partner {
  readonly zone: string;
  /** A host of that zone, and its address. */
  readonly name: string;
  readonly address: string;
  /** Its name server's address in the cluster. */
  readonly server: string;
}

/** The partner that a seed drew; scenarios of DNS have one, most of them. */
export const drawnPartner = ({ partner }: Readonly<Record<string, unknown>>): Partner | undefined =>
  partner as Partner | undefined;

/** @throws where the seed drew none */
export function partnerOf({ values }: { readonly values: Readonly<Record<string, unknown>> }): Partner {
  const partner = drawnPartner(values);
  if (partner === undefined) throw new Error('the seed drew no partner');
  return partner;
}
