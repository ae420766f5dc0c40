import type { Random } from '../../core/random.ts';
import { MILLISECOND, type Micros } from '../simulation/simulation.ts';
import { contains, parseCidr, type Cidr } from './addresses.ts';
import type { StackOwner } from './types.ts';

/** Which packets a fault hits; every field that is given must fit. */
export interface FaultFilter {
  /** The destination, after a Service's address has become that of a backend: `10.244.1.7`, `10.244.1.0/24`. */
  readonly to?: string;
  readonly port?: number;
  readonly protocol?: 'TCP' | 'UDP' | 'ICMP';
  /** One end is on this node, the other is not. */
  readonly node?: string;
  /** Who sends. */
  readonly from?: (owner: StackOwner) => boolean;
}

export interface Fault {
  /** Share of packets that are lost, from 0 to 1. Answers on the way back are hit as well. */
  readonly loss?: number;
  /** Added to every packet on its way there, in milliseconds of virtual time. */
  readonly delayMs?: number;
}

/** A packet as faults see it; `server` is the side that listens, whichever way the packet goes. */
export interface Flow {
  readonly client: StackOwner;
  /** The node it is on; undefined for hosts outside the cluster. */
  readonly clientNode: string | undefined;
  /** It does not leave the client's own network namespace. */
  readonly loopback: boolean;
  readonly server: string;
  readonly serverNode: string | undefined;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'ICMP';
}

interface Entry {
  readonly filter: FaultFilter;
  readonly range: Cidr | undefined;
  readonly fault: Fault;
}

/** Packet loss and delay that a scenario puts on the network, as `tc netem` would. */
export class Faults {
  readonly #entries = new Set<Entry>();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** @returns a function that takes the fault away again */
  set(filter: FaultFilter, fault: Fault): () => void {
    const range = filter.to === undefined ? undefined : parseCidr(filter.to);
    const entry: Entry = { filter, range, fault };
    this.#entries.add(entry);
    return () => void this.#entries.delete(entry);
  }

  /** The delay that one packet gets, or undefined when it is lost. */
  transit(flow: Flow, direction: 'there' | 'back'): Micros | undefined {
    let delay = 0;
    // What goes over the loopback is on no network.
    if (flow.loopback) return delay;
    for (const { filter, range, fault } of this.#entries) {
      if (!matches(filter, range, flow)) continue;
      const loss = fault.loss ?? 0;
      if (loss > 0 && this.#random.uint32() < loss * 2 ** 32) return undefined;
      if (direction === 'there') delay += Math.round((fault.delayMs ?? 0) * MILLISECOND);
    }
    return delay;
  }
}

function matches(filter: FaultFilter, range: Cidr | undefined, flow: Flow): boolean {
  return (
    (range === undefined || contains(range, flow.server)) &&
    (filter.port === undefined || filter.port === flow.port) &&
    (filter.protocol === undefined || filter.protocol === flow.protocol) &&
    (filter.node === undefined || (filter.node === flow.clientNode) !== (filter.node === flow.serverNode)) &&
    (filter.from === undefined || filter.from(flow.client))
  );
}
