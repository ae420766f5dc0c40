/** One process of the attack: takes every so manyth chain of sequences, each of them from a seed of its own. */
import '../breakfix-sources.ts';
import { writeFileSync } from 'node:fs';
import type { Edit } from './edits/edit.ts';
import type { BrokenLab } from './lab.ts';
import type { Judgement } from './run.ts';

// Not before: scenarios import `breakfix`.
const { default: fc } = await import('fast-check');
const { sequences } = await import('./edits/arbitraries.ts');
const { factsOf } = await import('./facts.ts');
const { brokenLab } = await import('./lab.ts');
const { agree, attackOnce, shrink } = await import('./run.ts');

export interface Share {
  readonly id: string;
  readonly seed: number;
  /** Chains of all processes, and which of them are this one's: those of every `processes`th lab from `first`. */
  readonly chains: number;
  readonly first: number;
  readonly processes: number;
}

/** A sequence on which oracle and grader do not agree. */
export interface Disagreement {
  readonly seed: number;
  readonly edits: readonly Edit[];
  readonly judgement: Judgement;
  /** Whether it came again when both had a copy of their own; a shorter sequence then. */
  readonly confirmed: boolean;
}

/** What came of one chain. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly disagreements: readonly Disagreement[];
  /** Parts that failed, for a feeling of what was tried. */
  readonly parts: readonly string[];
}

/** Labs of different draws: another service, another form of the fault. Each is made by one process only. */
const LABS = 6;

/** Where tallies go: a JSON document a line. */
const TALLIES = 3;

const share = JSON.parse(process.argv[2] ?? '') as Share;
const labs = new Map<number, BrokenLab>();

async function labOf(seed: number): Promise<BrokenLab> {
  const found = labs.get(seed) ?? (await brokenLab(share.id, seed));
  labs.set(seed, found);
  return found;
}

async function chain(index: number): Promise<Tally> {
  const seed = share.seed + (index % LABS);
  const lab = await labOf(seed);
  const [drawn = []] = fc.sample(sequences(factsOf(lab)), {
    seed: share.seed * 1_000_003 + index,
    numRuns: 1,
  });
  const judgements = await attackOnce(lab, drawn);
  const disagreements: Disagreement[] = [];
  const good: Judgement[] = [];
  for (const [at, judgement] of judgements.entries()) {
    if (agree(judgement)) {
      good.push(judgement);
      continue;
    }
    const edits = drawn.slice(0, at + 1).flat();
    const smaller = await shrink(lab, edits);
    const confirmed = !agree(smaller.judgement);
    disagreements.push({ seed, ...(confirmed ? smaller : { edits, judgement }), confirmed });
    // What comes after it would tell the same: it is not counted.
    break;
  }
  const passed = good.filter(({ verdict }) => verdict === 'pass').length;
  const parts = good.flatMap(({ failed }) => failed.slice(0, 1).map((text) => text.split(':')[0] ?? ''));
  return { passed, failed: good.length - passed, disagreements, parts };
}

try {
  for (let index = 0; index < share.chains; index++) {
    if ((index % LABS) % share.processes !== share.first) continue;
    writeFileSync(TALLIES, `${JSON.stringify(await chain(index))}\n`);
  }
} finally {
  for (const lab of labs.values()) await lab[Symbol.asyncDispose]();
}
