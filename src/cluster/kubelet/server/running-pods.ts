import type { PodWorker } from '../pod-worker.ts';
import { usageOf } from './usage.ts';

/** `/runningpods/`: what the container runtime knows of pods that run. */
export function runningPods(workers: readonly PodWorker[]): object {
  const items = usageOf(workers).map(({ worker: { pod }, containers }) => {
    const { name, namespace, uid } = pod.metadata;
    return {
      metadata: { name, namespace, uid },
      spec: {
        containers: containers.map(({ instance }) => ({
          name: instance.spec.name,
          image: instance.image.id.replace(/^.*@/, ''),
          resources: {},
        })),
      },
      status: {},
    };
  });
  return { kind: 'PodList', apiVersion: 'v1', metadata: {}, items };
}
