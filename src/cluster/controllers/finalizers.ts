import type { KubeObject } from '../../model/objects.ts';

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/ */
export function hasFinalizer({ metadata }: KubeObject, finalizer: string): boolean {
  return (metadata.finalizers ?? []).includes(finalizer);
}

/** For `edit`: adds it. */
export function withFinalizer(finalizer: string): (draft: KubeObject) => void {
  return ({ metadata }) => {
    metadata.finalizers = [...(metadata.finalizers ?? []), finalizer];
  };
}

/** For `edit`: takes it out. */
export function withoutFinalizer(finalizer: string): (draft: KubeObject) => void {
  return ({ metadata }) => {
    metadata.finalizers = (metadata.finalizers ?? []).filter((name) => name !== finalizer);
    if (metadata.finalizers.length === 0) delete metadata.finalizers;
  };
}
