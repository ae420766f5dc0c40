import type { Service, ServicePort } from '../../model/objects.ts';
import type { Random } from '../../core/random.ts';
import { type Band, freeNumber, FULL } from './free-number.ts';
import type { FieldProblem } from './pipeline.ts';
import { internalError, statusError } from './status.ts';

const FIRST = 30_000;
const LAST = 32_767;
/** The lowest are left to Services that name their own; the size of that band is Kubernetes' formula. */
const BANDS: readonly Band[] = [
  [30_086, LAST],
  [FIRST, 30_085],
];
const HEALTH = 'spec.healthCheckNodePort';

/** The fields of a Service that node ports depend on. */
export interface NodePortSpec {
  readonly type?: Service['spec']['type'];
  readonly ports?: ServicePort[];
  readonly externalTrafficPolicy?: string;
  readonly allocateLoadBalancerNodePorts?: boolean;
  healthCheckNodePort?: number;
}

/**
 * The node ports that one Service is given at one time.
 * https://kubernetes.io/docs/concepts/services-networking/service/#type-nodeport
 */
export class NodePorts {
  readonly #taken: ReadonlySet<number>;
  readonly #given = new Set<number>();
  readonly #random: Random;
  readonly #dryRun: boolean;

  /** @param taken by other Services */
  constructor(taken: ReadonlySet<number>, random: Random, dryRun: boolean) {
    this.#taken = taken;
    this.#random = random;
    this.#dryRun = dryRun;
  }

  /**
   * Of a new Service: what serves the same port in several protocols (DNS, say) gets one number for all.
   * @throws StatusError 500 where none is left
   */
  first(spec: NodePortSpec): FieldProblem[] {
    const { ports = [] } = spec;
    const shared = new Map<number, number>();
    for (const [index, port] of ports.entries()) {
      const { nodePort = 0 } = port;
      if (nodePort === 0 && !allocates(spec)) continue;
      const known = shared.get(port.port);
      if (known !== undefined && (nodePort === 0 || nodePort === known)) {
        port.nodePort = known;
        continue;
      }
      const wanted =
        known === undefined
          ? ports.slice(index).find((other) => other.port === port.port && (other.nodePort ?? 0) !== 0)
              ?.nodePort
          : nodePort;
      const why = wanted === undefined ? undefined : this.#take(wanted);
      if (wanted !== undefined && why !== undefined) return [refused(index, wanted, why)];
      port.nodePort = wanted ?? this.#next('a nodePort');
      shared.set(port.port, known ?? port.nodePort);
    }
    return [];
  }

  /**
   * Of a Service that changes: numbers that it has had stay its own.
   * @throws StatusError 500 for one that is there twice, and where none is left
   */
  next(spec: NodePortSpec, before: readonly ServicePort[]): FieldProblem[] {
    const own = new Set(before.map(({ nodePort }) => nodePort));
    const seen = new Set<string>();
    for (const [index, port] of (spec.ports ?? []).entries()) {
      const { nodePort = 0 } = port;
      if (nodePort === 0) {
        if (!allocates(spec)) continue;
        const others = new Set((spec.ports ?? []).map((other) => other.nodePort ?? 0));
        port.nodePort = this.#next('a nodePort', others);
      } else if (!own.has(nodePort)) {
        const why = this.#take(nodePort);
        if (why !== undefined) return [refused(index, nodePort, why)];
        own.add(nodePort);
      }
      const shown = `{${port.protocol} ${port.nodePort ?? 0}}`;
      // No field is named: this comes from the allocator, before anything is validated.
      if (seen.has(shown)) throw statusError(500, undefined, `duplicate nodePort: ${shown}`);
      seen.add(shown);
    }
    return [];
  }

  /**
   * The port at which a balancer asks a node whether it has endpoints.
   * @throws StatusError 500 where it cannot be had
   */
  health(spec: NodePortSpec, before: NodePortSpec | undefined): FieldProblem[] {
    if (!needsHealthCheck(spec)) return [];
    const { healthCheckNodePort: wanted = 0 } = spec;
    if (before !== undefined && needsHealthCheck(before)) {
      if (wanted === before.healthCheckNodePort) return [];
      const detail = `Invalid value: ${wanted}: field is immutable`;
      return [{ type: 'FieldValueInvalid', field: HEALTH, detail }];
    }
    const why = wanted === 0 ? undefined : this.#take(wanted);
    if (why !== undefined) {
      throw internalError(`failed to allocate requested HealthCheck NodePort ${wanted}: ${why}`);
    }
    if (wanted === 0) spec.healthCheckNodePort = this.#next('a HealthCheck NodePort 0');
    return [];
  }

  /** @returns why it cannot be had */
  #take(nodePort: number): string | undefined {
    const isTaken = this.#taken.has(nodePort) || this.#given.has(nodePort);
    if (!this.#dryRun && (nodePort < FIRST || nodePort > LAST)) {
      return `provided port is not in the valid range. The range of valid ports is ${FIRST}-${LAST}`;
    }
    if (isTaken) return 'provided port is already allocated';
    this.#given.add(nodePort);
    return undefined;
  }

  /** @param what for whom the number is, in Kubernetes' words */
  #next(what: string, others: ReadonlySet<number> = new Set()): number {
    const isTaken = (number: number): boolean =>
      this.#taken.has(number) || this.#given.has(number) || others.has(number);
    const nodePort = this.#dryRun ? this.#shown() : freeNumber(this.#random, BANDS, isTaken);
    if (nodePort === undefined) throw internalError(`failed to allocate ${what}: ${FULL}`);
    this.#given.add(nodePort);
    return nodePort;
  }

  /** A dry run finds no number: it shows what cannot be one, or follows those that were asked for. */
  #shown(): number {
    return this.#given.size === 0 ? LAST + 2 : Math.max(...this.#given) + 1;
  }
}

/** Whether the balancer of a Service asks the nodes where its endpoints are. */
export function needsHealthCheck({ type, externalTrafficPolicy }: NodePortSpec): boolean {
  return type === 'LoadBalancer' && externalTrafficPolicy === 'Local';
}

/** A balancer that finds pods itself needs no ports but those that are asked for. */
function allocates({ type, allocateLoadBalancerNodePorts }: NodePortSpec): boolean {
  return type === 'NodePort' || allocateLoadBalancerNodePorts !== false;
}

function refused(index: number, nodePort: number, why: string): FieldProblem {
  const field = `spec.ports[${index}].nodePort`;
  return { type: 'FieldValueInvalid', field, detail: `Invalid value: ${nodePort}: ${why}` };
}
