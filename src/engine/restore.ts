import type { Baseline } from '../checks/baseline.ts';
import { equal } from '../core/json.ts';
import type { KubeClient } from '../kube/client.ts';
import type { KubeObject, Pod } from '../model/objects.ts';
import { type Resource, resources } from '../model/resources.ts';
import { isRolledOut } from '../model/rollout.ts';
import { asNew, writtenContent, writtenKinds } from '../model/written.ts';
import type { Cluster } from '../providers/provider.ts';

/** What a case may change or add to. */
const KINDS: readonly Resource[] = [...writtenKinds, resources.endpointSlices];

/** Milliseconds. */
const SETTLED_WITHIN = 120_000;

/** Whether the namespaces and claims of a shop that was whole are still there, so that the rest can be put back. */
export async function canRestore(
  kube: KubeClient,
  baseline: Baseline,
  namespaces: readonly string[],
): Promise<boolean> {
  for (const name of namespaces) {
    const before = baseline.get(resources.namespaces, undefined, name);
    const now = await kube.get(resources.namespaces, undefined, name);
    if (before === undefined || now === undefined || now.metadata.deletionTimestamp !== undefined)
      return false;
    if (now.metadata.uid !== before.metadata.uid || !equal(now.metadata.labels, before.metadata.labels))
      return false;
    const claims = await kube.list(resources.persistentVolumeClaims, { namespace: name });
    const kept = baseline.list(resources.persistentVolumeClaims, name);
    if (!equal(identities(claims), identities(kept))) return false;
  }
  return true;
}

const identities = (objects: readonly KubeObject[]): unknown[] =>
  objects
    .map(({ metadata: { name, uid, deletionTimestamp } }) => [name, uid, deletionTimestamp])
    .sort(([a = ''], [b = '']) => (a < b ? -1 : 1));

/**
 * Undoes what a case did to a shop that was whole. Objects are as the baseline has them; a pod that came after it, or
 * to which anything happened, is replaced.
 * @returns whether everything runs again; otherwise the namespaces have to be made anew
 */
export async function restoreShop(
  { kube, clock }: Cluster,
  baseline: Baseline,
  namespaces: readonly string[],
  signal: AbortSignal,
): Promise<boolean> {
  for (const namespace of namespaces) {
    // Listed before anything is put back: what comes after that is new as it should be.
    const pods = await kube.list(resources.pods, { namespace });
    for (const resource of KINDS) await restoreKind(kube, baseline, resource, namespace);
    const touched = pods.filter(
      (pod) => !pristine(pod, baseline.get(resources.pods, namespace, pod.metadata.name)),
    );
    for (const { metadata } of touched)
      await kube.delete(resources.pods, namespace, metadata.name, { grace: 0 });
  }
  const end = clock.now().getTime() + SETTLED_WITHIN;
  while (!(await settled(kube, namespaces))) {
    if (clock.now().getTime() >= end) return false;
    await clock.wait(500, signal);
  }
  return true;
}

async function restoreKind<T extends KubeObject>(
  kube: KubeClient,
  baseline: Baseline,
  resource: Resource<T>,
  namespace: string,
): Promise<void> {
  const live = new Map((await kube.list(resource, { namespace })).map((one) => [one.metadata.name, one]));
  for (const [name, now] of live) {
    if (isOwned(now)) continue;
    const before = baseline.get(resource, namespace, name);
    if (before?.metadata.uid === now.metadata.uid) continue;
    await kube.delete(resource, namespace, name, { grace: 0 });
    live.delete(name);
  }
  for (const before of baseline.list(resource, namespace)) {
    if (isOwned(before)) continue;
    const now = live.get(before.metadata.name);
    if (now === undefined) await kube.create(resource, asNew(resource, before));
    // Whatever its revision is: its status is written meanwhile.
    else if (!equal(writtenContent(now), writtenContent(before)))
      await kube.update(resource, asNew(resource, before) as unknown as T);
  }
}

/** Made by a controller, which keeps it as it should be. */
const isOwned = ({ metadata }: KubeObject): boolean => (metadata.ownerReferences ?? []).length > 0;

/** Nothing has happened to a pod since the baseline. */
function pristine(now: Pod, before: Pod | undefined): boolean {
  if (before === undefined || now.metadata.uid !== before.metadata.uid) return false;
  const lives = (pod: Pod): unknown =>
    pod.status.containerStatuses?.map(({ containerID, imageID, restartCount, ready }) => [
      containerID,
      imageID,
      restartCount,
      ready,
    ]);
  return (
    now.metadata.deletionTimestamp === undefined &&
    equal(now.metadata.labels, before.metadata.labels) &&
    equal(now.metadata.annotations, before.metadata.annotations) &&
    equal(now.spec, before.spec) &&
    equal(lives(now), lives(before))
  );
}

async function settled(kube: KubeClient, namespaces: readonly string[]): Promise<boolean> {
  for (const namespace of namespaces) {
    const pods = await kube.list(resources.pods, { namespace });
    if (pods.some(({ metadata }) => metadata.deletionTimestamp !== undefined)) return false;
    const deployments = await kube.list(resources.deployments, { namespace });
    if (!deployments.every(isRolledOut)) return false;
  }
  return true;
}
