import { edit, equal } from '../../../core/json.ts';
import type { AnyObject, Pod, ResourceList, ResourceQuota } from '../../../model/objects.ts';
import { canonicalQuantity, compareQuantities } from '../../../model/quantity.ts';
import { resources } from '../../../model/resources.ts';
import type { Resource } from '../../../model/resources.ts';
import { matchesScopes, totalUsage, usageOf } from '../../apiserver/admission/quota-usage.ts';
import type { WatchEvent } from '../../api.ts';
import { MINUTE } from '../../simulation/simulation.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { isPodFinished } from '../pod-state.ts';
import { WorkQueue, keyOf, splitKey } from '../work-queue.ts';

const RESYNC = 5 * MINUTE;
/** Besides pods, what is counted at once; other kinds are at the next resync. */
const WATCHED: readonly Resource[] = [
  resources.services,
  resources.persistentVolumeClaims,
  resources.configMaps,
  resources.secrets,
  resources.deployments,
  resources.replicaSets,
  resources.replicationControllers,
  resources.statefulSets,
  resources.jobs,
  resources.cronJobs,
];

/**
 * Counts what the namespace of each quota uses; admission does its own counting and only reads the limits.
 * https://kubernetes.io/docs/concepts/policy/resource-quotas/
 */
export function createResourceQuotaController(context: ControllerContext): Controller {
  const { api, simulation, watches } = context;
  const queue = new WorkQueue(simulation, 'resourcequota', sync);

  function sync(key: string): void {
    const { namespace, name } = splitKey(key);
    const quota = api.get(resources.resourceQuotas, namespace, name);
    if (quota === undefined) return;
    const hard = quota.spec.hard ?? {};
    const status = { hard, used: usedOf(quota, hard, namespace) };
    queue.after(key, RESYNC);
    if (isSame(quota.status, status)) return;
    api.updateStatus(
      resources.resourceQuotas,
      edit(quota, (draft) => {
        draft.status = status;
      }),
    );
  }

  function usedOf(quota: ResourceQuota, hard: ResourceList, namespace: string): ResourceList {
    const now = simulation.timestamp();
    const usages = countedResources(hard).flatMap((resource) =>
      api
        .list(resource, { namespace })
        .map((object) => object as AnyObject)
        .filter((object) => matchesScopes(quota, resource, object))
        .map((object) => usageOf(resource, object, now)),
    );
    const total = totalUsage(usages);
    return Object.fromEntries(Object.keys(hard).map((name) => [name, canonicalQuantity(total[name] ?? '0')]));
  }

  /** The kinds that a quota needs counted. */
  function countedResources(hard: ResourceList): Resource[] {
    const names = Object.keys(hard);
    return context.resources().filter(({ namespaced, id }) => {
      if (!namespaced) return false;
      if (names.includes(id) || names.includes(`count/${id}`)) return true;
      if (id === 'services') return names.some((name) => name.startsWith('services.'));
      if (id === 'persistentvolumeclaims') return names.some((name) => name.includes('storage'));
      return id === 'pods' && names.some((name) => !name.startsWith('count/'));
    });
  }

  function recount(namespace: string | undefined): void {
    for (const quota of api.list(resources.resourceQuotas, { namespace: namespace ?? '' })) {
      queue.add(keyOf(quota));
    }
  }

  function onPod({ type, object: pod, old }: WatchEvent<Pod>): void {
    const hasEnded = isPodFinished(pod) && old !== undefined && !isPodFinished(old);
    if (type !== 'MODIFIED' || hasEnded || !equal(old?.spec, pod.spec)) recount(pod.metadata.namespace);
  }

  return {
    name: 'resourcequota-controller',
    start: () => {
      watches.on(resources.resourceQuotas, ({ type, object, old }) => {
        if (type !== 'DELETED' && !equal(old?.spec, object.spec)) queue.add(keyOf(object));
      });
      watches.on(resources.pods, onPod);
      for (const resource of WATCHED) {
        watches.on(resource, ({ type, object }) => {
          if (type !== 'MODIFIED') recount(object.metadata.namespace);
        });
      }
    },
  };
}

/** The same amounts, however they are written. */
function isSame(a: ResourceQuota['status'] | undefined, b: Required<ResourceQuota['status']>): boolean {
  const sameList = (left: ResourceList | undefined, right: ResourceList): boolean =>
    left !== undefined &&
    Object.keys(left).length === Object.keys(right).length &&
    Object.entries(right).every(([name, quantity]) => {
      const other = left[name];
      return other !== undefined && compareQuantities(other, quantity) === 0;
    });
  return sameList(a?.hard, b.hard) && sameList(a?.used, b.used);
}
