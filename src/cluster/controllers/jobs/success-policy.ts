import { parseIndexes } from '../../../model/indexes.ts';
import type { Job } from '../../../model/objects.ts';

/** Which rule of its policy says that a Job has succeeded; undefined where none does. */
export function matchSuccessPolicy({ spec }: Job, succeeded: ReadonlySet<number>): string | undefined {
  if (succeeded.size === 0) return undefined;
  const index = (spec.successPolicy?.rules ?? []).findIndex(({ succeededIndexes, succeededCount }) => {
    if (succeededIndexes === undefined)
      return succeededCount !== undefined && succeeded.size >= succeededCount;
    const wanted = [...parseIndexes(succeededIndexes)].filter((each) => each < (spec.completions ?? 0));
    const met = wanted.filter((each) => succeeded.has(each)).length;
    return wanted.length > 0 && (met === wanted.length || met >= (succeededCount ?? Infinity));
  });
  return index < 0 ? undefined : `Matched rules at index ${index}`;
}
