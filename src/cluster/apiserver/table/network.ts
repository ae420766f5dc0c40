import { formatSelector } from '../../../model/selector.ts';
import type {
  Endpoints,
  EndpointSlice,
  IpAddress,
  KubeObject,
  NetworkPolicy,
  Service,
  ServiceCidr,
} from '../../../model/objects.ts';
import { formatLabels, orNone, printer } from './columns.ts';
import { since } from './duration.ts';

/** How many entries a cell lists before it counts the rest. */
const LISTED = 3;

interface LoadBalancerStatus {
  readonly loadBalancer?: {
    readonly ingress?: readonly { readonly ip?: string; readonly hostname?: string }[];
  };
}

interface Ingress extends KubeObject {
  spec: { ingressClassName?: string; rules?: { host?: string }[]; tls?: object[] };
  status?: LoadBalancerStatus;
}

interface IngressClass extends KubeObject {
  spec?: { controller?: string; parameters?: { apiGroup?: string; kind: string; name: string } };
}

/** The first few of a list; the rest is counted. */
function shortened(items: readonly string[], empty: string): string {
  if (items.length === 0) return empty;
  const text = items.slice(0, LISTED).join(',');
  return items.length > LISTED ? `${text} + ${items.length - LISTED} more...` : text;
}

function addresses(status: LoadBalancerStatus | undefined): string[] {
  const ingress = status?.loadBalancer?.ingress ?? [];
  return ingress.map(({ ip, hostname }) => ip ?? hostname ?? '').filter((text) => text !== '');
}

export const servicePrinter = printer<Service>(
  'Name, Type, Cluster-IP, External-IP, Port(s), Age, Selector*',
  (service, now) => [
    service.metadata.name,
    service.spec.type,
    orNone(service.spec.clusterIP),
    externalAddress(service),
    orNone(service.spec.ports?.map(portText).join(',')),
    since(service.metadata.creationTimestamp, now),
    formatLabels(service.spec.selector),
  ],
);

function externalAddress({ spec, status }: Service): string {
  if (spec.type === 'ExternalName') return spec.externalName ?? '';
  const external = spec.externalIPs ?? [];
  const all = spec.type === 'LoadBalancer' ? [...addresses(status), ...external] : external;
  return all.join(',') || (spec.type === 'LoadBalancer' ? '<pending>' : '<none>');
}

function portText({ port, nodePort, protocol }: NonNullable<Service['spec']['ports']>[number]): string {
  const numbers = nodePort === undefined || nodePort === 0 ? String(port) : `${port}:${nodePort}`;
  return `${numbers}/${protocol}`;
}

export const endpointsPrinter = printer<Endpoints>(
  'Name, Endpoints, Age',
  ({ metadata, subsets = [] }, now) => [
    metadata.name,
    // None of its addresses is ready, or it has none.
    shortened(
      subsets.flatMap(({ addresses: ready = [], ports = [] }) =>
        ports.length === 0
          ? ready.map(({ ip }) => ip)
          : ports.flatMap(({ port }) => ready.map(({ ip }) => `${ip}:${port}`)),
      ),
      subsets.length > 0 ? '' : '<none>',
    ),
    since(metadata.creationTimestamp, now),
  ],
);

export const endpointSlicePrinter = printer<EndpointSlice>(
  'Name, AddressType, Ports, Endpoints, Age',
  ({ metadata, addressType, ...slice }, now) => {
    // Both may be null in what a client has sent.
    const { ports, endpoints } = slice as Partial<EndpointSlice>;
    return [
      metadata.name,
      addressType,
      shortened(
        (ports ?? []).map(({ port }) => String(port)),
        '<unset>',
      ),
      shortened(
        (endpoints ?? []).flatMap((endpoint) => endpoint.addresses),
        '<unset>',
      ),
      since(metadata.creationTimestamp, now),
    ];
  },
);

export const ingressPrinter = printer<Ingress>(
  'Name, Class, Hosts, Address, Ports, Age',
  ({ metadata, spec, status }, now) => [
    metadata.name,
    orNone(spec.ingressClassName),
    shortened(
      (spec.rules ?? []).map(({ host }) => host ?? '').filter((host) => host !== ''),
      '*',
    ),
    addresses(status).join(','),
    (spec.tls ?? []).length > 0 ? '80, 443' : '80',
    since(metadata.creationTimestamp, now),
  ],
);

const DEFAULT_CLASS = 'ingressclass.kubernetes.io/is-default-class';

export const ingressClassPrinter = printer<IngressClass>(
  'Name, Controller, Parameters, Age',
  ({ metadata, spec }, now) => [
    metadata.annotations?.[DEFAULT_CLASS] === 'true' ? `${metadata.name} (default)` : metadata.name,
    spec?.controller ?? '',
    parametersText(spec?.parameters),
    since(metadata.creationTimestamp, now),
  ],
);

function parametersText(parameters: { apiGroup?: string; kind: string; name: string } | undefined): string {
  if (parameters === undefined) return '<none>';
  const { apiGroup, kind, name } = parameters;
  return apiGroup === undefined ? `${kind}/${name}` : `${kind}.${apiGroup}/${name}`;
}

export const networkPolicyPrinter = printer<NetworkPolicy>(
  'Name, Pod-Selector, Age',
  ({ metadata, spec }, now) => [
    metadata.name,
    formatSelector(spec.podSelector),
    since(metadata.creationTimestamp, now),
  ],
);

/** The server gives a row three cells, though it defines two columns. */
export const ipAddressPrinter = printer<IpAddress>('Name, ParentRef', ({ metadata, spec }, now) => {
  const { group, resource = '', namespace, name } = spec.parentRef ?? { name: '' };
  const parts = [group, resource, namespace, name].filter((part) => part !== undefined && part !== '');
  return [metadata.name, parts.join('/'), since(metadata.creationTimestamp, now)];
});

export const serviceCidrPrinter = printer<ServiceCidr>('Name, CIDRs, Age', ({ metadata, spec }, now) => [
  metadata.name,
  (spec.cidrs ?? []).join(','),
  since(metadata.creationTimestamp, now),
]);
