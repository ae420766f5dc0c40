import type { Container, PodSpec, Quantity, ResourceList } from './objects.ts';
import { bytesOf, millicoresOf } from './quantity.ts';

/** Amounts by resource name: `cpu` in millicores, everything else in whole units (bytes, pieces). */
export type Amounts = ReadonlyMap<string, number>;

/** What the scheduler counts for the spreading of containers that ask for nothing. */
const NOMINAL: ResourceList = { cpu: '100m', memory: '200Mi' };

export function amountsOf(list: ResourceList | undefined): Map<string, number> {
  return new Map(
    Object.entries(list ?? {}).map(([name, quantity]) => [
      name,
      name === 'cpu' ? millicoresOf(quantity) : bytesOf(quantity),
    ]),
  );
}

/** The amount of one resource, whose name may be one that every object has. */
export function amountIn(
  list: Readonly<Record<string, Quantity | undefined>> | undefined,
  name: string,
): Quantity | undefined {
  return list !== undefined && Object.hasOwn(list, name) ? list[name] : undefined;
}

/**
 * What a pod asks of its node: the containers and sidecars together, or the largest init container with the
 * sidecars before it, if that is more; plus the overhead. Requests of the pod as a whole come before all that.
 * https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers
 * @param options.nominal count 100m and 200Mi for a container that requests no cpu or memory
 */
export function podRequests(spec: PodSpec, options: { nominal?: boolean } = {}): Map<string, number> {
  const requestsOf = ({ resources }: Container): Map<string, number> =>
    amountsOf(options.nominal === true ? { ...NOMINAL, ...resources.requests } : resources.requests);
  const total = new Map<string, number>();
  for (const container of spec.containers) add(total, requestsOf(container));
  const sidecars = new Map<string, number>();
  const initial = new Map<string, number>();
  for (const container of spec.initContainers ?? []) {
    const requests = requestsOf(container);
    if (container.restartPolicy === 'Always') {
      add(total, requests);
      add(sidecars, requests);
      raise(initial, sidecars);
    } else {
      const whileRunning = new Map(sidecars);
      add(whileRunning, requests);
      raise(initial, whileRunning);
    }
  }
  raise(total, initial);
  for (const [name, amount] of amountsOf(spec.resources?.requests)) total.set(name, amount);
  add(total, amountsOf(spec.overhead));
  return total;
}

function add(total: Map<string, number>, more: Amounts): void {
  for (const [name, amount] of more) total.set(name, (total.get(name) ?? 0) + amount);
}

function raise(total: Map<string, number>, floor: Amounts): void {
  for (const [name, amount] of floor) total.set(name, Math.max(total.get(name) ?? 0, amount));
}
