/** Repairs and failures must both be this share of the sequences of a run, or it says nothing. */
export const LEAST_SHARE = 0.05;

/** How many sequences there were, and what became of them. */
export interface Counts {
  readonly sequences: number;
  readonly passed: number;
  readonly failed: number;
}

/** Whether a run says something. */
export const counts = ({ sequences, passed, failed }: Counts): boolean =>
  Math.min(passed, failed) >= sequences * LEAST_SHARE;
