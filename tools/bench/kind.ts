import { Bench } from './measure.ts';

/** One lab on provider kind, in milliseconds. */
export interface KindRun {
  readonly start: number;
  /** Shop, fault and symptom: after `kind create cluster` and the loading of images. */
  readonly afterCluster: number;
  readonly gradeRepaired: number;
}

/** Starts, repairs and grades a lab on kind. @throws where that fails, with what it said */
export function kindRun(): KindRun {
  using bench = new Bench();
  const start = bench.breakfix('start', 'INC-2041', '--seed', '1', '--provider', 'kind');
  const afterCluster = bench.afterCluster();
  bench.breakfix('solve');
  return { start, afterCluster, gradeRepaired: bench.grade('pass') };
}
