import { createHash } from 'node:crypto';
import type { HttpRequest, HttpResponse } from '../network/types.ts';
import type { Image } from '../runtime/types.ts';

/** What a registry holds and whom it lets in. */
export interface RegistryContent {
  /** Repository → tag → image. */
  readonly repositories: ReadonlyMap<string, ReadonlyMap<string, Image>>;
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
}

const COMMON = {
  'docker-distribution-api-version': 'registry/2.0',
  'x-content-type-options': 'nosniff',
};
const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';

/**
 * The reading half of the registry API as distribution 3 answers it: catalogue, tags, manifests.
 * https://distribution.github.io/distribution/spec/api/
 */
export function answerRegistry(content: RegistryContent, request: HttpRequest): HttpResponse {
  const answer = route(content, request);
  const length = new TextEncoder().encode(answer.body).length;
  return {
    ...answer,
    headers: { 'content-length': String(length), ...answer.headers },
    body: request.method === 'HEAD' ? '' : answer.body,
  };
}

function route(content: RegistryContent, request: HttpRequest): HttpResponse {
  const [path = '', query = ''] = request.path.split('?');
  if (path === '/') return { status: 200, headers: { 'cache-control': 'no-cache' }, body: '' };
  const parameters = new URLSearchParams(query);
  if (path === '/v2/' || path === '/v2') {
    return refuse(content, request, null) ?? json(200, '{}');
  }
  if (path === '/v2/_catalog') {
    const names = [...content.repositories.keys()].sort();
    const access = [{ Type: 'registry', Class: '', Name: 'catalog', Action: '*' }];
    return (
      refuse(content, request, access) ?? page(path, parameters, names, (part) => ({ repositories: part }))
    );
  }
  const match = /^\/v2\/(.+)\/(?:(tags)\/list|manifests\/([^/]+))$/.exec(path);
  if (match === null) return text(404, '404 page not found\n');
  const [, name = '', isTags, reference = ''] = match;
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return text(405, 'Method not allowed\n', {
      allow: isTags === undefined ? 'DELETE, GET, HEAD, PUT' : 'GET',
    });
  }
  const access = [{ Type: 'repository', Class: '', Name: name, Action: 'pull' }];
  const refused = refuse(content, request, access);
  if (refused !== undefined) return refused;
  const tags = content.repositories.get(name);
  if (isTags === undefined) return manifest(name, tags, reference);
  if (tags === undefined) {
    return error(404, 'NAME_UNKNOWN', 'repository name not known to registry', { name });
  }
  return page(path, parameters, [...tags.keys()].sort(), (part) => ({ name, tags: part }));
}

function refuse(content: RegistryContent, request: HttpRequest, detail: unknown): HttpResponse | undefined {
  const { credentials } = content;
  if (credentials === undefined) return undefined;
  const expected = `Basic ${btoa(`${credentials.username}:${credentials.password}`)}`;
  if (request.headers['authorization'] === expected) return undefined;
  const answer = error(401, 'UNAUTHORIZED', 'authentication required', detail);
  return { ...answer, headers: { ...answer.headers, 'www-authenticate': 'Basic realm="Registry"' } };
}

function manifest(
  name: string,
  tags: ReadonlyMap<string, Image> | undefined,
  reference: string,
): HttpResponse {
  const image = findImage(tags, reference);
  if (image === undefined) {
    const detail = reference.includes(':')
      ? `unknown manifest name=${name} revision=${reference}`
      : `unknown tag=${reference}`;
    return error(404, 'MANIFEST_UNKNOWN', 'manifest unknown', detail);
  }
  const body = JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: {
      mediaType: 'application/vnd.docker.container.image.v1+json',
      digest: derived(image, 'config'),
      size: 1463,
    },
    layers: [
      {
        mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
        digest: derived(image, 'layer'),
        size: image.sizeBytes,
      },
    ],
  });
  return {
    status: 200,
    headers: {
      'content-type': MANIFEST,
      'docker-content-digest': image.digest,
      etag: `"${image.digest}"`,
      ...COMMON,
    },
    body,
  };
}

/** By tag or by digest. */
export function findImage(
  tags: ReadonlyMap<string, Image> | undefined,
  reference: string,
): Image | undefined {
  const tagged = tags?.get(reference);
  if (tagged !== undefined || tags === undefined) return tagged;
  return [...tags.values()].find((image) => image.digest === reference);
}

/** The digest of something that the simulation does not keep. */
function derived(image: Image, part: string): string {
  return `sha256:${createHash('sha256').update(`${image.digest} ${part}`).digest('hex')}`;
}

/** One page of a list: `?n=` items after `?last=`, with a link to the next. */
function page(
  path: string,
  parameters: URLSearchParams,
  all: readonly string[],
  wrap: (part: readonly string[]) => unknown,
): HttpResponse {
  const last = parameters.get('last') ?? '';
  const count = Number(parameters.get('n') ?? '100');
  if (!Number.isInteger(count) || count < 0) {
    return error(400, 'PAGINATION_NUMBER_INVALID', 'invalid number of results requested', {
      n: parameters.get('n'),
    });
  }
  const rest = all.filter((name) => name > last);
  const part = rest.slice(0, count);
  const answer = json(200, `${JSON.stringify(wrap(part))}\n`);
  if (part.length === 0 || part.length === rest.length) return answer;
  const next = new URLSearchParams({ last: part.at(-1) ?? '', n: String(count) });
  return { ...answer, headers: { ...answer.headers, link: `<${path}?${next.toString()}>; rel="next"` } };
}

function error(status: number, code: string, message: string, detail: unknown): HttpResponse {
  return json(status, `${JSON.stringify({ errors: [{ code, message, detail }] })}\n`);
}

function json(status: number, body: string): HttpResponse {
  return { status, headers: { 'content-type': 'application/json', ...COMMON }, body };
}

function text(status: number, body: string, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...COMMON, ...headers }, body };
}
