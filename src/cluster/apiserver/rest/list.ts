import { messageOf } from '../../../core/errors.ts';
import type { AnyObject } from '../../../model/objects.ts';
import { StatusError } from '../../api.ts';
import { keyOf } from '../../store/store.ts';
import { parseJson } from '../json-document.ts';
import type { ListOptions } from '../http/list-options.ts';
import type { ApiResponse } from '../types.ts';
import { badRequest, expired, statusError } from '../status.ts';
import { contentResponse, listContent } from './representation.ts';
import type { ListMetadata } from './representation.ts';
import type { ResourceRequest, RestParts } from './resource-request.ts';
import { selection } from './selectable-fields.ts';

const TOO_OLD_TO_CONTINUE =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list ' +
  'without the continue parameter, or use the continue token in this response to retrieve the remainder of the ' +
  'results. Continuing with the provided token results in an inconsistent list - objects that were created, ' +
  'modified, or deleted between the time the first chunk was returned and now may show up in the list.';

/** Where a list goes on: the revision that it shows, and the key after which the rest is. */
interface ContinueToken {
  readonly revision: number;
  readonly after: string;
}

/** GET of a collection. https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks */
export function list(parts: RestParts, request: ResourceRequest, options: ListOptions): ApiResponse {
  const { info } = request;
  const matches = selection(info, options.labels, options.fields);
  const token = options.continue === '' ? undefined : readToken(options.continue);
  const { objects, revision } = objectsAt(parts, request, options, token);
  const remaining = objects.filter(
    (object) => (token === undefined || keyOf(object) > token.after) && (matches?.(object) ?? true),
  );
  const page = options.limit > 0 ? remaining.slice(0, options.limit) : remaining;
  const last = page.at(-1);
  const left = remaining.length - page.length;
  const metadata: ListMetadata = {
    resourceVersion: String(revision),
    ...(left > 0 && last !== undefined && { continue: writeToken({ revision, after: keyOf(last) }) }),
    ...(left > 0 && matches === undefined && { remainingItemCount: left }),
  };
  const context = { ...request, now: parts.simulation.now };
  return contentResponse(request, 200, listContent(context, page, metadata));
}

function objectsAt(
  { store, compaction }: RestParts,
  { info, namespace }: ResourceRequest,
  options: ListOptions,
  token: ContinueToken | undefined,
): { objects: readonly AnyObject[]; revision: number } {
  const current = { objects: store.list(info.storage, namespace), revision: store.revision };
  if (token !== undefined) {
    if (token.revision < 0) return current;
    if (compaction.forgets(token.revision)) throw tooOldToContinue(token);
    try {
      return { objects: store.listAt(info.storage, namespace, token.revision), revision: token.revision };
    } catch (error) {
      throw error instanceof StatusError ? tooOldToContinue(token) : error;
    }
  }
  const wanted = Number(options.resourceVersion);
  if (wanted > current.revision) throw tooLargeVersion(wanted, current.revision);
  if (options.resourceVersionMatch !== 'Exact') return current;
  if (compaction.forgets(wanted)) throw expired('The resourceVersion for the provided list is too old.');
  return { objects: store.listAt(info.storage, namespace, wanted), revision: wanted };
}

export function tooLargeVersion(wanted: number, current: number): StatusError {
  return statusError(504, 'Timeout', `Timeout: Too large resource version: ${wanted}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}

/** The answer itself tells how to get the rest, without the promise that it fits what was there before. */
function tooOldToContinue({ after }: ContinueToken): StatusError {
  const { status } = expired(TOO_OLD_TO_CONTINUE);
  return new StatusError({ ...status, metadata: { continue: writeToken({ revision: -1, after }) } });
}

const TOKEN_VERSION = 'meta.k8s.io/v1';

function writeToken({ revision, after }: ContinueToken): string {
  const text = JSON.stringify({ v: TOKEN_VERSION, rv: revision, start: `${after}\0` });
  return Buffer.from(text).toString('base64url');
}

function readToken(text: string): ContinueToken {
  const decoded = Buffer.from(text, 'base64url').toString('latin1');
  try {
    const token = parseJson(decoded) as { v?: unknown; rv?: unknown; start?: unknown };
    const { v, rv, start } = token;
    if (v !== TOKEN_VERSION)
      throw new Error(`server does not recognize this encoded version ${JSON.stringify(v ?? '')}`);
    if (typeof rv === 'number' && typeof start === 'string')
      return { revision: rv, after: start.replace(/\0$/, '') };
    throw new Error('incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  } catch (error) {
    throw badRequest(`invalid continue token: continue key is not valid: ${messageOf(error)}`);
  }
}
