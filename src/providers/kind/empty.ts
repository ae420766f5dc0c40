import type { Clock } from '../../core/clock.ts';
import { BreakfixError } from '../../core/errors.ts';
import type { KubeClient } from '../../kube/client.ts';
import { type Resource, resources } from '../../model/resources.ts';
import { dnsSettled, restoreSystem, type SystemState } from './system.ts';

/** What kind itself makes. */
const KINDS_OWN = ['default', 'kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage'];

/** Milliseconds; namespaces take long on a busy machine. */
const GONE_WITHIN = 120_000;

/**
 * Takes out what scenarios put in: their namespaces with everything inside, and what they changed of the cluster's
 * own.
 * @param system as it was when the cluster was new
 * @param keep namespaces that stay as they are
 */
export async function emptyCluster(
  kube: KubeClient,
  clock: Clock,
  system: SystemState,
  keep: readonly string[],
): Promise<void> {
  const kept = new Set([...KINDS_OWN, ...keep]);
  for (const name of await madeNamespaces(kube, kept))
    await kube.delete(resources.namespaces, undefined, name);
  await restoreSystem(kube, clock, system);
  const end = clock.now().getTime() + GONE_WITHIN;
  for (;;) {
    const left = await madeNamespaces(kube, kept);
    const dns = await dnsSettled(kube);
    if (left.length === 0 && dns) return;
    if (clock.now().getTime() > end) {
      throw new BreakfixError({
        code: 'CLUSTER_NOT_EMPTY',
        kind: 'lab',
        message: dns
          ? `namespaces of the last lab do not go away: ${left.join(', ')}`
          : 'CoreDNS does not become as it was before the last lab',
        fix: 'stop the lab and start it again',
      });
    }
    await Promise.all(left.map((namespace) => endSlowOnes(kube, namespace)));
    await clock.wait(500);
  }
}

async function madeNamespaces(kube: KubeClient, kept: ReadonlySet<string>): Promise<string[]> {
  const names = (await kube.list(resources.namespaces)).map(({ metadata }) => metadata.name);
  return names.filter((name) => !kept.has(name));
}

/**
 * What a namespace that is being deleted waits long for when it finds it: grace periods of pods, claims that a pod
 * still holds. It looks 5 s after it was deleted for the first time.
 */
async function endSlowOnes(kube: KubeClient, namespace: string): Promise<void> {
  const kinds: readonly Resource[] = [resources.pods, resources.persistentVolumeClaims];
  for (const resource of kinds) {
    const objects = await kube.list(resource, { namespace });
    await Promise.all(
      objects.map(({ metadata }) => kube.delete(resource, namespace, metadata.name, { grace: 0 })),
    );
  }
}
