import { Members } from '../../core/members.ts';
import { hash32 } from '../../core/random.ts';
import { SECOND } from '../simulation/simulation.ts';
import { isLoopback } from './addresses.ts';
import type { ChannelSide, ChannelUser } from './channel.ts';
import type { DnsMessage } from './dns-message.ts';
import { callDns, callHttp, callStream } from './clients.ts';
import type { Fabric } from './route.ts';
import { serve } from './servers.ts';
import {
  NetError,
  type Address,
  type Cancel,
  type Connection,
  type ConnectionHandler,
  type HttpRequest,
  type HttpResponse,
  type Listener,
  type Listening,
  type NetworkStack,
  type Peer,
  type StackOwner,
} from './types.ts';

/** Who names no address listens on all of both families, as `netstat` shows it. */
const EVERY_ADDRESS = '::';

function isEvery(ip: string): boolean {
  return ip === EVERY_ADDRESS || ip === '0.0.0.0';
}

interface Bound {
  readonly ip: string;
  readonly port: number;
  readonly pid: number;
  readonly listener: Listener;
  readonly accepted: Members<ChannelSide>;
}

/** A network namespace: its listeners, and its calls to others. */
export class Stack implements NetworkStack {
  readonly ip: string;
  readonly owner: StackOwner;
  /** Owner of this stack's simulation events. */
  readonly label: string;
  /** The node it is on; undefined for hosts outside the cluster. */
  readonly node: string | undefined;
  /** TCP connections that have an end here. */
  readonly sides = new Members<ChannelSide>();
  readonly #fabric: Fabric;
  readonly #bound: Bound[] = [];
  #nextPort: number;
  #closed = false;

  constructor(fabric: Fabric, ip: string, owner: StackOwner, node?: string) {
    this.#fabric = fabric;
    this.ip = ip;
    this.owner = owner;
    this.node = node;
    const name = owner.kind === 'pod' ? `${owner.namespace}/${owner.name}` : owner.name;
    this.label = `network/${owner.kind}/${name}`;
    this.#nextPort = hash32(this.label);
  }

  /** Taken down: packets to it are lost. */
  get closed(): boolean {
    return this.#closed;
  }

  /** The source port of the next connection. */
  ephemeralPort(): number {
    this.#nextPort = (this.#nextPort + 7919) % 28232;
    return 32768 + this.#nextPort;
  }

  listen(port: number, listener: Listener, options: { ip?: string; pid?: number } = {}): Listening {
    const ip = options.ip ?? EVERY_ADDRESS;
    const chosen = port === 0 ? this.ephemeralPort() : port;
    const taken = this.#bound.some(
      (other) =>
        other.port === chosen &&
        (other.ip === ip || isEvery(other.ip) || isEvery(ip)) &&
        protocolsOf(listener).some((protocol) => speaks(other.listener, protocol)),
    );
    if (taken) throw new NetError('EADDRINUSE', `address already in use ${ip}:${chosen}`);
    const bound: Bound = { ip, port: chosen, pid: options.pid ?? 0, listener, accepted: new Members() };
    this.#bound.push(bound);
    return {
      port: chosen,
      close: ({ drain = false } = {}) => {
        const index = this.#bound.indexOf(bound);
        if (index >= 0) this.#bound.splice(index, 1);
        if (!drain) for (const side of bound.accepted) side.reset();
      },
    };
  }

  listening(): readonly { protocol: 'tcp' | 'udp'; ip: string; port: number; pid: number }[] {
    return this.#bound.flatMap(({ ip, port, pid, listener }) =>
      protocolsOf(listener).map((protocol) => ({ protocol, ip, port, pid })),
    );
  }

  http(to: Address, request: HttpRequest, done: (result: HttpResponse | NetError) => void): Cancel {
    return callHttp(this.#fabric, this, to, request, done);
  }

  connect(to: Address, handler: ConnectionHandler): Connection {
    return callStream(this.#fabric, this, to, handler);
  }

  query(
    to: Address,
    protocol: 'UDP' | 'TCP',
    query: DnsMessage,
    done: (result: DnsMessage | NetError) => void,
  ): Cancel {
    if (protocol === 'TCP') return callDns(this.#fabric, this, to, query, done);
    return this.#exchange<DnsMessage>(to, done, (listener, from, respond) => {
      if (listener?.kind !== 'dns') return false;
      listener.handle(query, { ...from, protocol: 'UDP' }, respond);
      return true;
    });
  }

  datagram(to: Address, bytes: Uint8Array, done: (answer: Uint8Array | NetError) => void): Cancel {
    return this.#exchange<Uint8Array>(to, done, (listener, from, respond) => {
      if (listener?.kind === 'datagram') listener.handle(bytes, from, respond);
      // A name server drops what is no message.
      return listener?.kind === 'datagram' || listener?.kind === 'dns';
    });
  }

  ping(ip: string, done: (roundTrip: number | undefined) => void): Cancel {
    const { simulation, faults } = this.#fabric;
    const route = this.#fabric.route(this, { ip, port: 0 }, 'ICMP');
    let answered: number | undefined;
    if (route.kind === 'deliver') {
      const there = faults.transit(route.flow, 'there');
      const back = faults.transit(route.flow, 'back');
      if (there !== undefined && back !== undefined) answered = 2 * route.delay + there + back;
    }
    const roundTrip = answered !== undefined && answered <= SECOND ? answered : undefined;
    const timer = simulation.after(roundTrip ?? SECOND, this.label, () => {
      if (!this.#closed) done(roundTrip);
    });
    return () => timer.cancel();
  }

  /** Takes a connection that has come in; undefined where nothing listens. */
  accept(side: ChannelSide, to: Address, from: Peer): ChannelUser | undefined {
    const bound = this.#listenerOn(to, 'tcp');
    if (bound === undefined || bound.listener.kind === 'datagram') return undefined;
    side.joinGroup(bound.accepted);
    return serve(bound.listener, side, from);
  }

  /** Takes the stack down: every connection is reset, nothing is called any more. */
  close(): void {
    for (const side of this.sides) side.reset();
    this.#bound.length = 0;
    this.#closed = true;
  }

  #listenerOn(to: Address, protocol: 'tcp' | 'udp'): Bound | undefined {
    return this.#bound.find(
      ({ ip, port, listener }) =>
        port === to.port && (isEvery(ip) || ip === to.ip) && speaks(listener, protocol),
    );
  }

  /**
   * A packet over UDP and the first answer.
   * @param hand gives it to what listens there; false where that takes no such packets
   */
  #exchange<T>(
    to: Address,
    done: (result: T | NetError) => void,
    hand: (listener: Listener | undefined, from: Peer, respond: (answer: T) => void) => boolean,
  ): Cancel {
    const { simulation, faults } = this.#fabric;
    let over = false;
    const finish = (delay: number, result: T | NetError): void => {
      simulation.after(delay, this.label, () => {
        if (over || this.#closed) return;
        over = true;
        done(result);
      });
    };
    const route = this.#fabric.route(this, to, 'UDP');
    const refused = (): NetError => new NetError('ECONNREFUSED', `${to.ip}:${to.port}`);
    if (route.kind === 'refused') finish(2 * route.delay, refused());
    if (route.kind === 'unreachable') finish(3 * SECOND, new NetError('EHOSTUNREACH', `${to.ip}:${to.port}`));
    const there = route.kind === 'deliver' ? faults.transit(route.flow, 'there') : undefined;
    if (route.kind === 'deliver' && there !== undefined) {
      const from: Peer = { ip: route.source, port: this.ephemeralPort(), owner: this.owner };
      simulation.after(route.delay + there, this.label, () => {
        if (route.stack.closed) return;
        const listener = route.stack.#listenerOn(route.to, 'udp')?.listener;
        const taken = hand(listener, from, (answer) => {
          const back = route.stack.closed ? undefined : faults.transit(route.flow, 'back');
          if (back !== undefined) finish(route.delay + back, answer);
        });
        if (!taken) finish(route.delay, refused());
      });
    }
    return () => {
      over = true;
    };
  }
}

function speaks({ kind }: Listener, protocol: 'tcp' | 'udp'): boolean {
  return kind === 'dns' || (kind === 'datagram') === (protocol === 'udp');
}

const protocolsOf = (listener: Listener): readonly ('tcp' | 'udp')[] =>
  (['tcp', 'udp'] as const).filter((protocol) => speaks(listener, protocol));

/** The address under which a stack reaches itself. */
export function isOwnAddress(stack: Stack, ip: string): boolean {
  return ip === stack.ip || isLoopback(ip);
}
