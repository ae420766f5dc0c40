import type { Job } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import { SECOND } from '../../simulation/simulation.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { microsOf } from '../pod-state.ts';
import { WorkQueue, keyOf, splitKey } from '../work-queue.ts';
import { isFinished } from './job-controller.ts';

/** Deletes finished Jobs some time after. https://kubernetes.io/docs/concepts/workloads/controllers/ttlafterfinished/ */
export function createTtlAfterFinishedController(context: ControllerContext): Controller {
  const { api, simulation, watches } = context;
  const queue = new WorkQueue(simulation, 'ttl-after-finished', sync);

  function sync(key: string): void {
    const { namespace, name } = splitKey(key);
    const job = api.get(resources.jobs, namespace, name);
    const ttl = job?.spec.ttlSecondsAfterFinished;
    if (job === undefined || ttl === undefined || job.metadata.deletionTimestamp !== undefined) return;
    const finished = finishTime(job);
    if (finished === undefined) return;
    const wait = microsOf(finished) + ttl * SECOND - simulation.now;
    if (wait > 0) {
      queue.after(key, wait);
      return;
    }
    api.delete(resources.jobs, namespace, name, {
      propagationPolicy: 'Foreground',
      preconditions: { uid: job.metadata.uid },
    });
  }

  return {
    name: 'ttl-after-finished-controller',
    start: () => {
      watches.on(resources.jobs, ({ type, object }) => {
        if (type !== 'DELETED' && isFinished(object)) queue.add(keyOf(object));
      });
    },
  };
}

function finishTime({ status }: Job): string | undefined {
  const over = status.conditions?.find(
    (condition) =>
      (condition.type === 'Complete' || condition.type === 'Failed') && condition.status === 'True',
  );
  return over?.lastTransitionTime ?? undefined;
}
