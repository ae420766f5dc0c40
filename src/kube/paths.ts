import type { Resource } from '../model/resources.ts';
import { apiVersionOf } from '../model/resources.ts';

/** The path of a group's version: `/api/v1`, `/apis/apps/v1`. */
export function versionPath(of: Pick<Resource, 'group' | 'version'>): string {
  return `${of.group === '' ? '/api' : '/apis'}/${apiVersionOf(of)}`;
}

/** The path of a collection; of all namespaces where none is given. */
export function collectionPath(resource: Resource, namespace: string | undefined): string {
  const middle = resource.namespaced && namespace !== undefined ? `/namespaces/${encode(namespace)}` : '';
  return `${versionPath(resource)}${middle}/${resource.plural}`;
}

export function objectPath(
  resource: Resource,
  namespace: string | undefined,
  name: string,
  subresource?: string,
): string {
  const base = `${collectionPath(resource, resource.namespaced ? (namespace ?? 'default') : undefined)}/${encode(name)}`;
  return subresource === undefined ? base : `${base}/${subresource}`;
}

/** `?a=1&b=x`, without what is undefined; empty where nothing is left. A list repeats its name. */
export function query(
  parameters: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>,
): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) continue;
    for (const item of typeof value === 'object' ? value : [value]) search.append(name, String(item));
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

const encode = encodeURIComponent;
