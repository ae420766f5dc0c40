import type { Rejection } from './filter.ts';

/** Why a pod fits nowhere: what no node could mend, or each node's reasons. */
export interface Diagnosis {
  readonly nodeCount: number;
  readonly refusal?: string;
  readonly rejections: ReadonlyMap<string, Rejection>;
}

/** `0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu.` */
export function describeDiagnosis({ nodeCount, refusal, rejections }: Diagnosis): string {
  if (nodeCount === 0) return 'no nodes available to schedule pods';
  const start = `0/${nodeCount} nodes are available:`;
  if (refusal !== undefined) return `${start} ${refusal}.`;
  const counts = new Map<string, number>();
  for (const { reasons } of rejections.values()) {
    for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  const parts = [...counts].map(([reason, count]) => `${count} ${reason}`).sort();
  return parts.length === 0 ? start : `${start} ${parts.join(', ')}.`;
}
