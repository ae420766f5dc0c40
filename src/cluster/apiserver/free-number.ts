import type { Random } from '../../core/random.ts';

/** Numbers from the first to the last, both included. */
export type Band = readonly [first: number, last: number];

/** What clients are told where a range has no number left. */
export const FULL = 'range is full';

/**
 * A number that nobody has: the first free one after one of chance, of the first band with any.
 * https://kubernetes.io/docs/concepts/services-networking/cluster-ip-allocation/#why-do-you-need-to-reserve-service-cluster-ips
 * @returns undefined where all are taken
 */
export function freeNumber(
  random: Random,
  bands: readonly Band[],
  isTaken: (number: number) => boolean,
): number | undefined {
  for (const [first, last] of bands) {
    const size = last - first + 1;
    const start = random.between(first, last) - first;
    for (let tries = 0; tries < size; tries++) {
      const number = first + ((start + tries) % size);
      if (!isTaken(number)) return number;
    }
  }
  return undefined;
}
