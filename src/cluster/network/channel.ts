import type { Member, Members } from '../../core/members.ts';
import { MILLISECOND, SECOND, type Micros, type Timer } from '../simulation/simulation.ts';
import type { DnsMessage } from './dns-message.ts';
import type { Flow } from './faults.ts';
import type { Fabric, Route, Tracked } from './route.ts';
import type { Stack } from './stack.ts';
import { NetError, type Address, type HttpRequest, type HttpResponse } from './types.ts';

/** What travels on a TCP connection: whole messages between parties that speak them, bytes otherwise. */
export type Payload =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'request'; readonly request: HttpRequest }
  | { readonly kind: 'response'; readonly response: HttpResponse }
  | { readonly kind: 'dns'; readonly message: DnsMessage }
  | { readonly kind: 'end' };

/** The party on one side of a channel. */
export interface ChannelUser {
  open?(): void;
  receive(payload: Payload): void;
  /** Refused, timed out or reset; the last call. */
  fail(error: NetError): void;
}

const SYN_RETRIES = 6;
const SYN_TIMEOUT: Micros = SECOND;
const DATA_RETRIES = 15;
const DATA_TIMEOUT: Micros = 200 * MILLISECOND;
const MAX_TIMEOUT: Micros = 120 * SECOND;
/** How long Linux asks for the hardware address of a silent neighbour before it says EHOSTUNREACH. */
const NEIGHBOUR_TIMEOUT: Micros = 3 * SECOND;

interface Path {
  readonly flow: Flow;
  readonly delay: Micros;
}

/**
 * One side of a TCP connection. What is sent arrives in order; a lost segment is sent again after 200 ms, 400 ms …,
 * and holds up what comes after it.
 */
export class ChannelSide {
  readonly stack: Stack;
  /** The address that this side takes the other to have. */
  readonly peer: Address;
  readonly #fabric: Fabric;
  readonly #direction: 'there' | 'back';
  #user: ChannelUser | undefined;
  #path: Path | undefined;
  #other: ChannelSide | undefined;
  readonly #place: Member;
  #group: Members<ChannelSide> | undefined;
  #placeInGroup: Member | undefined;
  #queue: Payload[] = [];
  #lastArrival: Micros = 0;
  #retry: Timer | undefined;
  #tries = 0;
  #waiting = false;
  #closed = false;
  #ended = false;
  #otherEnded = false;

  constructor(fabric: Fabric, stack: Stack, peer: Address, direction: 'there' | 'back') {
    this.#fabric = fabric;
    this.stack = stack;
    this.peer = peer;
    this.#direction = direction;
    this.#place = stack.sides.add(this);
  }

  get closed(): boolean {
    return this.#closed;
  }

  send(payload: Payload): void {
    if (this.#closed || this.#ended) return;
    if (payload.kind === 'end') this.#ended = true;
    this.#queue.push(payload);
    this.#pump();
  }

  /** Resets the connection. Nothing is called on this side any more; the other sees ECONNRESET. */
  reset(): void {
    if (this.#closed) return;
    const other = this.#other;
    const path = this.#path;
    this.forget();
    if (other === undefined || path === undefined) return;
    const extra = this.#fabric.faults.transit(path.flow, this.#direction);
    if (extra === undefined) return;
    const { simulation } = this.#fabric;
    const at = Math.max(simulation.now + path.delay + extra, this.#lastArrival);
    simulation.at(at, this.stack.label, () => {
      other.fail('ECONNRESET');
    });
  }

  /** The exchange is over on this side: nothing is sent and nothing called any more. */
  forget(): void {
    this.#closed = true;
    this.#retry?.cancel();
    this.#queue = [];
    this.stack.sides.delete(this.#place);
    if (this.#placeInGroup !== undefined) this.#group?.delete(this.#placeInGroup);
  }

  /** Ends this side with an error of the kernel. */
  fail(code: NetError['code']): void {
    if (this.#closed) return;
    this.forget();
    this.#user?.fail(new NetError(code, `${this.peer.ip}:${this.peer.port}`));
  }

  /** The exchange is over on both sides: as {@link forget}, for messages that need no good-bye. */
  dissolve(): void {
    this.forget();
    this.#other?.forget();
  }

  /** Opens the connection as a client: refused, unreachable, or timed out after the kernel's 127 s. */
  dial(to: Address, user: ChannelUser): void {
    this.#user = user;
    this.#attempt(to, { backend: undefined }, 0);
  }

  /** Puts an accepted side under its listener, which resets it when it goes. */
  joinGroup(group: Members<ChannelSide>): void {
    this.#group = group;
    this.#placeInGroup = group.add(this);
  }

  #attempt(to: Address, tracked: Tracked, attempt: number): void {
    if (this.#closed) return;
    const { simulation, faults } = this.#fabric;
    const route = this.#fabric.route(this.stack, to, 'TCP', tracked);
    const again = (): void => {
      const wait = SYN_TIMEOUT * 2 ** attempt;
      this.#retry = simulation.after(wait, this.stack.label, () => {
        if (attempt === SYN_RETRIES) this.fail('ETIMEDOUT');
        else this.#attempt(to, tracked, attempt + 1);
      });
    };
    if (route.kind === 'lost') {
      again();
      return;
    }
    if (route.kind === 'refused' || route.kind === 'unreachable') {
      const wait = route.kind === 'refused' ? 2 * route.delay : NEIGHBOUR_TIMEOUT;
      const code = route.kind === 'refused' ? 'ECONNREFUSED' : 'EHOSTUNREACH';
      this.#retry = simulation.after(wait, this.stack.label, () => this.fail(code));
      return;
    }
    const there = faults.transit(route.flow, 'there');
    const back = faults.transit(route.flow, 'back');
    if (there === undefined || back === undefined) {
      again();
      return;
    }
    this.#retry = simulation.after(2 * route.delay + there + back, this.stack.label, () => {
      if (route.stack.closed) again();
      else if (!this.#connect(route)) this.fail('ECONNREFUSED');
    });
  }

  #connect(route: Extract<Route, { kind: 'deliver' }>): boolean {
    const from = { ip: route.source, port: this.stack.ephemeralPort(), owner: this.stack.owner };
    const other = new ChannelSide(this.#fabric, route.stack, from, 'back');
    this.#other = other;
    other.#other = this;
    this.#path = other.#path = { flow: route.flow, delay: route.delay };
    const user = route.stack.accept(other, route.to, from);
    if (user === undefined) {
      other.forget();
      return false;
    }
    other.#user = user;
    user.open?.();
    this.#user?.open?.();
    this.#pump();
    other.#pump();
    return true;
  }

  #pump(): void {
    const path = this.#path;
    const other = this.#other;
    if (path === undefined || other === undefined) return;
    const { simulation, faults } = this.#fabric;
    while (!this.#waiting) {
      const payload = this.#queue[0];
      if (payload === undefined) break;
      const extra = faults.transit(path.flow, this.#direction);
      if (extra === undefined) {
        this.#sendAgainLater();
        return;
      }
      this.#tries = 0;
      this.#queue.shift();
      this.#lastArrival = Math.max(this.#lastArrival, simulation.now + path.delay + extra);
      simulation.at(this.#lastArrival, this.stack.label, () => other.#arrive(payload));
    }
    this.#forgetIfOver();
  }

  #arrive(payload: Payload): void {
    if (this.#closed) return;
    if (payload.kind === 'end') this.#otherEnded = true;
    this.#user?.receive(payload);
    this.#forgetIfOver();
  }

  #forgetIfOver(): void {
    if (this.#ended && this.#otherEnded && this.#queue.length === 0) this.forget();
  }

  #sendAgainLater(): void {
    const wait = Math.min(DATA_TIMEOUT * 2 ** this.#tries, MAX_TIMEOUT);
    this.#tries++;
    this.#waiting = true;
    this.#retry = this.#fabric.simulation.after(wait, this.stack.label, () => {
      this.#waiting = false;
      if (this.#tries > DATA_RETRIES) this.fail('ETIMEDOUT');
      else this.#pump();
    });
  }
}
