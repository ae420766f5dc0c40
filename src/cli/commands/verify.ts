import { BreakfixError } from '../../core/errors.ts';
import { seedOf } from '../../engine/incident.ts';
import type { CaseResult } from '../../engine/verify.ts';
import { isSlow } from '../../providers/provider.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { notBoth } from '../not-both.ts';
import { shortTime } from '../output.ts';
import { localProver, proofsOf, proveOnSharedClusters, scenarioOf } from '../verify/proofs.ts';
import { proveInWorkers } from '../verify/workers.ts';
import { columns } from './list.ts';
import { mustBeAvailable } from './start.ts';

export interface VerifyFlags {
  readonly all?: boolean;
  readonly provider: string;
  readonly seeds: string;
  /** None where it was not given. */
  readonly only: readonly string[];
  readonly whole?: boolean;
}

/** `breakfix verify`: the author's proof that scenarios are sound. @returns the exit code */
export async function verify(
  context: CommandContext,
  ids: readonly string[],
  flags: VerifyFlags,
): Promise<number> {
  const { output } = context;
  if (flags.all === true && ids.length > 0) throw notBoth(ids.join(' '), '--all');
  const scenarios = flags.all === true ? (await context.catalogue()).map(({ id }) => id) : ids;
  if (scenarios.length === 0) {
    throw new BreakfixError({
      code: 'NOTHING_TO_VERIFY',
      kind: 'user',
      message: 'no scenario was named',
      fix: 'name scenarios by id, or take all of them: breakfix verify --all',
    });
  }
  // What is unknown or malformed is told before anything is begun.
  for (const scenario of scenarios) await scenarioOf(context, scenario);
  const provider = await context.provider(flags.provider, { local: true });
  await mustBeAvailable(provider);
  const { signal, clock, entry } = context;
  const begun = clock.now().getTime();
  const proofs = await proofsOf(context, scenarios, seedsOf(flags.seeds), {
    only: flags.only,
    wholly: flags.whole === true,
  });
  const results: CaseResult[] = [];
  const row = (result: CaseResult): void => {
    results.push(result);
    output.note(rowOf(result));
  };
  const summary = (): string => {
    const took = shortTime(clock.now().getTime() - begun);
    return `${results.filter(({ ok }) => ok).length} of ${results.length} cases as expected, ${took}`;
  };
  try {
    if (isSlow(provider)) await proveOnSharedClusters(context, provider, proofs, row);
    else if (entry !== undefined) await proveInWorkers(entry, proofs, row, signal);
    else {
      const prove = localProver(context, provider);
      for (const proof of proofs) await prove(proof, row);
    }
  } catch (error) {
    // On a real cluster that may be an hour's work.
    output.partial({ results: results.toSorted(inOrder) });
    output.note(`not done: ${summary()}`);
    throw error;
  }
  if (results.length === 0) {
    throw new BreakfixError({
      code: 'NOTHING_TO_VERIFY',
      kind: 'user',
      message: `no case has ${flags.only.map((text) => `"${text}"`).join(' or ')} in its name`,
      fix: 'without --only all cases are proven, and their names are printed',
    });
  }
  const ok = results.every((result) => result.ok);
  output.result({ results: results.toSorted(inOrder), ok }, summary());
  return ok ? exitCodes.ok : exitCodes.failed;
}

/**
 * @param text how many (`3` means seeds 1, 2 and 3), or which: `7,12`, and `7,` for that one alone
 * @throws BreakfixError: no seeds would be a proof of nothing
 */
function seedsOf(text: string): number[] {
  if (text.includes(',')) return text.replace(/,\s*$/, '').split(',').map(seedOf);
  return Array.from({ length: seedOf(text) }, (_, index) => index + 1);
}

/** Cases of one proof stay as they came. */
function inOrder(a: CaseResult, b: CaseResult): number {
  return a.scenario === b.scenario ? a.seed - b.seed : a.scenario < b.scenario ? -1 : 1;
}

function rowOf({ scenario, seed, case: name, ok, seen, tookMs }: CaseResult): string {
  const mark = ok ? '✓' : '✗';
  return columns([
    [mark, `${scenario}/${seed}`.padEnd(22), name.padEnd(24), shortTime(tookMs).padStart(7), seen],
  ]);
}
