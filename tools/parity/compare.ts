import { canonical } from '../../src/core/json.ts';
import type { Fact, Recording } from './record.ts';
import { rules, type Unsteady } from './rules.ts';

export interface Comparison {
  readonly same: number;
  /** Facts as text, after the rules. */
  readonly onlyReal: readonly string[];
  readonly onlyEmbedded: readonly string[];
}

/** What one cluster shows and the other does not, but for what may differ. Order and repetition do not count. */
export function compare(real: Recording, embedded: Recording): Comparison {
  const flapping = new Map([...restarted(real)].filter(([name]) => restarted(embedded).has(name)));
  const both = (words: string): boolean => hasSymptom(real, words) && hasSymptom(embedded, words);
  const unsteady = {
    flapping,
    answersVary: both('gets different answers'),
    someAreServed: both('not all customers can pay'),
    lookupsRefused: both('pods of deployment/coredns crash again and again'),
    leavesCluster: both('is sent to an address that is not that of'),
  };
  const there = comparable(real.facts, unsteady);
  const here = comparable(embedded.facts, unsteady);
  return {
    same: [...there].filter((fact) => here.has(fact)).length,
    onlyReal: [...there].filter((fact) => !here.has(fact)).sort(),
    onlyEmbedded: [...here].filter((fact) => !there.has(fact)).sort(),
  };
}

/** Workloads of which a container was restarted, and whether one was killed for its memory. */
function restarted({ facts }: Recording): ReadonlyMap<string, boolean> {
  const found = new Map<string, boolean>();
  for (const { kind, about, says } of facts) {
    const all = kind === 'pod' ? (says['containers'] as { restartCount: number }[]) : [];
    if (!all.some(({ restartCount }) => restartCount > 0)) continue;
    const name = about.replace(/-[a-z0-9]+-[a-z0-9]{5}$/, '');
    found.set(name, found.get(name) === true || JSON.stringify(all).includes('"reason":"OOMKilled"'));
  }
  return found;
}

/** Whether a symptom of which the title has these words is there. */
const hasSymptom = ({ facts }: Recording, words: string): boolean =>
  facts.some(
    ({ kind, about, says }) => kind === 'symptom' && about.includes(words) && says['status'] === 'pass',
  );

function comparable(facts: readonly Fact[], unsteady: Unsteady): ReadonlySet<string> {
  const texts = facts.flatMap((fact) => {
    const left = rules.reduce<Fact | undefined>((seen, rule) => seen && rule.apply(seen, unsteady), fact);
    return left === undefined ? [] : [`${left.kind} ${left.about}: ${canonical(left.says)}`];
  });
  return new Set(texts);
}
