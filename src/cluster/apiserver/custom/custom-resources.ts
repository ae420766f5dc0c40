import type { AnyObject } from '../../../model/objects.ts';
import { apiVersionOf, type Resource, resource } from '../../../model/resources.ts';
import type { Store } from '../../store/store.ts';
import type { DiscoveredResource, DiscoveryDocument, ResourceRegistry } from '../resource-registry.ts';
import type { Conversions } from './conversions.ts';
import { customVersion } from './custom-version.ts';
import { customView } from './custom-view.ts';
import {
  type CustomResourceDefinition,
  definitions,
  type DefinitionVersion,
  isEstablished,
  storageResource,
} from './definition.ts';
import { byVersionPriority } from './version-priority.ts';

type Groups = DiscoveryDocument['items'];

const VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
const SUBRESOURCE_VERBS = ['get', 'patch', 'update'];

/** A version of a definition that is served, or that objects are stored in. */
export interface ServedVersion {
  readonly definition: CustomResourceDefinition;
  readonly version: DefinitionVersion;
  readonly resource: Resource;
  readonly discovered: DiscoveredResource;
}

/**
 * Keeps what is served in step with the CustomResourceDefinitions: within the write that establishes, changes or
 * removes one.
 * https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/custom-resources/
 */
export class CustomResources {
  readonly #registry: ResourceRegistry;
  readonly #conversions: Conversions;
  readonly #served = new Map<string, readonly ServedVersion[]>();
  #revision = 0;

  constructor(store: Store, registry: ResourceRegistry, conversions: Conversions) {
    this.#registry = registry;
    this.#conversions = conversions;
    store.subscribe(({ resource: changed, type, object }) => {
      if (changed !== definitions.id) return;
      const definition = object as AnyObject & CustomResourceDefinition;
      this.#replace(object.metadata.name, type === 'DELETED' ? [] : servedVersions(definition));
    });
  }

  /** Counts the changes of what is served. */
  get revision(): number {
    return this.#revision;
  }

  /** All versions that are served or stored, in the order in which their definitions came. */
  versions(): readonly ServedVersion[] {
    return [...this.#served.values()].flat();
  }

  /** The resources in the version in which they are stored. */
  resources(): readonly Resource[] {
    return [...this.#served.values()].flatMap(([first]) =>
      first === undefined ? [] : (storageResource(first.definition) ?? []),
    );
  }

  /** What custom resources add to discovery. */
  groups(): Groups {
    const names = [...new Set(this.#shown().map(({ resource: { group } }) => group))].sort();
    return names.map((name) => ({ metadata: { name }, versions: this.#versionsOf(name) }));
  }

  #shown(): readonly ServedVersion[] {
    return this.versions().filter(({ version }) => version.served);
  }

  #versionsOf(group: string): Groups[number]['versions'] {
    const ofGroup = this.#shown().filter((served) => served.resource.group === group);
    const names = [...new Set(ofGroup.map((served) => served.resource.version))].sort(byVersionPriority);
    return names.map((version) => ({
      version,
      freshness: 'Current',
      resources: ofGroup
        .filter((served) => served.resource.version === version)
        .map(({ discovered }) => discovered),
    }));
  }

  #replace(name: string, versions: readonly ServedVersion[]): void {
    const before = this.#served.get(name) ?? [];
    if (before.length === 0 && versions.length === 0) return;
    this.#revision++;
    for (const served of before) this.#registry.remove(served.resource);
    if (versions.length === 0) this.#served.delete(name);
    else this.#served.set(name, versions);
    const storage = versions[0] === undefined ? undefined : storageResource(versions[0].definition);
    if (storage === undefined) return;
    const shown = versions
      .filter(({ version }) => version.served)
      .map(({ resource: of }) => apiVersionOf(of));
    for (const { definition, version, resource: of, discovered } of versions) {
      const custom = customVersion(of, version);
      this.#registry.add(of.group, of.version, discovered, {
        custom,
        isStorage: version.storage,
        isServed: version.served,
        view: customView(this.#conversions, definition, { of, storage, custom, shown }),
      });
    }
  }
}

function servedVersions(definition: CustomResourceDefinition): readonly ServedVersion[] {
  if (!isEstablished(definition)) return [];
  const { spec } = definition;
  return spec.versions
    .filter(({ served, storage }) => served || storage)
    .map((version) => ({
      definition,
      version,
      resource: resource(
        spec.group,
        version.name,
        spec.names.plural,
        spec.names.kind,
        spec.scope === 'Namespaced',
      ),
      discovered: discover(definition, version),
    }));
}

function discover(
  { spec, status }: CustomResourceDefinition,
  version: DefinitionVersion,
): DiscoveredResource {
  const names = status?.acceptedNames ?? spec.names;
  const { plural, kind, singular = '', shortNames, categories } = names;
  const { scale } = version.subresources ?? {};
  const responseKind = { group: spec.group, version: version.name, kind };
  const subresources = [
    ...(version.subresources?.status === undefined
      ? []
      : [{ subresource: 'status', responseKind, verbs: SUBRESOURCE_VERBS }]),
    ...(scale === undefined
      ? []
      : [
          {
            subresource: 'scale',
            responseKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
            verbs: SUBRESOURCE_VERBS,
          },
        ]),
  ];
  return {
    resource: plural,
    responseKind,
    scope: spec.scope === 'Namespaced' ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs: VERBS,
    ...(shortNames && { shortNames }),
    ...(categories && { categories }),
    ...(subresources.length > 0 && { subresources }),
  };
}
