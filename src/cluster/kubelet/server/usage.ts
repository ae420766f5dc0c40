import type { PodWorker } from '../pod-worker.ts';
import type { ContainerInstance } from '../types.ts';

/** What a pod's sandbox uses beside its containers: bytes, and microseconds of CPU until `/pause` runs. */
export const SANDBOX_MEMORY = 212_992;
export const SANDBOX_CPU = 55_000;

/** A running container and what it has used. */
export interface ContainerUsage {
  readonly instance: ContainerInstance;
  /** Microseconds of CPU since it started; bytes resident, and bytes in its own layer. */
  readonly cpu: number;
  readonly memory: number;
  readonly files: number;
  /** How often it ran out of memory since it started. */
  readonly oomEvents: number;
}

/** A pod of which containers run. */
export interface PodUsage {
  readonly worker: PodWorker;
  readonly containers: readonly ContainerUsage[];
  readonly cpu: number;
  readonly memory: number;
}

/** Those that run. */
export function containersOf({ containers }: PodWorker): ContainerUsage[] {
  return containers.running().map((instance) => ({ instance, ...instance.runtime.usage() }));
}

/** In the order of their names. */
export function usageOf(workers: readonly PodWorker[]): PodUsage[] {
  const usages = workers.map((worker): PodUsage => {
    const containers = containersOf(worker).sort((a, b) =>
      a.instance.spec.name < b.instance.spec.name ? -1 : 1,
    );
    const sum = (of: 'cpu' | 'memory'): number => containers.reduce((total, each) => total + each[of], 0);
    return { worker, containers, cpu: sum('cpu') + SANDBOX_CPU, memory: sum('memory') + SANDBOX_MEMORY };
  });
  const key = ({ worker: { pod } }: PodUsage): string =>
    `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`;
  return usages.filter(({ containers }) => containers.length > 0).sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
