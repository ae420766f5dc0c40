import { Baseline, objectsOf } from '../checks/baseline.ts';
import { equal } from '../core/json.ts';
import { deleteForGood } from '../kube/finalizers.ts';
import type { Deployment, KubeObject, Pod } from '../model/objects.ts';
import { type Resource, resources } from '../model/resources.ts';
import { isRolledOut } from '../model/rollout.ts';
import { asNew, writtenContent, writtenKinds } from '../model/written.ts';
import type { Cluster } from '../providers/provider.ts';

/** What a case may change or add to: it is written back. */
const KINDS: readonly Resource[] = [...writtenKinds, resources.endpointSlices];

/** What has to be the very same, or all is made anew: a claim holds data, and the grader knows objects by their uid. */
const SAME: readonly Resource[] = [resources.namespaces, resources.persistentVolumeClaims, ...KINDS];

/** Milliseconds. */
const SETTLED_WITHIN = 120_000;

/** The namespaces of a lab as they are now, broken, so that the next case finds them so again. */
export class BrokenShop {
  readonly #cluster: Pick<Cluster, 'kube' | 'clock'>;
  readonly #namespaces: readonly string[];
  readonly #before: Baseline;

  private constructor(
    cluster: Pick<Cluster, 'kube' | 'clock'>,
    namespaces: readonly string[],
    before: Baseline,
  ) {
    this.#cluster = cluster;
    this.#namespaces = namespaces;
    this.#before = before;
  }

  static async capture(
    cluster: Pick<Cluster, 'kube' | 'clock'>,
    namespaces: readonly string[],
  ): Promise<BrokenShop> {
    const kinds = [...SAME, resources.pods];
    return new BrokenShop(cluster, namespaces, await Baseline.capture(cluster.kube, namespaces, kinds));
  }

  /** Whether everything that was there is still there, and the same object, whatever was done to it. */
  async isAllThere(): Promise<boolean> {
    const places = this.#namespaces.flatMap((namespace) => SAME.map((resource) => ({ resource, namespace })));
    const found = await Promise.all(
      places.map(async ({ resource, namespace }) => {
        const there = new Set((await objectsOf(this.#cluster.kube, resource, namespace)).map(identityOf));
        return this.#listed(resource, namespace).every((object) => there.has(identityOf(object)));
      }),
    );
    return found.every((isThere) => isThere);
  }

  /**
   * Undoes what a case did since. A pod that came after the capture, or to which anything happened, is replaced.
   * @returns whether everything has come as far as it had then; otherwise all is to be made anew
   */
  async putBack(signal: AbortSignal): Promise<boolean> {
    const { kube, clock } = this.#cluster;
    for (const namespace of this.#namespaces) {
      // Listed before anything is put back: what comes after that is new as it should be.
      const pods = await kube.list(resources.pods, { namespace });
      for (const resource of KINDS) await this.#restore(resource, namespace);
      for (const pod of pods) {
        if (!pristine(pod, this.#before.get(resources.pods, namespace, pod.metadata.name)))
          await kube.delete(resources.pods, namespace, pod.metadata.name, { grace: 0 });
      }
    }
    const end = clock.now().getTime() + SETTLED_WITHIN;
    while (!(await this.#isSettled())) {
      if (clock.now().getTime() >= end) return false;
      await clock.wait(500, signal);
    }
    return true;
  }

  #listed(resource: Resource, namespace: string): readonly KubeObject[] {
    return this.#before.list(resource, namespace).filter((object) => !isOwned(object));
  }

  async #restore<T extends KubeObject>(resource: Resource<T>, namespace: string): Promise<void> {
    const { kube } = this.#cluster;
    for (const now of await kube.list(resource, { namespace })) {
      if (isOwned(now)) continue;
      const { name } = now.metadata;
      const before = this.#before.get(resource, namespace, name);
      if (before === undefined) await deleteForGood(kube, resource, now);
      // Whatever its revision is: its status is written meanwhile.
      else if (!equal(writtenContent(now), writtenContent(before)))
        await kube.update(resource, asNew(resource, before) as unknown as T);
    }
  }

  async #isSettled(): Promise<boolean> {
    const { kube } = this.#cluster;
    for (const namespace of this.#namespaces) {
      const pods = await kube.list(resources.pods, { namespace });
      if (pods.some(({ metadata }) => metadata.deletionTimestamp !== undefined)) return false;
      for (const now of await kube.list(resources.deployments, { namespace })) {
        const before = this.#before.get(resources.deployments, namespace, now.metadata.name);
        if (before !== undefined && !asFarAs(now, before)) return false;
      }
    }
    return true;
  }
}

const identityOf = ({ metadata: { name, uid, deletionTimestamp } }: KubeObject): string =>
  [name, uid, deletionTimestamp].join(' ');

/** Made by a controller, which keeps it as it should be. */
const isOwned = ({ metadata }: KubeObject): boolean => (metadata.ownerReferences ?? []).length > 0;

/** A rollout that was complete is so again; one that was stuck has all the pods that it is to have, whatever becomes of them. */
function asFarAs(now: Deployment, before: Deployment): boolean {
  if (isRolledOut(before)) return isRolledOut(now);
  const { metadata, spec, status } = now;
  const { observedGeneration = 0, replicas = 0 } = status;
  // Where it had fewer, there is no more room.
  const wanted = Math.min(spec.replicas, before.status.replicas ?? 0);
  return observedGeneration >= (metadata.generation ?? 0) && replicas >= wanted;
}

/** Nothing has happened to a pod since the capture. */
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
