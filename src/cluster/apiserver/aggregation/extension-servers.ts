import type { DiscoveredResource } from '../resource-registry.ts';
import type { ApiRequest, ApiResponse, UserInfo } from '../types.ts';

/** An API server that runs in a pod: what the aggregator passes its requests to. */
export interface ExtensionServer {
  /** What it serves of a group and version; undefined where it serves none of it. */
  discover(group: string, version: string): readonly DiscoveredResource[] | undefined;
  /** Answers a request below `/apis/<group>/<version>`. @throws StatusError */
  handle(request: ApiRequest, user: UserInfo): ApiResponse;
  /** Whether its process still listens. */
  isListening(): boolean;
}

/**
 * The extension API servers that run in the cluster, by the address that they listen on. Whether one can be reached is
 * found out over the network; what it answers is asked for here, since the API answers within one event.
 */
export class ExtensionServers {
  readonly #servers = new Map<string, ExtensionServer>();

  /** A server begins to listen; it takes the place of one that did on the same address before. */
  add(ip: string, port: number, server: ExtensionServer): void {
    this.#servers.set(`${ip}:${port}`, server);
  }

  /** The one on an address, if it still listens. */
  at(ip: string, port: number): ExtensionServer | undefined {
    const server = this.#servers.get(`${ip}:${port}`);
    return server?.isListening() === true ? server : undefined;
  }
}
