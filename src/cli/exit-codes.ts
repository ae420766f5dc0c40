import type { ErrorKind } from '../core/errors.ts';
import type { Verdict } from '../score/score.ts';

/** What the process ends with; the README has the same table. */
export const exitCodes = {
  /** It worked; the repair passes. */
  ok: 0,
  /** The repair does not pass; a proof of `verify` does not hold. */
  failed: 1,
  /** Wrong use: unknown names, values out of range. */
  usage: 2,
  /** This machine lacks something. */
  environment: 3,
  /** The lab is broken and cannot be judged. */
  lab: 4,
  /** A bug of breakfix. */
  bug: 70,
  interrupted: 130,
} as const;

export function exitCodeOf(kind: ErrorKind): number {
  return {
    user: exitCodes.usage,
    environment: exitCodes.environment,
    lab: exitCodes.lab,
    bug: exitCodes.bug,
  }[kind];
}

export function exitCodeOfVerdict(verdict: Verdict): number {
  return { pass: exitCodes.ok, fail: exitCodes.failed, error: exitCodes.lab }[verdict];
}
