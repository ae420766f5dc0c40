import type { ApiService, EndpointSlice, Service } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import type { StateReader } from '../pipeline.ts';
import type { DiscoveredResource, DiscoveryDocument } from '../resource-registry.ts';
import { textResponse } from '../http/responses.ts';
import type { CompleteResponse } from '../http/responses.ts';
import type { ApiRequest, ApiResponse, UserInfo } from '../types.ts';
import type { ExtensionServer, ExtensionServers } from './extension-servers.ts';

const SERVICE_NAME = 'kubernetes.io/service-name';

/**
 * Passes requests for the groups of APIServices on to the servers behind them.
 * https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/apiserver-aggregation/
 */
export class Aggregator {
  readonly #reader: StateReader;
  readonly #servers: ExtensionServers;

  constructor(reader: StateReader, servers: ExtensionServers) {
    this.#reader = reader;
    this.#servers = servers;
  }

  /** The answer of the server behind a group and version; undefined where no APIService names one. */
  serve(request: ApiRequest, user: UserInfo, group: string, version: string): ApiResponse | undefined {
    const apiService = this.#apiService(group, version);
    if (apiService === undefined) return undefined;
    if (!isAvailable(apiService)) return unavailable('service unavailable');
    const server = this.#serverOf(apiService);
    if (server === undefined) return unavailable('error trying to reach service: connection refused');
    return server.handle(request, user);
  }

  /** What the servers serve, for discovery. A server that cannot be asked leaves its version there, as stale. */
  groups(): DiscoveryDocument['items'] {
    const versions = new Map<string, DiscoveryDocument['items'][number]['versions'][number][]>();
    for (const apiService of this.#reader.list(resources.apiServices)) {
      const { group = '', version = '', service } = apiService.spec;
      if (!isRemote(service)) continue;
      const list = versions.get(group) ?? [];
      versions.set(group, list);
      const found = this.#discovered(apiService, group, version);
      list.push(
        found === undefined
          ? { version, freshness: 'Stale' }
          : { version, resources: found, freshness: 'Current' },
      );
    }
    return [...versions].map(([name, list]) => ({ metadata: { name }, versions: list }));
  }

  #discovered(
    apiService: ApiService,
    group: string,
    version: string,
  ): readonly DiscoveredResource[] | undefined {
    if (!isAvailable(apiService)) return undefined;
    return this.#serverOf(apiService)?.discover(group, version);
  }

  #apiService(group: string, version: string): ApiService | undefined {
    const apiService = this.#reader.get(resources.apiServices, undefined, `${version}.${group}`);
    return isRemote(apiService?.spec.service) ? apiService : undefined;
  }

  /** The first ready one behind the Service. */
  #serverOf({ spec }: ApiService): ExtensionServer | undefined {
    const { namespace = '', name = '', port = 443 } = spec.service ?? {};
    const service = this.#reader.get(resources.services, namespace, name);
    const servicePort = service?.spec.ports?.find((candidate) => candidate.port === port);
    if (servicePort === undefined) return undefined;
    const selector = { matchLabels: { [SERVICE_NAME]: name } };
    for (const slice of this.#reader.list(resources.endpointSlices, { namespace, selector })) {
      const target = portOf(slice, servicePort);
      if (target === undefined) continue;
      for (const ip of readyAddresses(slice)) {
        const server = this.#servers.at(ip, target);
        if (server !== undefined) return server;
      }
    }
    return undefined;
  }
}

function portOf(
  { ports }: EndpointSlice,
  { name = '' }: NonNullable<Service['spec']['ports']>[number],
): number | undefined {
  return ports?.find((port) => port.name === name)?.port;
}

function readyAddresses({ endpoints }: EndpointSlice): string[] {
  return (endpoints ?? []).flatMap(({ addresses, conditions }) =>
    conditions.ready === false ? [] : addresses,
  );
}

function isRemote(service: ApiService['spec']['service']): boolean {
  return service !== undefined && service !== null;
}

function isAvailable({ status }: ApiService): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Available' && is === 'True') === true;
}

/** 503 of the aggregator itself, which is no Status. */
export function unavailable(text: string): CompleteResponse {
  return textResponse(503, 'text/plain; charset=utf-8', `${text}\n`, { 'x-content-type-options': 'nosniff' });
}
