import { apiVersionOf, resource, resources } from '../model/resources.ts';
import type { Resource } from '../model/resources.ts';
import { KubeError } from './client.ts';
import { versionPath } from './paths.ts';
import { askJson } from './transport.ts';
import type { Transport } from './transport.ts';

interface ApiResourceList {
  readonly resources: readonly {
    readonly name: string;
    readonly kind: string;
    readonly namespaced: boolean;
  }[];
}

/** Finds the collection of a kind: the built-in ones by heart, others (custom resources) by discovery. */
export class Kinds {
  readonly #transport: Transport;
  readonly #known = new Map<string, Resource>();

  constructor(transport: Transport) {
    this.#transport = transport;
    for (const known of Object.values(resources))
      this.#known.set(key(apiVersionOf(known), known.kind), known);
  }

  /** @throws KubeError 404 where the API server knows no such kind */
  async find(apiVersion: string, kind: string): Promise<Resource> {
    const known = this.#known.get(key(apiVersion, kind));
    if (known !== undefined) return known;
    const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
    const listed = await this.#discover(versionPath({ group, version }));
    const entry = listed.find((candidate) => candidate.kind === kind && !candidate.name.includes('/'));
    if (entry === undefined)
      throw new KubeError(404, `no matches for kind "${kind}" in version "${apiVersion}"`);
    const found = resource(group, version, entry.name, kind, entry.namespaced);
    this.#known.set(key(apiVersion, kind), found);
    return found;
  }

  async #discover(path: string): Promise<ApiResourceList['resources']> {
    try {
      return (await askJson<ApiResourceList>(this.#transport, path)).resources;
    } catch (error) {
      if (error instanceof KubeError && error.code === 404) return [];
      throw error;
    }
  }
}

const key = (apiVersion: string, kind: string): string => `${apiVersion} ${kind}`;
