import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { Random } from '../core/random.ts';
import { ClusterUnreachable, type KubeClient } from '../kube/client.ts';
import type { Cluster } from '../providers/provider.ts';
import type { Baseline } from './baseline.ts';

/** What the functions of a scenario and the checks look at: one lab's cluster. */
export interface LabView {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly cluster: Cluster;
  /** How things were when the shop was healthy, before the fault. */
  readonly baseline: Baseline;
  /** For names of clones and the like; differs between grades. */
  readonly random: Random;
  readonly signal: AbortSignal;
  /**
   * How long a check waits at most for what does not hold yet, in milliseconds, whatever it says itself: for
   * `verify`, which knows that it never will. Windows in which something must hold are not cut.
   */
  readonly patience?: number;
  /** Told of every probe that was run in a client pod, for the report. */
  readonly probed?: (probe: Probe) => void;
}

/** What a client in the cluster was asked to try, and what came of it. */
export interface Probe {
  /** The client's workload, e.g. `gateway`. */
  readonly from: string;
  /** e.g. `GET http://checkout/version`, `lookup of ledger`. */
  readonly asked: string;
  /** Of the cluster's clock. */
  readonly begun: Date;
  readonly ended: Date;
  readonly attempts: number;
  readonly succeeded: number;
  /** How often each outcome was seen: `200`, `ECONNREFUSED`, an address … */
  readonly outcomes: Readonly<Record<string, number>>;
}

/** Milliseconds to wait for what does not hold yet. */
export const patient = (lab: LabView, ms: number): number => Math.min(ms, lab.patience ?? Infinity);

/** `error` means that it could not be judged: never a fail, never a pass. */
export type CheckStatus = 'pass' | 'fail' | 'error';

export interface Observation {
  readonly status: CheckStatus;
  /** What was seen last, in a sentence that does not give the solution away. */
  readonly seen: string;
}

/** One observation with an expectation. */
export interface Check {
  /** What is expected, e.g. `gateway gets 200 from http://checkout/version`. */
  readonly expected: string;
  /** Looks once, now. */
  look(lab: LabView): Promise<Observation>;
  /** Looks as one observer for a window of `windowMs`; returns at the first failure. */
  observe?(lab: LabView, windowMs: number): Promise<Observation>;
  /** What grading does, where that is more than one look: waits, windows, proofs on clones. */
  grade?(lab: LabView): Promise<Observation>;
  /** Says that grading makes objects of its own for a while; announced on clusters that cannot be copied. */
  readonly disturbs?: string;
}

/** What was expected is there. */
export const pass = (seen: string): Observation => ({ status: 'pass', seen });

/** It is not there, as far as one can see: also where the object that should have it is gone. */
export const fail = (seen: string): Observation => ({ status: 'fail', seen });

/** Nobody can say. */
export const unjudged = (seen: string): Observation => ({ status: 'error', seen });

/** Looks, and turns what was thrown into `error`: a check never throws, except when grading is cancelled. */
export async function observe(lab: LabView, look: () => Promise<Observation>): Promise<Observation> {
  try {
    return await look();
  } catch (error) {
    lab.signal.throwIfAborted();
    const what =
      error instanceof ClusterUnreachable ? 'the cluster does not answer' : 'could not be looked at';
    return unjudged(`${what}: ${messageOf(error)}`);
  }
}

/** Grades one check: its own way where it has one, otherwise by a single look. */
export function gradeCheck(lab: LabView, check: Check): Promise<Observation> {
  return observe(lab, () => (check.grade === undefined ? check.look(lab) : check.grade(lab)));
}

/** How often a waiting check looks, in milliseconds. */
const LOOK_EVERY = 1000;
/** What has not come after this time need not be seen to the second: the pause is a tenth of what was waited since. */
const SOON = 10_000;

/**
 * Passes as soon as `check` does; fails with what was last seen when it has not within `withinMs`.
 * @param options `often`: looks every second to the end, for what shows only for a moment
 */
export function converge(withinMs: number, check: Check, { often = false } = {}): Check {
  return {
    expected: check.expected,
    look: (lab) => check.look(lab),
    grade: async (lab) => {
      const last = await untilPass(lab, check, withinMs, often);
      return last.status === 'pass'
        ? last
        : { ...last, seen: `${last.seen} (for ${patient(lab, withinMs) / 1000} s)` };
    },
  };
}

/** Waits within another check until one holds. @returns what was seen last */
export const gradeWithin = (lab: LabView, withinMs: number, check: Check): Promise<Observation> =>
  gradeCheck(lab, converge(withinMs, check));

/**
 * Passes when `check` holds for the whole of `windowMs`, seen by one observer. It may take `settleMs` until it
 * holds for the first time, and a window that breaks before that is over begins anew: a rollout that has just been
 * started is no failure.
 */
export function hold(windowMs: number, check: Check, settleMs = 60_000): Check {
  return {
    expected: `${check.expected}, for ${windowMs / 1000} s`,
    look: (lab) => check.look(lab),
    grade: async (lab) => {
      const settled = lab.clock.now().getTime() + patient(lab, settleMs);
      for (;;) {
        const first = await untilPass(lab, check, settled - lab.clock.now().getTime());
        if (first.status !== 'pass') return first;
        const seen = await (check.observe?.(lab, windowMs) ?? lookThrough(lab, check, windowMs));
        if (seen.status !== 'fail' || lab.clock.now().getTime() >= settled) return seen;
        // Still settling: the last pod of the old template may have answered once more.
        await lab.clock.wait(LOOK_EVERY, lab.signal);
      }
    },
  };
}

const untilPass = (lab: LabView, check: Check, withinMs: number, often = false): Promise<Observation> =>
  lookUntil(
    lab,
    patient(lab, withinMs),
    () => check.look(lab),
    ({ status }) => status === 'pass',
    often,
  );

/**
 * Looks again and again until it is enough, or the time is over: every second at first, less often after a while.
 * @param often every second to the end
 * @returns what was seen last
 */
export async function lookUntil<T>(
  lab: LabView,
  withinMs: number,
  look: () => Promise<T>,
  isEnough: (seen: T) => boolean,
  often = false,
): Promise<T> {
  const start = lab.clock.now().getTime();
  const end = start + withinMs;
  for (;;) {
    const begun = lab.clock.now().getTime();
    const seen = await look();
    const now = lab.clock.now().getTime();
    if (isEnough(seen) || now >= end) return seen;
    // A look that takes long keeps its cluster busy: no more than half of the time is spent on looking.
    const pause = Math.max(LOOK_EVERY, now - begun, often ? 0 : Math.floor((now - start - SOON) / 10));
    await lab.clock.wait(Math.min(pause, Math.max(LOOK_EVERY, end - now)), lab.signal);
  }
}

async function lookThrough(lab: LabView, check: Check, windowMs: number): Promise<Observation> {
  const start = lab.clock.now().getTime();
  for (;;) {
    const seen = await check.look(lab);
    const held = lab.clock.now().getTime() - start;
    if (seen.status !== 'pass') return { ...seen, seen: `${seen.seen} (after ${Math.round(held / 1000)} s)` };
    if (held >= windowMs) return seen;
    await lab.clock.wait(LOOK_EVERY, lab.signal);
  }
}

/** All of several checks; tells of the first that does not pass, and does not look further then. */
export function all(expected: string, checks: readonly Check[]): Check {
  return {
    expected,
    look: (lab) => oneByOne(checks, (check) => check.look(lab)),
    observe: async (lab, windowMs) => {
      const seen = await Promise.all(
        checks.map((check) =>
          check.observe === undefined ? lookThrough(lab, check, windowMs) : check.observe(lab, windowMs),
        ),
      );
      return seen.find(({ status }) => status !== 'pass') ?? pass(seen.map((one) => one.seen).join('; '));
    },
  };
}

/** Several proofs, one after another; ends with the first that does not pass. */
export function inTurn(expected: string, checks: readonly Check[]): Check {
  const disturbs = checks.flatMap((check) => check.disturbs ?? []).join(', ');
  return {
    expected,
    look: (lab) => oneByOne(checks, (check) => check.look(lab)),
    grade: (lab) => oneByOne(checks, (check) => gradeCheck(lab, check)),
    ...(disturbs === '' ? {} : { disturbs }),
  };
}

async function oneByOne(
  checks: readonly Check[],
  look: (check: Check) => Promise<Observation>,
): Promise<Observation> {
  const seen: string[] = [];
  for (const check of checks) {
    const one = await look(check);
    if (one.status !== 'pass') return one;
    seen.push(one.seen);
  }
  return pass(seen.join('; '));
}

/** Fails where the other passes, and the other way round; what cannot be judged stays so. */
export function not(expected: string, check: Check): Check {
  return {
    expected,
    look: async (lab) => {
      const seen = await check.look(lab);
      if (seen.status === 'error') return seen;
      return { ...seen, status: seen.status === 'pass' ? 'fail' : 'pass' };
    },
  };
}
