import type { Clock } from '../../core/clock.ts';
import { BreakfixError } from '../../core/errors.ts';
import type { KubeClient } from '../../kube/client.ts';
import { takeOffFinalizers } from '../../kube/finalizers.ts';
import type { Namespace } from '../../model/objects.ts';
import { type Resource, resources } from '../../model/resources.ts';
import type { PutBack } from '../provider.ts';
import { KINDS, OWN_NAMESPACES } from './own-objects.ts';
import { dnsSettled, rememberSystem, restoreSystem, type SystemState } from './system.ts';

/** Milliseconds; namespaces take long on a busy machine. */
const GONE_WITHIN = 120_000;

/**
 * Takes out what scenarios put in: their namespaces with everything inside, and what they changed of the cluster's
 * own.
 * @param system as it was when the cluster was new
 * @throws BreakfixError where it does not become so again
 */
export async function emptyCluster(
  kube: KubeClient,
  clock: Clock,
  system: SystemState,
  signal: AbortSignal,
): Promise<void> {
  const kept = new Set(OWN_NAMESPACES);
  await removeNamespaces(kube, kept);
  const others = await restoreSystem(kube, clock, system, signal);
  if (others.length > 0) throw notEmpty(`what the cluster came with was changed: ${others.join(', ')}`);
  const left = await whatStays(kube, clock, kept, () => dnsSettled(kube), signal);
  if (left === undefined) return;
  throw notEmpty(
    left.length > 0
      ? `namespaces of the last lab do not go away: ${left.join(', ')}`
      : 'CoreDNS does not become as it was before the last lab',
  );
}

const notEmpty = (message: string): BreakfixError =>
  new BreakfixError({
    code: 'CLUSTER_NOT_EMPTY',
    kind: 'lab',
    message,
    fix: 'stop the lab and start it again',
  });

/** Keeps in mind what the cluster's own objects are like now; see `Cluster.can.remember`. */
export async function remember(kube: KubeClient, clock: Clock): Promise<PutBack> {
  const putBack = await rememberSystem(kube);
  // A scenario may have broken it so that it never is.
  const wasSettled = await dnsSettled(kube);
  return async (keep, signal) => {
    const kept = new Set([...OWN_NAMESPACES, ...keep]);
    await removeNamespaces(kube, kept);
    if (!(await putBack())) return false;
    const settled = (): Promise<boolean> => (wasSettled ? dnsSettled(kube) : Promise.resolve(true));
    return (await whatStays(kube, clock, kept, settled, signal)) === undefined;
  };
}

async function removeNamespaces(kube: KubeClient, kept: ReadonlySet<string>): Promise<void> {
  for (const { metadata } of await madeNamespaces(kube, kept))
    await kube.delete(resources.namespaces, undefined, metadata.name);
}

/** Waits until all other namespaces have gone and the rest has settled. @returns undefined, or those that have not gone */
async function whatStays(
  kube: KubeClient,
  clock: Clock,
  kept: ReadonlySet<string>,
  settled: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const end = clock.now().getTime() + GONE_WITHIN;
  for (;;) {
    const left = await madeNamespaces(kube, kept);
    if (left.length === 0 && (await settled())) return undefined;
    if (clock.now().getTime() > end) return left.map(({ metadata }) => metadata.name);
    await Promise.all(left.map((namespace) => hurry(kube, namespace)));
    await clock.wait(500, signal);
  }
}

async function madeNamespaces(kube: KubeClient, kept: ReadonlySet<string>): Promise<Namespace[]> {
  return (await kube.list(resources.namespaces)).filter(({ metadata }) => !kept.has(metadata.name));
}

/**
 * Ends what a namespace that is being deleted waits long for when it finds it: grace periods of pods, claims that a pod
 * still holds (it looks 5 s after it was deleted for the first time); and for ever: finalizers of nobody's.
 */
async function hurry(kube: KubeClient, going: Namespace): Promise<void> {
  const { name: namespace } = going.metadata;
  const kinds: readonly Resource[] = [resources.pods, resources.persistentVolumeClaims];
  for (const resource of kinds) {
    const objects = await kube.list(resource, { namespace });
    await Promise.all(
      objects.map(({ metadata }) => kube.delete(resource, namespace, metadata.name, { grace: 0 })),
    );
  }
  await takeOffFinalizers(kube, resources.namespaces, going);
  const waitsForFinalizers = going.status.conditions?.some(
    (one) => one.type === 'NamespaceFinalizersRemaining' && one.status === 'True',
  );
  if (waitsForFinalizers !== true) return;
  for (const resource of KINDS) {
    for (const object of await kube.list(resource, { namespace }))
      await takeOffFinalizers(kube, resource, object);
  }
}
