import type { Pod } from '../../model/objects.ts';
import type { Api } from '../api.ts';
import type { NodeInfo } from './cluster-state.ts';

/** Why a pod does not go to a node. */
export interface Rejection {
  readonly reasons: readonly string[];
  /** Taking pods away from the node would not help. */
  readonly unresolvable: boolean;
}

/** What a filter may look at. */
export interface FilterContext {
  readonly api: Pick<Api, 'get' | 'list'>;
  /** All nodes; those of a trial instead of the real ones where something is tried out. */
  readonly nodes: readonly NodeInfo[];
}

/** Whether a pod may go to a node: undefined for yes. */
export type Filter = (pod: Pod, node: NodeInfo, context: FilterContext) => Rejection | undefined;

export function rejection(reason: string, unresolvable = false): Rejection {
  return { reasons: [reason], unresolvable };
}

export function unresolvable(reason: string): Rejection {
  return rejection(reason, true);
}
