import type { AnyObject } from '../../model/objects.ts';
import { resource } from '../../model/resources.ts';
import type { Resource } from '../../model/resources.ts';
import type { CustomVersion } from './custom/custom-version.ts';

/** The aggregated discovery document, as far as it is read here. */
export interface DiscoveryDocument {
  readonly items: readonly {
    readonly metadata: { readonly name?: string };
    readonly versions: readonly {
      readonly version: string;
      readonly resources?: readonly DiscoveredResource[];
      /** `Stale` where the server behind an aggregated API could not be asked. */
      readonly freshness?: string;
    }[];
  }[];
}

export interface DiscoveredResource {
  readonly resource: string;
  readonly responseKind: { readonly group?: string; readonly version?: string; readonly kind: string };
  readonly scope: string;
  readonly singularResource: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly subresources?: readonly DiscoveredSubresource[];
}

interface DiscoveredSubresource {
  readonly subresource: string;
  readonly responseKind?: { readonly group?: string; readonly version?: string; readonly kind: string };
  readonly verbs: readonly string[];
}

/** Another version's or group's look at objects that are stored in one form. */
export interface View {
  /** {@link Resource.id} that the objects are stored under. */
  readonly storage: string;
  toStored(object: AnyObject): AnyObject;
  fromStored(object: AnyObject): AnyObject;
  /** A stored object in the form in which such objects are stored now. */
  renew?(stored: AnyObject): AnyObject;
  /** Before an object is stored: makes what clients of other versions will be told of it, while there is time to ask. */
  prepare?(object: AnyObject): void;
}

/** What the API server knows of one resource that it serves. */
export interface ResourceInfo {
  readonly resource: Resource;
  readonly discovered: DiscoveredResource;
  /** {@link Resource.id} that the objects are stored under. */
  readonly storage: string;
  /** Set where objects are stored in another form. */
  readonly view: View | undefined;
  /** Of a custom resource: what its definition says of this version. */
  readonly custom: CustomVersion | undefined;
}

/** How a resource differs from one that is stored as it is served. */
interface AddOptions {
  readonly view?: View | undefined;
  readonly custom?: CustomVersion;
  /** Whether objects are stored in this version; by default where there is no view. */
  readonly isStorage?: boolean;
  /** Whether clients see this version; by default they do. */
  readonly isServed?: boolean;
}

/** All resources that are served, by group, version and plural. */
export class ResourceRegistry {
  readonly #byPath = new Map<string, ResourceInfo>();
  readonly #byId = new Map<string, ResourceInfo>();

  /** @param views by `group/version/plural` */
  constructor(documents: readonly DiscoveryDocument[], views: ReadonlyMap<string, View>) {
    for (const group of documents.flatMap((document) => document.items)) {
      for (const { version, resources = [] } of group.versions) {
        for (const discovered of resources) {
          const name = group.metadata.name ?? '';
          const view = views.get(pathKey(name, version, discovered.resource));
          this.add(name, version, discovered, { view });
        }
      }
    }
  }

  add(
    group: string,
    version: string,
    discovered: DiscoveredResource,
    options: AddOptions = {},
  ): ResourceInfo {
    const { resource: plural, responseKind, scope } = discovered;
    const served = resource(group, version, plural, responseKind.kind, scope === 'Namespaced');
    const { view, custom, isStorage = view === undefined, isServed = true } = options;
    const info: ResourceInfo = {
      resource: served,
      discovered,
      storage: view?.storage ?? served.id,
      view,
      custom,
    };
    if (isServed) this.#byPath.set(pathKey(group, version, plural), info);
    if (isStorage) this.#byId.set(served.id, info);
    return info;
  }

  remove(of: Resource): void {
    this.#byPath.delete(pathKey(of.group, of.version, of.plural));
    this.#byId.delete(of.id);
  }

  find(group: string, version: string, plural: string): ResourceInfo | undefined {
    return this.#byPath.get(pathKey(group, version, plural));
  }

  /** The resource in the version that it is stored in. */
  stored(id: string): ResourceInfo | undefined {
    return this.#byId.get(id);
  }

  all(): Iterable<ResourceInfo> {
    return this.#byPath.values();
  }
}

function pathKey(group: string, version: string, plural: string): string {
  return `${group}/${version}/${plural}`;
}
