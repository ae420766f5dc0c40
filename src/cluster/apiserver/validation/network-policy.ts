import type {
  LabelSelector,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
} from '../../../model/objects.ts';
import type { Draft } from '../defaults/draft.ts';
import { networkOf, networkProblems, portNameProblems, sizeOf } from './formats.ts';
import type { Problems } from './problems.ts';
import { checkSelector } from './selectors.ts';

/** https://kubernetes.io/docs/concepts/services-networking/network-policies/ */
export function checkNetworkPolicy(problems: Problems, { spec = {} }: Draft<NetworkPolicy>): void {
  checkSelector(problems, 'spec.podSelector', spec.podSelector as LabelSelector | undefined);
  (spec.ingress ?? []).forEach(({ ports = [], from = [] }, index) => {
    checkPorts(problems, `spec.ingress[${index}].ports`, ports);
    checkPeers(problems, `spec.ingress[${index}].from`, from);
  });
  (spec.egress ?? []).forEach(({ ports = [], to = [] }, index) => {
    checkPorts(problems, `spec.egress[${index}].ports`, ports);
    checkPeers(problems, `spec.egress[${index}].to`, to);
  });
  const types: readonly string[] = spec.policyTypes ?? [];
  if (types.length > 2) {
    problems.invalid('spec.policyTypes', types, 'may not specify more than two policyTypes');
    return;
  }
  types.forEach((type, index) => problems.oneOf(`spec.policyTypes[${index}]`, type, ['Ingress', 'Egress']));
}

function checkPorts(problems: Problems, field: string, ports: readonly Draft<NetworkPolicyPort>[]): void {
  ports.forEach(({ protocol, port, endPort }, index) => {
    const at = `${field}[${index}]`;
    problems.oneOf(`${at}.protocol`, protocol, ['TCP', 'UDP', 'SCTP']);
    if (typeof port === 'number') {
      problems.port(`${at}.port`, port);
      if (endPort === undefined) return;
      if (endPort < port) problems.invalid(`${at}.endPort`, port, 'must be greater than or equal to `port`');
      problems.port(`${at}.endPort`, endPort);
    } else if (port === undefined) {
      if (endPort !== undefined) {
        problems.invalid(`${at}.endPort`, endPort, 'may not be specified when `port` is not specified');
      }
    } else {
      if (endPort !== undefined) {
        problems.invalid(`${at}.endPort`, endPort, 'may not be specified when `port` is non-numeric');
      }
      problems.invalidFor(`${at}.port`, port, portNameProblems(port));
    }
  });
}

function checkPeers(problems: Problems, field: string, peers: readonly Draft<NetworkPolicyPeer>[]): void {
  peers.forEach((peer, index) => {
    const at = `${field}[${index}]`;
    const { podSelector, namespaceSelector } = peer as NetworkPolicyPeer;
    const kinds = [podSelector, namespaceSelector, peer.ipBlock].filter((part) => part !== undefined).length;
    checkSelector(problems, `${at}.podSelector`, podSelector);
    checkSelector(problems, `${at}.namespaceSelector`, namespaceSelector);
    if (peer.ipBlock !== undefined) checkBlock(problems, `${at}.ipBlock`, peer.ipBlock);
    if (kinds === 0) problems.required(at, 'must specify a peer');
    else if (kinds > 1 && peer.ipBlock !== undefined) {
      problems.forbidden(at, 'may not specify both ipBlock and another peer');
    }
  });
}

function checkBlock(
  problems: Problems,
  field: string,
  { cidr = '', except = [] }: Draft<NonNullable<NetworkPolicyPeer['ipBlock']>>,
): void {
  if (cidr === '') {
    problems.required(`${field}.cidr`);
    return;
  }
  problems.invalidFor(`${field}.cidr`, cidr, networkProblems(cidr));
  const whole = networkOf(cidr);
  except.forEach((part, index) => {
    const at = `${field}.except[${index}]`;
    const wrong = networkProblems(part);
    problems.invalidFor(at, part, wrong);
    const inner = networkOf(part);
    if (whole === undefined || inner === undefined || wrong.length > 0) return;
    const start = Math.floor(inner.address / sizeOf(whole)) * sizeOf(whole);
    if (start !== whole.address || inner.bits <= whole.bits) {
      problems.invalid(at, part, 'must be a strict subset of `cidr`');
    }
  });
}
