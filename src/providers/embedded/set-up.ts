import type { EmbeddedHeader } from './spec.ts';

/** Set-up starts so long before the fault, in milliseconds: the shop has some history when it breaks. */
const HISTORY = 3 * 60_000;

/** The virtual time at which set-up starts, so that the fault is `since` old at `handOver` (both milliseconds). */
export function epochFor(handOver: number, since: number): number {
  return Math.floor((handOver - since - HISTORY) * 1000);
}

/** When a lab is handed over, in microseconds since 1970. */
export function handOverAt(header: EmbeddedHeader): number {
  return header.epoch + (HISTORY + header.since) * 1000;
}

/** Lets the healthy shop run until the moment from which the fault is to be there. */
export async function backdate(
  header: EmbeddedHeader,
  now: number,
  since: number,
  advanceTo: (at: number) => Promise<unknown>,
): Promise<void> {
  const at = handOverAt(header) - since * 1000;
  if (at > now) await advanceTo(at);
}

/** So long after its start a cluster's nodes and the pods of kube-system are ready, in milliseconds of its own time. */
export const SETTLED_AFTER = 20_000;

/**
 * The virtual time at which a cluster that is no lab starts: it is ready at the wall's time less the headroom.
 * @param now @param headroom milliseconds
 */
export function epochAlone(now: number, headroom: number): number {
  return Math.floor((now - headroom - SETTLED_AFTER) * 1000);
}
