import { closest } from 'fastest-levenshtein';
import { BreakfixError } from '../../core/errors.ts';
import type { ClusterFault, PacketFilter } from '../../cluster/cluster-faults.ts';
import { durationOf } from './flags.ts';
import { span } from './texts.ts';

/** Which packets, as flags say it. */
export interface WhereFlags {
  readonly to?: string;
  readonly port?: string;
  readonly protocol?: string;
  readonly node?: string;
  readonly from?: string;
}

/** What a fault may be put at. */
export interface Places {
  readonly nodes: readonly string[];
  readonly registries: readonly string[];
}

interface FaultKind {
  /** What stands behind the kind. */
  readonly values: readonly ('NODE' | 'HOST' | 'PERCENT' | 'TIME')[];
  readonly about: string;
  readonly example: string;
}

/** The faults that there are, as `breakfix cluster faults` lists them. */
export const faultKinds: Readonly<Record<ClusterFault['kind'], FaultKind>> = {
  'kubelet-down': {
    values: ['NODE'],
    about: 'its kubelet is stopped: containers go on, the node is NotReady after 50 s',
    example: 'kubelet-down dev-worker',
  },
  'node-lost': {
    values: ['NODE'],
    about: 'its cable is pulled: NotReady, and its pods reach nobody and are reached by nobody',
    example: 'node-lost dev-worker --for 10m',
  },
  'packet-loss': {
    values: ['PERCENT'],
    about: 'packets are lost, on all of the network or where flags say',
    example: 'packet-loss 30% --port 53 --protocol udp',
  },
  latency: {
    values: ['TIME'],
    about: 'packets take longer, on all of the network or where flags say',
    example: 'latency 200ms --from shop/web-0',
  },
  'registry-down': {
    values: ['HOST'],
    about: 'connections to the registry are refused',
    example: 'registry-down registry.shop.test:5000',
  },
  'registry-slow': {
    values: ['HOST', 'TIME'],
    about: 'each of its answers takes that much longer',
    example: 'registry-slow registry.shop.test:5000 20s',
  },
};

/**
 * The fault of a command line.
 * @param values what stands behind the kind @throws BreakfixError
 */
export function faultFrom(
  kind: string,
  values: readonly string[],
  flags: WhereFlags,
  places: Places,
): ClusterFault {
  const known = kindOf(kind);
  const { values: wanted, example } = faultKinds[known];
  if (values.length !== wanted.length) {
    throw invalid(
      `${kind} takes ${wanted.join(' and ')}, not ${values.length === 0 ? 'nothing' : `"${values.join(' ')}"`}`,
      example,
    );
  }
  const [first = '', second = ''] = values;
  const where = (): PacketFilter => filterFrom(flags, places);
  if (known !== 'packet-loss' && known !== 'latency') mustBeWithoutFilter(known, flags);
  switch (known) {
    case 'kubelet-down':
      return { kind: known, node: oneOf('node', first, places.nodes) };
    case 'node-lost':
      return { kind: known, node: worker(first, places) };
    case 'packet-loss':
      return { kind: known, percent: percentOf(first), where: where() };
    case 'latency':
      return { kind: known, ms: durationOf(first, `breakfix cluster faults add ${example}`), where: where() };
    case 'registry-down':
      return { kind: known, host: oneOf('registry', first, places.registries) };
    case 'registry-slow':
      return {
        kind: known,
        host: oneOf('registry', first, places.registries),
        ms: durationOf(second, `breakfix cluster faults add ${example}`),
      };
  }
}

/** The kind of a name. @throws BreakfixError with the closest */
export function kindOf(kind: string): ClusterFault['kind'] {
  const names = Object.keys(faultKinds) as ClusterFault['kind'][];
  const known = names.find((name) => name === kind);
  if (known !== undefined) return known;
  throw new BreakfixError({
    code: 'FAULT_UNKNOWN',
    kind: 'user',
    message: `there is no fault "${kind}"; there are ${names.join(', ')}`,
    fix: `did you mean ${closest(kind, names)}? breakfix cluster faults says what each takes`,
  });
}

/** A fault as its command line has it. */
export function faultText(fault: ClusterFault): string {
  switch (fault.kind) {
    case 'kubelet-down':
    case 'node-lost':
      return `${fault.kind} ${fault.node}`;
    case 'packet-loss':
      return `${fault.kind} ${fault.percent}%${whereText(fault.where)}`;
    case 'latency':
      return `${fault.kind} ${timeText(fault.ms)}${whereText(fault.where)}`;
    case 'registry-down':
      return `${fault.kind} ${fault.host}`;
    case 'registry-slow':
      return `${fault.kind} ${fault.host} ${timeText(fault.ms)}`;
  }
}

const timeText = (ms: number): string => (ms < 1000 ? `${ms}ms` : span(ms));

function whereText({ to, port, protocol, node, from }: PacketFilter): string {
  const flags: readonly (readonly [string, string | number | undefined])[] = [
    ['to', to],
    ['port', port],
    ['protocol', protocol?.toLowerCase()],
    ['node', node],
    ['from', from === undefined ? undefined : [from.namespace, from.name].filter(Boolean).join('/')],
  ];
  return flags.map(([flag, value]) => (value === undefined ? '' : ` --${flag} ${value}`)).join('');
}

function filterFrom(flags: WhereFlags, places: Places): PacketFilter {
  const { to, port, protocol, node, from } = flags;
  return {
    ...(to === undefined ? {} : { to: rangeOf(to) }),
    ...(port === undefined ? {} : { port: portOf(port) }),
    ...(protocol === undefined ? {} : { protocol: protocolOf(protocol) }),
    ...(node === undefined ? {} : { node: oneOf('node', node, places.nodes) }),
    ...(from === undefined ? {} : { from: podOf(from) }),
  };
}

function mustBeWithoutFilter(kind: ClusterFault['kind'], flags: WhereFlags): void {
  const given = (['to', 'port', 'protocol', 'node', 'from'] as const).filter(
    (flag) => flags[flag] !== undefined,
  );
  if (given.length === 0) return;
  const names = given.map((flag) => `--${flag}`).join(', ');
  throw invalid(
    `${names} ${given.length === 1 ? 'is' : 'are'} for packet-loss and latency, not for ${kind}`,
    faultKinds[kind].example,
  );
}

function worker(node: string, places: Places): string {
  const found = oneOf('node', node, places.nodes);
  if (found !== places.nodes[0]) return found;
  const others = places.nodes.slice(1);
  throw new BreakfixError({
    code: 'FAULT_INVALID',
    kind: 'user',
    message: `the API server is on ${node}: without that node nothing would answer`,
    fix:
      others[0] === undefined
        ? 'start a cluster with workers: --nodes 3'
        : `take a worker: node-lost ${others[0]}`,
  });
}

function oneOf(what: 'node' | 'registry', given: string, known: readonly string[]): string {
  if (known.includes(given)) return given;
  throw new BreakfixError({
    code: 'FAULT_INVALID',
    kind: 'user',
    message: `there is no ${what} "${given}"; there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}`,
    fix: `did you mean ${closest(given, [...known])}?`,
  });
}

function percentOf(text: string): number {
  const percent = /^\d+(\.\d+)?%?$/.test(text) ? Number(text.replace('%', '')) : NaN;
  if (percent > 0 && percent <= 100) return percent;
  throw invalid(
    `"${text}" is no share of packets; it is more than 0% and at most 100%`,
    faultKinds['packet-loss'].example,
  );
}

function rangeOf(text: string): string {
  const [ip = '', bits = '32', ...rest] = text.split('/');
  const parts = ip.split('.');
  const isAddress = parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
  if (isAddress && rest.length === 0 && /^\d{1,2}$/.test(bits) && Number(bits) <= 32) return text;
  throw invalid(
    `"${text}" is no address or range; it is written as 10.244.1.7 or 10.244.1.0/24`,
    'packet-loss 30% --to 10.244.1.0/24',
  );
}

function portOf(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : NaN;
  if (port >= 1 && port <= 65_535) return port;
  throw invalid(`"${text}" is no port; it is a whole number from 1 to 65535`, 'packet-loss 30% --port 53');
}

function protocolOf(text: string): 'TCP' | 'UDP' | 'ICMP' {
  const found = (['TCP', 'UDP', 'ICMP'] as const).find((known) => known === text.toUpperCase());
  if (found !== undefined) return found;
  throw invalid(`"${text}" is no protocol; there are tcp, udp, icmp`, 'packet-loss 30% --protocol udp');
}

function podOf(text: string): NonNullable<PacketFilter['from']> {
  const [namespace = '', name, ...rest] = text.split('/');
  if (namespace !== '' && name !== '' && rest.length === 0)
    return name === undefined ? { namespace } : { namespace, name };
  throw invalid(
    `"${text}" is no pod; it is written as namespace/pod, or namespace for all of its pods`,
    'latency 200ms --from shop/web-0',
  );
}

function invalid(message: string, example: string): BreakfixError {
  return new BreakfixError({
    code: 'FAULT_INVALID',
    kind: 'user',
    message,
    fix: `for example breakfix cluster faults add ${example}`,
  });
}
