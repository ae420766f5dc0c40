import { Bench } from './measure.ts';

/** One lab on provider kind, in milliseconds. */
export interface KindRun {
  readonly start: number;
  /** Shop, fault and symptom: after `kind create cluster` and the loading of images. */
  readonly afterCluster: number;
  readonly gradeRepaired: number;
  /** The stop that empties the cluster. */
  readonly stop: number;
  /** The start of the next lab, on the same cluster. */
  readonly secondStart: number;
}

/** Starts, repairs and grades a lab on kind, and starts a second one after it. @throws where that fails, with what it said */
export function kindRun(): KindRun {
  using bench = new Bench();
  const start = bench.breakfix('start', 'INC-2041', '--seed', '1', '--provider', 'kind');
  const afterCluster = bench.afterCluster();
  bench.breakfix('solve');
  const gradeRepaired = bench.grade('pass');
  const stop = bench.breakfix('stop');
  const secondStart = bench.breakfix('start', 'INC-2041', '--seed', '2', '--provider', 'kind');
  return { start, afterCluster, gradeRepaired, stop, secondStart };
}
