import type { ProgramContext } from '../../cluster/runtime/types.ts';

/** A context with some things in it replaced. */
export function derive(
  context: ProgramContext,
  changes: Partial<Pick<ProgramContext, 'args' | 'env' | 'cwd' | 'stdin' | 'stdout' | 'stderr'>>,
): ProgramContext {
  return Object.assign(Object.create(context) as ProgramContext, changes);
}
