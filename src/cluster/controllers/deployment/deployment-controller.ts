import { equal } from '../../../core/json.ts';
import type { Deployment, Pod, ReplicaSet } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import type { WatchEvent } from '../../api.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { claim, concerned, controllerOf, resolveController } from '../ownership.ts';
import { conditionOf, isPodFinished } from '../pod-state.ts';
import { WorkQueue, keyOf, splitKey } from '../work-queue.ts';
import {
  calculateStatus,
  hasProgressDeadline,
  isComplete,
  newCondition,
  rolloutStatus,
  setCondition,
  stuckCheckIn,
} from './deployment-status.ts';
import { NewReplicaSets } from './new-replica-set.ts';
import { isActive, partitionReplicaSets, wasScaled } from './replica-sets.ts';
import type { OwnReplicaSets } from './replica-sets.ts';
import { Scaler } from './scaler.ts';

/** Rolls pod templates out. https://kubernetes.io/docs/concepts/workloads/controllers/deployment/ */
export function createDeploymentController(context: ControllerContext): Controller {
  const { api, events, simulation, watches } = context;
  const queue = new WorkQueue(simulation, 'deployment', sync);
  const scaler = new Scaler(api, events);
  const newSets = new NewReplicaSets(context);

  function sync(key: string): void {
    const { namespace, name } = splitKey(key);
    const deployment = api.get(resources.deployments, namespace, name);
    if (deployment === undefined) return;
    if (selectsEverything(deployment)) {
      refuseToSelectEverything(deployment);
      return;
    }
    const owned = claim(
      api,
      { resource: resources.deployments, object: deployment, selector: deployment.spec.selector },
      resources.replicaSets,
      api.list(resources.replicaSets, { namespace }),
    );
    const sets = partitionReplicaSets(deployment, owned);
    if (deployment.metadata.deletionTimestamp !== undefined) {
      writeStatus(deployment, calculateStatus(deployment, sets, simulation.timestamp()));
      return;
    }
    if (notePause(deployment)) return;
    if (deployment.spec.paused === true || wasScaled(deployment, owned)) {
      const resized = scaler.scale(deployment, newSets.find(deployment, sets));
      if (deployment.spec.paused === true) scaler.cleanUp(deployment, resized.old);
      writeStatus(deployment, calculateStatus(deployment, resized, simulation.timestamp()));
      return;
    }
    const after =
      deployment.spec.strategy.type === 'Recreate' ? recreate(deployment, sets) : roll(deployment, sets);
    if (after !== undefined) writeRolloutStatus(key, after);
  }

  /** @returns undefined when the Deployment was written and is to be looked at again */
  function roll(deployment: Deployment, found: OwnReplicaSets): OwnReplicaSets | undefined {
    const sets = newSets.findOrCreate(deployment, found);
    if (sets === undefined) return undefined;
    const scaled = scaler.growNew(deployment, sets) ?? scaler.shrinkOld(deployment, sets);
    if (scaled !== undefined) return scaled;
    if (isComplete(deployment, deployment.status)) scaler.cleanUp(deployment, sets.old);
    return sets;
  }

  function recreate(deployment: Deployment, found: OwnReplicaSets): OwnReplicaSets | undefined {
    const existing = newSets.find(deployment, found);
    if (existing.old.some(isActive)) return scaler.scaleOldTo(deployment, existing, 0);
    if (oldPodsRemain(deployment, existing)) return existing;
    const sets = newSets.findOrCreate(deployment, existing);
    if (sets === undefined) return undefined;
    const scaled = scaler.growNew(deployment, sets);
    if (scaled !== undefined) return scaled;
    if (isComplete(deployment, deployment.status)) scaler.cleanUp(deployment, sets.old);
    return sets;
  }

  function oldPodsRemain(deployment: Deployment, sets: OwnReplicaSets): boolean {
    if (sets.old.some((set) => set.status.replicas > 0)) return true;
    const old = new Set(sets.old.map((set) => set.metadata.uid));
    return api
      .list(resources.pods, { namespace: deployment.metadata.namespace ?? '' })
      .some((pod) => old.has(controllerOf(pod)?.uid ?? '') && !isPodFinished(pod));
  }

  /** Stops and restarts the progress deadline of a paused Deployment. @returns whether it was written */
  function notePause(deployment: Deployment): boolean {
    if (!hasProgressDeadline(deployment)) return false;
    const progress = conditionOf(deployment.status.conditions, 'Progressing');
    if (progress?.reason === 'ProgressDeadlineExceeded') return false;
    const isNoted = progress?.reason === 'DeploymentPaused';
    const isPaused = deployment.spec.paused === true;
    if (isPaused === isNoted) return false;
    const [reason, message] = isPaused
      ? ['DeploymentPaused', 'Deployment is paused']
      : ['DeploymentResumed', 'Deployment is resumed'];
    const condition = newCondition(simulation.timestamp(), 'Progressing', 'Unknown', reason, message);
    writeStatus(deployment, {
      ...deployment.status,
      conditions: setCondition(deployment.status.conditions, condition),
    });
    return true;
  }

  function refuseToSelectEverything(deployment: Deployment): void {
    events.event(
      deployment,
      'Warning',
      'SelectingAll',
      'This deployment is selecting all pods. A non-empty selector is required.',
    );
    const { generation } = deployment.metadata;
    if (generation !== undefined && (deployment.status.observedGeneration ?? 0) < generation) {
      writeStatus(deployment, { ...deployment.status, observedGeneration: generation });
    }
  }

  function writeRolloutStatus(key: string, sets: OwnReplicaSets): void {
    const { namespace, name } = splitKey(key);
    const deployment = api.get(resources.deployments, namespace, name);
    if (deployment === undefined) return;
    const status = rolloutStatus(deployment, sets, simulation.now, simulation.timestamp());
    if (writeStatus(deployment, status)) return;
    const wait = stuckCheckIn(deployment, status, simulation.now);
    if (wait !== undefined) queue.after(key, wait);
  }

  /** @returns whether there was anything to write */
  function writeStatus(deployment: Deployment, status: Deployment['status']): boolean {
    if (equal(deployment.status, status)) return false;
    api.updateStatus(resources.deployments, { ...deployment, status });
    return true;
  }

  function onReplicaSet(event: WatchEvent<ReplicaSet>): void {
    const all = (namespace: string) => api.list(resources.deployments, { namespace });
    for (const deployment of concerned(api, resources.deployments, event, all)) queue.add(keyOf(deployment));
  }

  /** A Recreate rollout waits for the last old pod to go. */
  function onPod({ type, object: pod }: WatchEvent<Pod>): void {
    if (type !== 'DELETED') return;
    const set = resolveController(api, resources.replicaSets, pod);
    const deployment = set === undefined ? undefined : resolveController(api, resources.deployments, set);
    if (deployment?.spec.strategy.type === 'Recreate') queue.add(keyOf(deployment));
  }

  return {
    name: 'deployment-controller',
    start: () => {
      watches.on(resources.deployments, ({ object }) => {
        queue.add(keyOf(object));
      });
      watches.on(resources.replicaSets, onReplicaSet);
      watches.on(resources.pods, onPod);
    },
  };
}

function selectsEverything({ spec: { selector } }: Deployment): boolean {
  return (
    Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0
  );
}
