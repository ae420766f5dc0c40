import { type Resource, resource } from '../../model/resources.ts';
import { discoveryDocuments } from '../apiserver/data.ts';

/** Every collection that the API serves and that can be listed and deleted from: what owners and namespaces hold. */
export function servedResources(): readonly Resource[] {
  served ??= readServed();
  return served;
}

let served: readonly Resource[] | undefined;

function readServed(): readonly Resource[] {
  const { api, apis } = discoveryDocuments();
  return [...api.items, ...apis.items].flatMap(({ metadata, versions }) => {
    // The first version is the one that the server prefers; the others show the same objects.
    const [preferred] = versions;
    if (preferred === undefined) return [];
    return preferred.resources
      .filter(({ verbs }) => verbs.includes('list') && verbs.includes('delete'))
      .map(({ resource: plural, responseKind, scope }) =>
        resource(metadata.name ?? '', preferred.version, plural, responseKind.kind, scope === 'Namespaced'),
      );
  });
}
