import type { Baseline } from '../checks/baseline.ts';
import { messageOf } from '../core/errors.ts';
import type { Cluster } from '../providers/provider.ts';
import type { GradeEntry } from '../report/journal.ts';
import type { PartResult } from '../score/score.ts';
import { viewOf } from './break.ts';
import { gradeInPlace, type GradeOptions } from './grade.ts';
import type { Incident } from './incident.ts';

/** One row of the proof of a scenario: what was done, what was expected, and what came. */
export interface CaseResult {
  readonly scenario: string;
  readonly seed: number;
  readonly case: string;
  readonly expected: string;
  readonly seen: string;
  readonly ok: boolean;
  readonly tookMs: number;
  /** Ids of the parts of the grade that did not hold, where the case was graded. */
  readonly failed?: readonly string[];
  /** It was graded no further than its verdict needed: points and failed parts say nothing. */
  readonly brief?: true;
}

/** What came of one case. */
type Outcome = Pick<CaseResult, 'ok' | 'seen' | 'failed' | 'brief'>;

/** A broken cluster for one case: fresh, or a copy; disposed after the case. */
export interface BrokenCluster extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly baseline: Baseline;
}

export interface VerifyOptions extends JobOptions {
  /** Gives a freshly broken cluster for every case. */
  readonly broken: () => Promise<BrokenCluster>;
}

export interface JobOptions {
  readonly incident: Incident;
  readonly signal: AbortSignal;
  /** Milliseconds of the wall, for the report. */
  readonly stopwatch: () => number;
  /** Only the cases of these names; where none is called so, those whose name has that in it. All where there are none. */
  readonly only?: readonly string[];
  /**
   * Names of cases that are judged wholly: a wrong repair by all checks, a repair twice. Of the others a wrong repair is
   * judged by the check that is to catch it, and a repair once, but for the first one that the scenario lists.
   */
  readonly wholly?: readonly string[];
}

interface Case {
  readonly name: string;
  readonly expected: string;
  /** Leaves the cluster as it was, for the next case. */
  readonly onlyReads?: true;
  run(broken: BrokenCluster): Promise<Outcome>;
}

/** Cases that one broken cluster is enough for. */
export interface VerifyJob {
  /** Their names. */
  readonly cases: readonly string[];
  run(broken: () => Promise<BrokenCluster>): Promise<CaseResult[]>;
}

/**
 * The author's proof that a scenario is sound, for one seed: doing nothing scores 0 and fails every objective,
 * every listed repair passes with all points, every listed wrong repair fails at the check named for it, and a
 * second grade (of one repair at least) says the same and leaves nothing behind.
 */
export async function verifyIncident(options: VerifyOptions): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const job of verifyJobs(options)) results.push(...(await job.run(options.broken)));
  return results;
}

/** The same in pieces, of which each can be done on another cluster. */
export function verifyJobs(options: JobOptions): VerifyJob[] {
  const cases = chosen(casesOf(options), options.only ?? []);
  const groups: Case[][] = [];
  for (const [index, one] of cases.entries()) {
    const group = groups.at(-1);
    if (group === undefined || cases[index - 1]?.onlyReads !== true) groups.push([one]);
    else group.push(one);
  }
  return groups.map((group) => ({
    cases: group.map(({ name }) => name),
    run: (broken) => verifyGroup(group, broken, options),
  }));
}

function chosen(cases: readonly Case[], only: readonly string[]): readonly Case[] {
  if (only.length === 0) return cases;
  const names = new Set(cases.map(({ name }) => name));
  const isMeant = (name: string, text: string): boolean =>
    names.has(text) ? name === text : name.includes(text);
  return cases.filter(({ name }) => only.some((text) => isMeant(name, text)));
}

async function verifyGroup(
  group: readonly Case[],
  broken: () => Promise<BrokenCluster>,
  { incident, signal, stopwatch }: JobOptions,
): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  let cluster: BrokenCluster | undefined;
  try {
    for (const one of group) {
      const start = stopwatch();
      let outcome: Outcome;
      try {
        cluster ??= await broken();
        outcome = await one.run(cluster);
      } catch (error) {
        signal.throwIfAborted();
        outcome = { ok: false, seen: `error: ${messageOf(error)}` };
      }
      results.push({
        scenario: incident.scenario.id,
        seed: incident.seed,
        case: one.name,
        expected: one.expected,
        ...outcome,
        tookMs: stopwatch() - start,
      });
    }
    return results;
  } finally {
    await cluster?.[Symbol.asyncDispose]();
  }
}

/** Where time is the wall's: how long a case that must fail waits for what will not come, in milliseconds. */
const PATIENCE = 30_000;
/** The same where nobody did anything: nothing is on its way. */
const PATIENCE_UNTOUCHED = 5000;

function casesOf({ incident, signal, wholly = [] }: JobOptions): Case[] {
  const { scenario, values } = incident;
  const judge = (
    broken: BrokenCluster,
    { patience, until }: Pick<GradeOptions, 'patience' | 'until'> = {},
  ): Promise<GradeEntry> => {
    const virtual = broken.cluster.can.fork !== undefined;
    const options = {
      hintPrice: 0,
      signal,
      ...(virtual || patience === undefined ? {} : { patience }),
      ...(until === undefined ? {} : { until }),
    };
    return gradeInPlace(broken.cluster, broken.baseline, incident, options, virtual);
  };
  const noop: Case = {
    name: 'no-op',
    expected: 'fail, 0 points, every objective',
    run: async (broken) => {
      const result = await judge(broken, { patience: PATIENCE_UNTOUCHED });
      const held = result.objectives.filter(({ status }) => status !== 'fail').map(({ id }) => id);
      const ok = result.verdict === 'fail' && result.points === 0 && held.length === 0;
      return {
        ok,
        seen: held.length === 0 ? summary(result) : `${summary(result)}; held: ${held.join(', ')}`,
        failed: failedIn(result),
      };
    },
  };
  const fixes = scenario.fixes(values).map((fix, index): Case => {
    const name = `fix ${fix.id}`;
    const run = async (broken: BrokenCluster): Promise<Outcome> => {
      await fix.apply(viewOf(broken.cluster, broken.baseline, incident, signal));
      // Both in place: what the first leaves behind shows in the second.
      const first = await judge(broken);
      // One proof a seed must do that grading changes nothing.
      const again = index === 0 || wholly.includes(name) ? await judge(broken) : first;
      const ok = [first, again].every(({ verdict, points, most }) => verdict === 'pass' && points === most);
      const [one, other] = [summary(first), summary(again)];
      return {
        ok,
        seen: one === other ? one : `${one}; again: ${other}`,
        failed: failedIn(first.verdict === 'pass' ? again : first),
      };
    };
    return { name, expected: 'pass, all points, the same again', run };
  });
  const hacks = scenario.hacks(values).map((hack): Case => {
    const name = `hack ${hack.id}`;
    const run = async (broken: BrokenCluster): Promise<Outcome> => {
      await hack.apply(viewOf(broken.cluster, broken.baseline, incident, signal));
      const whole = wholly.includes(name);
      const result = await judge(broken, { patience: PATIENCE, ...(whole ? {} : { until: hack.caughtBy }) });
      const failed = [...result.objectives, ...result.safeguards].filter(({ status }) => status === 'fail');
      const isCaught = failed.some(({ id }) => id === hack.caughtBy);
      const outcome = { ok: result.verdict === 'fail' && isCaught, failed: failedIn(result) };
      // What is not caught was looked at wholly in any case.
      return whole || !isCaught
        ? { ...outcome, seen: summary(result) }
        : { ...outcome, seen: `${result.verdict} (${whatBroke(result)})`, brief: true };
    };
    return { name, expected: `fail at ${hack.caughtBy}`, run };
  });
  return [hintsCase(incident, signal), diagnosisCase(incident), noop, ...fixes, ...hacks];
}

function hintsCase(incident: Incident, signal: AbortSignal): Case {
  return {
    name: 'hints',
    expected: 'all can be told',
    onlyReads: true,
    run: async ({ cluster, baseline }) => {
      const view = viewOf(cluster, baseline, incident, signal);
      const hints = incident.scenario.hints(incident.values);
      const texts: string[] = [];
      for (const { text } of hints) texts.push(typeof text === 'string' ? text : await text(view));
      const empty = texts.filter((text) => text.trim() === '').length;
      return { ok: empty === 0, seen: `${texts.length} hints, ${empty} empty` };
    },
  };
}

/** Asks nothing of its cluster: the listed answers count as right, nonsense and wrong choices do not. */
function diagnosisCase({ scenario, values }: Incident): Case {
  return {
    name: 'diagnosis',
    expected: 'right answers count, wrong ones do not',
    onlyReads: true,
    run: () => {
      const wrong = scenario.diagnosis(values).filter(({ accepts, answer, choices = [] }) => {
        const others = ['', 'nonsense', ...choices.filter((choice) => choice !== answer)];
        return !accepts(answer) || others.some((other) => accepts(other));
      });
      const seen =
        wrong.length === 0 ? 'as expected' : `judged wrongly: ${wrong.map(({ id }) => id).join(', ')}`;
      return Promise.resolve({ ok: wrong.length === 0, seen });
    },
  };
}

const brokenParts = ({ objectives, safeguards }: GradeEntry): PartResult[] =>
  [...objectives, ...safeguards].filter(({ status }) => status !== 'pass');

const failedIn = (result: GradeEntry): string[] => brokenParts(result).map(({ id }) => id);

function summary(result: GradeEntry): string {
  const { verdict, points, most } = result;
  const which = whatBroke(result);
  return `${verdict} ${points}/${most}${which === '' ? '' : ` (${which})`}`;
}

const whatBroke = (result: GradeEntry): string =>
  brokenParts(result)
    .map(({ id, status, seen }) => `${id}${status === 'error' ? ' (error)' : ''}: ${seen}`)
    .join('; ');
