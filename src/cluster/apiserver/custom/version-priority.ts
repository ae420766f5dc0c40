const VERSION = /^v([1-9][0-9]*)(?:(alpha|beta)([1-9][0-9]*))?$/;
const STAGES: readonly (string | undefined)[] = [undefined, 'beta', 'alpha'];

/**
 * Orders versions as clients should prefer them: stable before beta before alpha, newer first, other names last.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/#version-priority
 */
export function byVersionPriority(a: string, b: string): number {
  const [left, right] = [VERSION.exec(a), VERSION.exec(b)];
  if (left === null || right === null) {
    if (left !== right) return left === null ? 1 : -1;
    return a < b ? -1 : 1;
  }
  const stage = STAGES.indexOf(left[2]) - STAGES.indexOf(right[2]);
  if (stage !== 0) return stage;
  const major = Number(right[1]) - Number(left[1]);
  return major !== 0 ? major : Number(right[3] ?? 0) - Number(left[3] ?? 0);
}
