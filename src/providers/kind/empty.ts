import type { Clock } from '../../core/clock.ts';
import { BreakfixError } from '../../core/errors.ts';
import type { KubeClient } from '../../kube/client.ts';
import { type Resource, resources } from '../../model/resources.ts';
import type { PutBack } from '../provider.ts';
import { dnsSettled, rememberSystem, restoreSystem, type SystemState } from './system.ts';

/** What kind itself makes. */
const KINDS_OWN = ['default', 'kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage'];

/** Milliseconds; namespaces take long on a busy machine. */
const GONE_WITHIN = 120_000;

/**
 * Takes out what scenarios put in: their namespaces with everything inside, and what they changed of the cluster's
 * own.
 * @param system as it was when the cluster was new
 */
export async function emptyCluster(kube: KubeClient, clock: Clock, system: SystemState): Promise<void> {
  const kept = new Set(KINDS_OWN);
  await removeNamespaces(kube, kept);
  await restoreSystem(kube, clock, system);
  const left = await whatStays(kube, clock, kept, () => dnsSettled(kube));
  if (left === undefined) return;
  throw new BreakfixError({
    code: 'CLUSTER_NOT_EMPTY',
    kind: 'lab',
    message:
      left.length > 0
        ? `namespaces of the last lab do not go away: ${left.join(', ')}`
        : 'CoreDNS does not become as it was before the last lab',
    fix: 'stop the lab and start it again',
  });
}

/** Keeps in mind what the cluster's own objects are like now; see `Cluster.can.remember`. */
export async function remember(kube: KubeClient, clock: Clock): Promise<PutBack> {
  const putBack = await rememberSystem(kube);
  // A scenario may have broken it so that it never is.
  const wasSettled = await dnsSettled(kube);
  return async (keep) => {
    const kept = new Set([...KINDS_OWN, ...keep]);
    await removeNamespaces(kube, kept);
    if (!(await putBack())) return false;
    const settled = (): Promise<boolean> => (wasSettled ? dnsSettled(kube) : Promise.resolve(true));
    return (await whatStays(kube, clock, kept, settled)) === undefined;
  };
}

async function removeNamespaces(kube: KubeClient, kept: ReadonlySet<string>): Promise<void> {
  for (const name of await madeNamespaces(kube, kept))
    await kube.delete(resources.namespaces, undefined, name);
}

/** Waits until all other namespaces have gone and the rest has settled. @returns undefined, or those that have not gone */
async function whatStays(
  kube: KubeClient,
  clock: Clock,
  kept: ReadonlySet<string>,
  settled: () => Promise<boolean>,
): Promise<readonly string[] | undefined> {
  const end = clock.now().getTime() + GONE_WITHIN;
  for (;;) {
    const left = await madeNamespaces(kube, kept);
    if (left.length === 0 && (await settled())) return undefined;
    if (clock.now().getTime() > end) return left;
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
