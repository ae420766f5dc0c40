import { goJson, goJsonLine } from '../../../core/go-json.ts';
import type { Status } from '../../../model/objects.ts';
import type { ApiResponse } from '../types.ts';

const encoder = new TextEncoder();

export type CompleteResponse = ApiResponse & { kind: 'complete' };

/** An answer with a body of text. */
export function textResponse(
  status: number,
  contentType: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): CompleteResponse {
  return bytesResponse(status, contentType, encoder.encode(body), headers);
}

export function bytesResponse(
  status: number,
  contentType: string,
  body: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): CompleteResponse {
  return { kind: 'complete', status, headers: withType(contentType, headers), body };
}

/** An answer whose JSON is written when it goes over a wire, and never for who asks within this process. */
export function dataResponse(
  status: number,
  { bytes, data }: { readonly bytes: () => Uint8Array; readonly data?: () => object },
  headers: Readonly<Record<string, string>>,
): CompleteResponse {
  let body: Uint8Array | undefined;
  return {
    kind: 'complete',
    status,
    headers: withType('application/json', headers),
    get body() {
      return (body ??= bytes());
    },
    ...(data === undefined ? {} : { data }),
  };
}

const withType = (
  contentType: string,
  headers: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> => ({
  'cache-control': 'no-cache, private',
  'content-type': contentType,
  ...headers,
});

export function jsonResponse(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): CompleteResponse {
  return textResponse(status, 'application/json', goJsonLine(body), headers);
}

/** JSON on many lines, as paths are answered that are no part of the API proper. */
export function indentedResponse(body: unknown): CompleteResponse {
  return textResponse(200, 'application/json', goJson(body, 2));
}

/** 404 of a path that nothing is behind. */
export function pageNotFound(): CompleteResponse {
  return textResponse(404, 'text/plain; charset=utf-8', '404 page not found\n', {
    'x-content-type-options': 'nosniff',
  });
}

/** An error as its Status; clients take the wait before a retry from the header. */
export function statusResponse(
  status: Status & { readonly code: number },
  pretty = false,
  headers: Readonly<Record<string, string>> = {},
): CompleteResponse {
  const retryAfter = status.details?.retryAfterSeconds;
  return textResponse(status.code, 'application/json', pretty ? goJson(status, 2) : goJsonLine(status), {
    ...headers,
    ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
  });
}

/** The `Warning` header, which may carry several. https://kubernetes.io/docs/reference/using-api/api-concepts/#warnings */
export function warningHeader(warnings: readonly string[]): Record<string, string> {
  if (warnings.length === 0) return {};
  return { warning: [...new Set(warnings)].map((text) => `299 - ${quoted(text)}`).join(', ') };
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}
