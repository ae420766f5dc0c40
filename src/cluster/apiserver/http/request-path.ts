/** A path below `/api` or `/apis`, or any other. */
export type RequestPath =
  | {
      readonly kind: 'resource';
      readonly group: string;
      readonly version: string;
      /** Undefined: all namespaces, or none. */
      readonly namespace: string | undefined;
      readonly plural: string;
      readonly name: string | undefined;
      readonly subresource: string | undefined;
      /** What follows the subresource: `proxy/rest/of/it`. */
      readonly rest: readonly string[];
    }
  | { readonly kind: 'other'; readonly segments: readonly string[] };

/** What comes after `namespaces/NAME` and is not a resource inside it. */
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize']);

/** Reads a path as the API server does. https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris */
export function parsePath(path: string): RequestPath {
  const segments = path.split('/').filter((segment) => segment !== '');
  const other: RequestPath = { kind: 'other', segments };
  const named = segments[0] === 'apis';
  if (!named && segments[0] !== 'api') return other;
  const rest = segments.slice(named ? 3 : 2).map(decode);
  if (rest.length === 0) return other;
  const group = named ? decode(segments[1] ?? '') : '';
  const version = decode(segments[named ? 2 : 1] ?? '');
  const below = rest.length > 2 && rest[0] === 'namespaces' && !NAMESPACE_SUBRESOURCES.has(rest[2] ?? '');
  const [plural = '', name, subresource, ...tail] = below ? rest.slice(2) : rest;
  const namespace = below ? rest[1] : undefined;
  return { kind: 'resource', group, version, namespace, plural, name, subresource, rest: tail };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
