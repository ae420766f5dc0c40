import type { EndpointSlice, Service } from '../../../model/objects.ts';
import type { DnsRecord } from '../../network/dns-message.ts';
import { parseIp } from '../../network/addresses.ts';
import type { Dispenser } from '../../../model/corefile/dispenser.ts';
import { addressOfReverse, replyTo, zoneOf } from '../messages.ts';
import { NO_FALLTHROUGH, type DnsRequest, type Fallthrough, type Setup } from '../plugin.ts';
import type { ClusterRecords } from '../records.ts';
import { fallthroughOf, once, parseWhole, zonesOr } from './common.ts';

type PodMode = 'disabled' | 'verified' | 'insecure';

interface Options {
  zones: string[];
  pods: PodMode;
  ttl: number;
  fall: Fallthrough;
  /** The only ones that are told of; undefined for all. */
  namespaces: Set<string> | undefined;
}

/** One address behind a name: of a Service, of an endpoint, or a name to follow. */
interface Target {
  /** The name the address has of its own, as SRV records give it. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/** `undefined`: no such name. An empty list: the name exists, but has nothing of its own. */
type Targets = readonly Target[] | undefined;

/** Answers for Services, endpoints and pods. https://coredns.io/plugins/kubernetes/ */
export const kubernetes: Setup = ({ tokens, block, instance }) => {
  once(tokens, 'kubernetes');
  const options = parse(tokens, block.zones);
  const { records, program } = instance;
  const shown = ofNamespaces(records, options.namespaces);
  const isSynced = (): boolean => records.synced;
  instance.addReadiness('kubernetes', isSynced);
  instance.beforeStart(async () => {
    for (let tries = 0; tries < 10; tries++) {
      if (isSynced()) return;
      await program.clock.sleep(500);
      if (isSynced()) return;
      instance.log('INFO', 'plugin/kubernetes: waiting for Kubernetes API before starting server');
    }
    instance.log('WARNING', 'plugin/kubernetes: starting server with unsynced Kubernetes API');
  });

  const soa = (zone: string): DnsRecord => ({
    name: zone,
    type: 'SOA',
    ttl: options.ttl,
    data: `ns.dns.${zone}. hostmaster.${zone}. ${records.serial} 7200 1800 86400 ${options.ttl}`,
  });

  return {
    name: 'kubernetes',
    serve: (request, next, done) => {
      const zone = zoneOf(request.name, options.zones);
      if (zone === undefined) {
        next(request, done);
        return;
      }
      const { query } = request;
      const nothing = (code: 'NOERROR' | 'NXDOMAIN' | 'SERVFAIL'): void => {
        done({ answer: replyTo(query, { code, authority: [soa(zone)], authoritative: true }) });
      };
      const found = (answers: readonly DnsRecord[], additional: readonly DnsRecord[] = []): void => {
        if (answers.length === 0) nothing('NOERROR');
        else done({ answer: replyTo(query, { answers, additional, authoritative: true }) });
      };
      if (!isSynced()) {
        nothing('SERVFAIL');
        return;
      }
      const missing = (): void => {
        if (options.fall.through(request.name)) next(request, done);
        else nothing('NXDOMAIN');
      };
      if (zone.endsWith('in-addr.arpa') || zone.endsWith('ip6.arpa')) {
        const names = request.type === 'PTR' ? namesOf(shown, request.name, options.zones) : [];
        if (names.length === 0) missing();
        else found(names.map((data) => ({ name: request.name, type: 'PTR', ttl: options.ttl, data })));
        return;
      }
      const own = apexRecords(request, zone, options.ttl, program.net.ip, records);
      if (own !== undefined) {
        if (request.type === 'SOA' && request.name === zone) found([soa(zone)]);
        else found(own);
        return;
      }
      const targets = targetsOf(request.name, zone, shown, options.pods);
      if (targets === undefined) {
        missing();
        return;
      }
      const alias = targets.find(({ host }) => parseIp(host) === undefined);
      if (alias !== undefined) {
        answerAlias(request, alias.host, options.ttl, block.lookup, found);
        return;
      }
      const { answers, additional } = recordsOf(request, targets, options.ttl);
      found(answers, additional);
    },
  };
};

/** The cluster without what is in other namespaces, which are as good as none. */
function ofNamespaces(records: ClusterRecords, namespaces: ReadonlySet<string> | undefined): ClusterRecords {
  if (namespaces === undefined) return records;
  const inside = ({ metadata }: Service | EndpointSlice): boolean => namespaces.has(metadata.namespace ?? '');
  return {
    ...records,
    hasNamespace: (name) => namespaces.has(name) && records.hasNamespace(name),
    servicesWithIp: (ip) => records.servicesWithIp(ip).filter(inside),
    slicesWithIp: (ip) => records.slicesWithIp(ip).filter(inside),
  };
}

function recordsOf(
  { name, type }: DnsRequest,
  targets: readonly Target[],
  ttl: number,
): { answers: DnsRecord[]; additional: DnsRecord[] } {
  if (type === 'A') {
    const hosts = [...new Set(targets.map(({ host }) => host))];
    return { answers: hosts.map((data) => ({ name, type, ttl, data })), additional: [] };
  }
  if (type !== 'SRV') return { answers: [], additional: [] };
  const weight = Math.max(1, Math.floor(100 / Math.max(1, targets.length)));
  const answers = new Map<string, DnsRecord>();
  const additional = new Map<string, DnsRecord>();
  for (const target of targets) {
    if (target.port < 0) continue;
    const data = `0 ${weight} ${target.port} ${target.name}.`;
    answers.set(data, { name, type, ttl, data });
    additional.set(`${target.name} ${target.host}`, { name: target.name, type: 'A', ttl, data: target.host });
  }
  return { answers: [...answers.values()], additional: [...additional.values()] };
}

/** The zone itself, its name server, and `dns-version`; undefined for every other name. */
function apexRecords(
  { name, type }: DnsRequest,
  zone: string,
  ttl: number,
  ownIp: string,
  records: ClusterRecords,
): readonly DnsRecord[] | undefined {
  if (name === zone) {
    if (type !== 'NS') return [];
    return [{ name, type, ttl, data: `${nameServerOf(zone, ownIp, records).name}.` }];
  }
  if (name === `dns-version.${zone}`) return type === 'TXT' ? [{ name, type, ttl, data: '"1.1.0"' }] : [];
  if (name === `ns.dns.${zone}`) {
    return type === 'A' ? [{ name, type, ttl, data: nameServerOf(zone, ownIp, records).ip }] : [];
  }
  return undefined;
}

function nameServerOf(zone: string, ownIp: string, records: ClusterRecords): { name: string; ip: string } {
  for (const { metadata } of records.slicesWithIp(ownIp)) {
    const namespace = metadata.namespace ?? '';
    const service = records.service(namespace, metadata.labels?.['kubernetes.io/service-name'] ?? '');
    const ip = service?.spec.clusterIP;
    if (service !== undefined && ip !== undefined && ip !== 'None') {
      return { name: `${service.metadata.name}.${namespace}.svc.${zone}`, ip };
    }
  }
  return { name: `ns.dns.${zone}`, ip: ownIp };
}

function targetsOf(name: string, zone: string, records: ClusterRecords, pods: PodMode): Targets {
  const labels = name.slice(0, -zone.length - 1).split('.');
  const kind = labels.pop();
  if (kind !== 'svc' && kind !== 'pod') return undefined;
  if (kind === 'pod' && pods === 'disabled') return undefined;
  const namespace = labels.pop();
  if (namespace === undefined) return [];
  if (!records.hasNamespace(namespace)) return undefined;
  const last = labels.pop();
  if (last === undefined) return [];
  if (kind === 'pod') return labels.length === 0 ? podTarget(last, namespace, records, pods) : undefined;
  const service = records.service(namespace, last);
  if (service === undefined || labels.length > 2) return undefined;
  const suffix = `${last}.${namespace}.svc.${zone}`;
  if (labels.length === 1) return endpointTargets(service, records, suffix, { endpoint: labels[0] });
  const [port, protocol] = labels.map((label) => label.replace(/^_/, ''));
  return serviceTargets(service, records, suffix, { port, protocol });
}

function podTarget(label: string, namespace: string, records: ClusterRecords, pods: PodMode): Targets {
  const ip = label.replaceAll('-', '.');
  if (parseIp(ip) === undefined) return undefined;
  if (pods === 'verified' && !records.hasPodWithIp(namespace, ip)) return undefined;
  return [{ name: `${label}.${namespace}`, host: ip, port: -1 }];
}

interface Filter {
  readonly endpoint?: string | undefined;
  readonly port?: string | undefined;
  readonly protocol?: string | undefined;
}

function serviceTargets(service: Service, records: ClusterRecords, suffix: string, filter: Filter): Targets {
  const { spec } = service;
  if (spec.type === 'ExternalName') {
    const { externalName } = spec;
    if (externalName === undefined || filter.port !== undefined) return undefined;
    return [{ name: suffix, host: externalName.replace(/\.$/, ''), port: -1 }];
  }
  if (spec.clusterIP === 'None' || spec.clusterIP === undefined || spec.clusterIP === '') {
    return endpointTargets(service, records, suffix, filter);
  }
  const targets: Target[] = [];
  for (const port of spec.ports ?? []) {
    if (!portFits(filter, port)) continue;
    for (const host of spec.clusterIPs ?? [spec.clusterIP]) {
      if (parseIp(host) !== undefined) targets.push({ name: suffix, host, port: port.port });
    }
  }
  return targets.length === 0 ? undefined : targets;
}

function endpointTargets(service: Service, records: ClusterRecords, suffix: string, filter: Filter): Targets {
  const targets: Target[] = [];
  for (const slice of records.slices(service.metadata.namespace ?? '', service.metadata.name)) {
    for (const { host, hostname } of readyAddresses(slice)) {
      if (filter.endpoint !== undefined && filter.endpoint !== hostname) continue;
      for (const port of slice.ports ?? [{ name: '', port: -1, protocol: 'TCP' as const }]) {
        if (portFits(filter, port)) targets.push({ name: `${hostname}.${suffix}`, host, port: port.port });
      }
    }
  }
  return targets.length === 0 ? undefined : targets;
}

function readyAddresses(slice: EndpointSlice): { host: string; hostname: string }[] {
  if (slice.addressType !== 'IPv4') return [];
  return (slice.endpoints ?? [])
    .filter(({ conditions }) => conditions.ready ?? true)
    .flatMap(({ addresses, hostname }) =>
      addresses.map((host) => ({ host, hostname: hostname ?? host.replaceAll('.', '-') })),
    );
}

function portFits(filter: Filter, port: { name?: string; protocol?: string }): boolean {
  return (
    (filter.port === undefined || filter.port === (port.name ?? '').toLowerCase()) &&
    (filter.protocol === undefined || filter.protocol === (port.protocol ?? 'TCP').toLowerCase())
  );
}

/** Names that an address has: of the Service with it, otherwise of every endpoint that is ready. */
function namesOf(records: ClusterRecords, name: string, zones: readonly string[]): string[] {
  const ip = addressOfReverse(name);
  const zone = zones.find((one) => !one.endsWith('.arpa')) ?? '';
  if (ip === undefined) return [];
  const [service] = records.servicesWithIp(ip);
  if (service !== undefined)
    return [`${service.metadata.name}.${service.metadata.namespace ?? ''}.svc.${zone}.`];
  const names: string[] = [];
  for (const slice of records.slicesWithIp(ip)) {
    const of = slice.metadata.labels?.['kubernetes.io/service-name'] ?? '';
    for (const { host, hostname } of readyAddresses(slice)) {
      if (host === ip) names.push(`${hostname}.${of}.${slice.metadata.namespace ?? ''}.svc.${zone}.`);
    }
  }
  return names;
}

/** An ExternalName: the alias, and what the name behind it has. */
function answerAlias(
  request: DnsRequest,
  host: string,
  ttl: number,
  lookup: (
    request: DnsRequest,
    done: (outcome: { answer?: { answers: readonly DnsRecord[] } | undefined }) => void,
  ) => void,
  found: (answers: readonly DnsRecord[]) => void,
): void {
  const { name, type, query } = request;
  const target = host.toLowerCase();
  const alias: DnsRecord = { name, type: 'CNAME', ttl, data: `${target}.` };
  if (type === 'CNAME') {
    found([alias]);
    return;
  }
  if (type !== 'A' && type !== 'AAAA') {
    found([]);
    return;
  }
  const inside = target.endsWith('.cluster.local');
  const question = { name: target, type };
  lookup({ ...request, name: target, query: { ...query, question } }, ({ answer }) => {
    const answers = answer?.answers ?? [];
    found(answers.length === 0 && inside ? [] : [alias, ...answers]);
  });
}

function parse(tokens: Dispenser, blockZones: readonly string[]): Options {
  const options: Options = {
    zones: [],
    pods: 'disabled',
    ttl: 5,
    fall: NO_FALLTHROUGH,
    namespaces: undefined,
  };
  while (tokens.next()) {
    options.zones = zonesOr(tokens.remaining(), blockZones);
    if (options.zones.every((zone) => /(^|\.)(in-addr|ip6)\.arpa$/.test(zone))) {
      throw new Error('non-reverse zone name must be used');
    }
    while (tokens.nextInBlock()) property(tokens, options);
  }
  return options;
}

/** What a real cluster takes but this one has no use for: where the API is, and which objects to look at. */
const WITHOUT_EFFECT = new Set([
  'endpoint',
  'tls',
  'kubeconfig',
  'endpoint_pod_names',
  'labels',
  'namespace_labels',
  'noendpoints',
  'ignore',
  'upstream',
  'transfer',
  'multicluster',
  'startup_timeout',
  'apiserver_qps',
  'apiserver_burst',
  'apiserver_max_inflight',
]);

function property(tokens: Dispenser, options: Options): void {
  const name = tokens.value;
  if (name === 'fallthrough') {
    options.fall = fallthroughOf(tokens.remaining());
    return;
  }
  if (name === 'namespaces') {
    const words = tokens.remaining();
    if (words.length === 0) throw tokens.argumentError();
    options.namespaces = new Set([...(options.namespaces ?? []), ...words]);
    return;
  }
  if (name === 'pods' || name === 'ttl') {
    const [value, more] = tokens.remaining();
    if (value === undefined || more !== undefined) throw tokens.argumentError();
    if (name === 'ttl') {
      options.ttl = parseWhole(value);
      if (options.ttl < 0 || options.ttl > 3600)
        throw tokens.error(`ttl must be in range [0, 3600]: ${options.ttl}`);
    } else if (value === 'disabled' || value === 'verified' || value === 'insecure') options.pods = value;
    else throw new Error(`wrong value for pods: ${value},  must be one of: disabled, verified, insecure`);
    return;
  }
  if (!WITHOUT_EFFECT.has(name)) throw tokens.error(`unknown property '${name}'`);
  tokens.remaining();
}
