import { canonical } from '../../src/core/json.ts';
import type { Fact, Recording } from './record.ts';
import { rules } from './rules.ts';

export interface Comparison {
  readonly same: number;
  /** Facts as text, after the rules. */
  readonly onlyReal: readonly string[];
  readonly onlyEmbedded: readonly string[];
}

/** What one cluster shows and the other does not, but for what may differ. Order and repetition do not count. */
export function compare(real: Recording, embedded: Recording): Comparison {
  const [there, here] = [comparable(real.facts), comparable(embedded.facts)];
  return {
    same: [...there].filter((fact) => here.has(fact)).length,
    onlyReal: [...there].filter((fact) => !here.has(fact)).sort(),
    onlyEmbedded: [...here].filter((fact) => !there.has(fact)).sort(),
  };
}

function comparable(facts: readonly Fact[]): ReadonlySet<string> {
  const texts = facts.flatMap((fact) => {
    const left = rules.reduce<Fact | undefined>((seen, rule) => seen && rule.apply(seen), fact);
    return left === undefined ? [] : [`${left.kind} ${left.about}: ${canonical(left.says)}`];
  });
  return new Set(texts);
}
