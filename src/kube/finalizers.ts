import type { KubeObject } from '../model/objects.ts';
import { type Resource } from '../model/resources.ts';
import { type KubeClient, KubeError } from './client.ts';

/** Kubernetes' own, which its controllers take off when they have done their work. */
const isOwn = (finalizer: string): boolean =>
  /^(?:foregroundDeletion|orphan|(?:[^/]+\.)?(?:kubernetes|k8s)\.io\/.*|.*\.k8s\.io)$/.test(finalizer);

/**
 * Takes finalizers off an object that nobody in the cluster will: what is deleted waits for them for ever.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/
 */
export async function takeOffFinalizers(
  kube: KubeClient,
  resource: Resource,
  object: KubeObject,
): Promise<void> {
  const { namespace, name, finalizers = [] } = object.metadata;
  const kept = finalizers.filter(isOwn);
  if (kept.length === finalizers.length) return;
  const body = { metadata: { finalizers: kept.length === 0 ? null : kept } };
  try {
    await kube.patch(resource, namespace, name, body, { type: 'merge' });
  } catch (error) {
    // Gone meanwhile.
    if (!(error instanceof KubeError && error.code === 404)) throw error;
  }
}

/** Deletes an object at once, also where only a finalizer of nobody's would keep it. */
export async function deleteForGood(kube: KubeClient, resource: Resource, object: KubeObject): Promise<void> {
  await takeOffFinalizers(kube, resource, object);
  await kube.delete(resource, object.metadata.namespace, object.metadata.name, { grace: 0 });
}
