import type { Clock } from '../../core/clock.ts';
import { BreakfixError } from '../../core/errors.ts';
import { equal } from '../../core/json.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { ConfigMap } from '../../model/objects.ts';
import { resources } from '../../model/resources.ts';

/** What kind itself makes. */
const KEPT = new Set(['default', 'kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage']);

/** Milliseconds; namespaces take long on a busy machine. */
const GONE_WITHIN = 120_000;

/**
 * Takes out what scenarios put in: their namespaces with everything inside, and changes of the cluster's DNS.
 * @param corefile as it was when the cluster was new
 */
export async function emptyCluster(kube: KubeClient, clock: Clock, corefile: string): Promise<void> {
  for (const name of await madeNamespaces(kube)) await kube.delete(resources.namespaces, undefined, name);
  await restoreCoreDns(kube, corefile);
  const end = clock.now().getTime() + GONE_WITHIN;
  for (;;) {
    const left = await madeNamespaces(kube);
    if (left.length === 0) return;
    if (clock.now().getTime() > end) {
      throw new BreakfixError({
        code: 'CLUSTER_NOT_EMPTY',
        kind: 'lab',
        message: `namespaces of the last lab do not go away: ${left.join(', ')}`,
        fix: 'stop the lab and start it again',
      });
    }
    await Promise.all(left.map((namespace) => endPods(kube, namespace)));
    await clock.wait(500);
  }
}

async function madeNamespaces(kube: KubeClient): Promise<string[]> {
  const names = (await kube.list(resources.namespaces)).map(({ metadata }) => metadata.name);
  return names.filter((name) => !KEPT.has(name));
}

/** At once: a namespace that is being deleted waits for the grace periods of its pods, and as long again. */
async function endPods(kube: KubeClient, namespace: string): Promise<void> {
  const pods = await kube.list(resources.pods, { namespace });
  await Promise.all(
    pods.map(({ metadata }) => kube.delete(resources.pods, namespace, metadata.name, { grace: 0 })),
  );
}

const SELECTOR = { 'k8s-app': 'kube-dns' };

export async function readCorefile(kube: KubeClient): Promise<string> {
  const map = await kube.get<ConfigMap>(resources.configMaps, 'kube-system', 'coredns');
  return map?.data?.['Corefile'] ?? '';
}

/** The Service and the Corefile as kubeadm made them: a fault or a hack may have changed both. */
async function restoreCoreDns(kube: KubeClient, corefile: string): Promise<void> {
  const service = await kube.get(resources.services, 'kube-system', 'kube-dns');
  if (!equal(service?.spec.selector, SELECTOR)) {
    const value = [{ op: 'replace', path: '/spec/selector', value: SELECTOR }];
    await kube.patch(resources.services, 'kube-system', 'kube-dns', value, { type: 'json' });
  }
  if ((await readCorefile(kube)) === corefile) return;
  const data = { data: { Corefile: corefile } };
  await kube.patch(resources.configMaps, 'kube-system', 'coredns', data, { type: 'merge' });
  for (const pod of await kube.list(resources.pods, {
    namespace: 'kube-system',
    labelSelector: 'k8s-app=kube-dns',
  })) {
    await kube.delete(resources.pods, 'kube-system', pod.metadata.name, { grace: 1 });
  }
}
