import type { PodMetrics, ResourceList } from '../../../model/objects.ts';
import { parseQuantity } from '../../../model/quantity.ts';
import { StatusError } from '../../api.ts';
import { parseGoDuration } from '../../../core/go-duration.ts';
import { MILLISECOND } from '../../simulation/simulation.ts';
import type { Micros } from '../../simulation/simulation.ts';
import { microsOf } from '../pod-state.ts';
import { ScalingError } from './scaling-error.ts';

/**
 * Asks metrics.k8s.io for the pods that a selector matches.
 * @throws StatusError as client-go words it: where the API is not there, or nobody answers for it
 */
export type PodMetricsSource = (namespace: string, selector: string) => readonly PodMetrics[];

/** What one pod used of a resource, in thousandths of its unit, averaged over the window that ends at `at`. */
export interface Sample {
  readonly at: Micros;
  readonly window: Micros;
  readonly milli: number;
}

const NANOS_PER_MILLI = 1_000_000n;

/**
 * What pods use of a resource, by their names: all containers together, or one of them. A pod of which a part is
 * missing is missing.
 * @throws ScalingError
 */
export function resourceSamples(
  source: PodMetricsSource,
  of: {
    readonly namespace: string;
    readonly selector: string;
    readonly resource: string;
    readonly container: string;
  },
): Map<string, Sample> {
  const items = fetched(source, of.namespace, of.selector);
  const samples = new Map<string, Sample>();
  for (const item of items) {
    const milli = of.container === '' ? ofPod(item, of.resource) : ofContainer(item, of);
    if (milli === undefined) continue;
    const window = parseGoDuration(item.window) * MILLISECOND;
    samples.set(item.metadata.name, { at: microsOf(item.timestamp), window, milli });
  }
  return samples;
}

function fetched(source: PodMetricsSource, namespace: string, selector: string): readonly PodMetrics[] {
  try {
    const items = source(namespace, selector);
    if (items.length === 0) throw new ScalingError('no metrics returned from resource metrics API');
    return items;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    throw new ScalingError(`unable to fetch metrics from resource metrics API: ${error.message}`);
  }
}

function ofPod({ containers }: PodMetrics, resource: string): number | undefined {
  if (containers.length === 0) return undefined;
  let sum = 0;
  for (const { usage } of containers) {
    const milli = milliOf(usage, resource);
    if (milli === undefined) return undefined;
    sum += milli;
  }
  return sum;
}

function ofContainer(
  { containers }: PodMetrics,
  { container, resource }: { readonly container: string; readonly resource: string },
): number | undefined {
  const found = containers.find(({ name }) => name === container);
  return found === undefined ? undefined : milliOf(found.usage, resource);
}

/** Thousandths, rounded up. */
export function milliOf(list: ResourceList | undefined, resource: string): number | undefined {
  const quantity = list?.[resource];
  if (quantity === undefined) return undefined;
  const { nanos } = parseQuantity(quantity);
  return Number(nanos > 0n ? (nanos + NANOS_PER_MILLI - 1n) / NANOS_PER_MILLI : nanos / NANOS_PER_MILLI);
}
