import type { Pod } from '../model/objects.ts';
import { isPodReady } from '../model/pod-ready.ts';
import { resources } from '../model/resources.ts';
import type { KubeClient } from './client.ts';

const namespace = 'kube-system';

/** The pods of the cluster's DNS, by the label that kubeadm gives them. */
export function corednsPods(kube: KubeClient): Promise<Pod[]> {
  return kube.list(resources.pods, { namespace, labelSelector: 'k8s-app=kube-dns' });
}

/** How many of them are ready and stay so: right after some were deleted the Deployment's status still counts them. */
export async function readyCorednsPods(kube: KubeClient): Promise<number> {
  const pods = await corednsPods(kube);
  return pods.filter((pod) => pod.metadata.deletionTimestamp === undefined && isPodReady(pod)).length;
}

/**
 * Ends all pods of the cluster's DNS, so that those that come read what is configured now.
 * @param options how they are deleted: with their grace unless said otherwise
 */
export async function endCorednsPods(
  kube: KubeClient,
  options?: Parameters<KubeClient['delete']>[3],
): Promise<void> {
  for (const { metadata } of await corednsPods(kube))
    await kube.delete(resources.pods, namespace, metadata.name, options);
}
