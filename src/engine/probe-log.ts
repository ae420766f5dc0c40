import type { Probe } from '../checks/check.ts';
import type { ProbeRun } from '../score/score.ts';

/** Collects what probes saw while something is looked at, those that came out alike as one run. */
export class ProbeLog {
  readonly #start: number;
  readonly #runs: ProbeRun[] = [];

  /** @param start when the grade or the phase began, on the cluster's clock */
  constructor(start: Date) {
    this.#start = start.getTime();
  }

  readonly note = (probe: Probe): void => {
    const { begun, ended, ...seen } = probe;
    const run: ProbeRun = {
      ...seen,
      fromMs: begun.getTime() - this.#start,
      toMs: ended.getTime() - this.#start,
    };
    const last = this.#runs.findLastIndex(({ from, asked }) => from === run.from && asked === run.asked);
    const before = this.#runs[last];
    if (before !== undefined && alike(before, run)) this.#runs[last] = joined(before, run);
    else this.#runs.push(run);
  };

  /** As a field of what the journal keeps; no field where no client was asked. */
  get found(): { readonly probes?: readonly ProbeRun[] } {
    return this.#runs.length === 0 ? {} : { probes: [...this.#runs] };
  }
}

/** All right, or all wrong in the same ways; a run that is partly right stands for itself. */
function alike(a: ProbeRun, b: ProbeRun): boolean {
  const way = ({ attempts, succeeded, outcomes }: ProbeRun): string | undefined =>
    succeeded === 0 || succeeded === attempts
      ? [succeeded > 0, ...Object.keys(outcomes).sort()].join(' ')
      : undefined;
  return way(a) !== undefined && way(a) === way(b);
}

function joined(a: ProbeRun, b: ProbeRun): ProbeRun {
  const outcomes: Record<string, number> = { ...a.outcomes };
  for (const [outcome, count] of Object.entries(b.outcomes)) {
    outcomes[outcome] = (outcomes[outcome] ?? 0) + count;
  }
  return {
    ...a,
    toMs: b.toMs,
    attempts: a.attempts + b.attempts,
    succeeded: a.succeeded + b.succeeded,
    outcomes,
  };
}
