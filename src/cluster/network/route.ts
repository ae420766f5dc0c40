import type { Micros, Simulation } from '../simulation/simulation.ts';
import type { Faults, Flow } from './faults.ts';
import type { Backend } from './services.ts';
import type { Address } from './types.ts';
import type { Stack } from './stack.ts';

export type Protocol = 'TCP' | 'UDP' | 'ICMP';

/** What becomes of a first packet to an address. Times are for one way. */
export type Route =
  | {
      readonly kind: 'deliver';
      readonly stack: Stack;
      /** The address after a Service's has been replaced. */
      readonly to: Address;
      /** The source address that the other side sees. */
      readonly source: string;
      readonly delay: Micros;
      readonly flow: Flow;
    }
  | { readonly kind: 'refused'; readonly delay: Micros }
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'lost' };

/** What conntrack knows of a connection. https://www.netfilter.org/documentation/ */
export interface Tracked {
  backend: Backend | undefined;
}

/** What stacks and channels need of the network around them. */
export interface Fabric {
  readonly simulation: Simulation;
  readonly faults: Faults;
  /**
   * @param tracked what the kernel keeps of a connection that is being opened: a packet that is sent again goes to the
   *   endpoint that the first one went to
   */
  route(from: Stack, to: Address, protocol: Protocol, tracked?: Tracked): Route;
}
