import { goJsonLine } from '../../../core/go-json.ts';
import type { AnyObject } from '../../../model/objects.ts';
import { apiVersionOf } from '../../../model/resources.ts';
import { StatusError } from '../../api.ts';
import type { StreamSink } from '../../node-api.ts';
import { MINUTE } from '../../simulation/simulation.ts';
import type { Change } from '../../store/history.ts';
import { definitions } from '../custom/definition.ts';
import type { ListOptions } from '../http/list-options.ts';
import { warningHeader } from '../http/responses.ts';
import { expired } from '../status.ts';
import type { ApiResponse } from '../types.ts';
import { WebhookNeeded } from '../webhooks/answers.ts';
import { eventBytes } from './representation.ts';
import type { ResourceRequest, RestParts } from './resource-request.ts';
import { selection } from './selectable-fields.ts';

const encoder = new TextEncoder();

/** How long kube-apiserver lets a watch live at least that asks for no `timeoutSeconds` (`--min-request-timeout`). */
export const MIN_WATCH_SECONDS = 1800;

/**
 * GET with `watch=true`. The stream is written within the writes that it tells of, not in simulation events: who
 * looks on from outside must not change what happens inside.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
export function watch(parts: RestParts, request: ResourceRequest, options: ListOptions): ApiResponse {
  // A selector that makes no sense is refused before the stream starts.
  const matches = selection(request.info, options.labels, options.fields) ?? (() => true);
  const { format } = request.representation;
  return {
    kind: 'stream',
    status: 200,
    headers: {
      'cache-control': 'no-cache, private',
      'content-type': `application/${format}${format === 'json' ? '' : ';stream=watch'}`,
      ...warningHeader(request.warnings),
    },
    open: (sink) => new WatchStream(parts, request, options, matches).open(sink),
  };
}

/** One client's watch. */
class WatchStream {
  readonly #parts: RestParts;
  readonly #request: ResourceRequest;
  readonly #options: ListOptions;
  readonly #matches: (object: AnyObject) => boolean;
  #firstEvent = true;
  #lastBookmark: number;

  constructor(
    parts: RestParts,
    request: ResourceRequest,
    options: ListOptions,
    matches: (object: AnyObject) => boolean,
  ) {
    this.#parts = parts;
    this.#request = request;
    this.#options = options;
    this.#matches = matches;
    this.#lastBookmark = parts.simulation.now;
  }

  open(sink: StreamSink): () => void {
    const { store } = this.#parts;
    try {
      this.#start(sink);
    } catch (error) {
      endWith(sink, error);
      return () => {};
    }
    const stop = store.subscribe((change) => {
      try {
        if (change.resource === this.#request.info.storage) this.#tell(sink, change);
        else if (this.#lostItsDefinition(change)) sink.end();
        this.#bookmarkNowAndThen(sink);
      } catch (error) {
        stop();
        endWith(sink, error);
      }
    });
    return stop;
  }

  /** Nothing is served any more where the definition of a custom resource is removed. */
  #lostItsDefinition({ resource, type, object }: Change): boolean {
    const { custom, storage } = this.#request.info;
    return (
      custom !== undefined &&
      type === 'DELETED' &&
      resource === definitions.id &&
      object.metadata.name === storage
    );
  }

  /** What is there already, or what happened since the version that the client has. */
  #start(sink: StreamSink): void {
    const { store } = this.#parts;
    const { info, namespace } = this.#request;
    const { resourceVersion, sendInitialEvents } = this.#options;
    if (sendInitialEvents || resourceVersion === '' || resourceVersion === '0') {
      for (const object of store.list(info.storage, namespace)) {
        if (this.#matches(object)) this.#write(sink, 'ADDED', object);
      }
    } else {
      for (const change of store.changesAfter(info.storage, Number(resourceVersion)))
        this.#tell(sink, change);
    }
    if (sendInitialEvents && this.#options.allowWatchBookmarks) {
      this.#bookmark(sink, { 'k8s.io/initial-events-end': 'true' });
    }
  }

  /** A change of a selected object; one that is no longer, or not yet, selected comes or goes for this client. */
  #tell(sink: StreamSink, change: Change): void {
    const { namespace } = this.#request;
    const { object, old, type } = change;
    if (namespace !== undefined && object.metadata.namespace !== namespace) return;
    const before = old !== undefined && this.#matches(old);
    const after = type !== 'DELETED' && this.#matches(object);
    if (after) this.#write(sink, before ? 'MODIFIED' : 'ADDED', object);
    else if (before) this.#write(sink, 'DELETED', this.#lastSeen(change));
  }

  /** What a client is told to be gone is what it knew, with the revision of the change. */
  #lastSeen({ object, old, type }: Change): AnyObject {
    if (type === 'DELETED' || old === undefined) return object;
    const { resourceVersion } = object.metadata;
    return { ...old, metadata: { ...old.metadata, resourceVersion } };
  }

  #write(sink: StreamSink, type: string, object: AnyObject): void {
    const { info, representation } = this.#request;
    const context = { info, representation, now: this.#parts.simulation.now, firstEvent: this.#firstEvent };
    this.#firstEvent = false;
    sink.write(eventBytes(context, type, object));
  }

  #bookmarkNowAndThen(sink: StreamSink): void {
    const { now } = this.#parts.simulation;
    if (!this.#options.allowWatchBookmarks || now - this.#lastBookmark < MINUTE) return;
    this.#bookmark(sink, undefined);
  }

  /** Tells how far the client is, so that it can come back from there. */
  #bookmark(sink: StreamSink, annotations: Record<string, string> | undefined): void {
    this.#lastBookmark = this.#parts.simulation.now;
    const { resource } = this.#request.info;
    const metadata = {
      resourceVersion: String(this.#parts.store.revision),
      ...(annotations && { annotations }),
    };
    const asTable = this.#request.representation.as === 'table';
    const object = asTable
      ? { kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata, columnDefinitions: null, rows: [] }
      : { kind: resource.kind, apiVersion: apiVersionOf(resource), metadata };
    sink.write(encoder.encode(goJsonLine({ type: 'BOOKMARK', object })));
  }
}

/**
 * Tells the client why there is nothing more. An object that a webhook has to convert first cannot wait in a watch: the
 * client lists again, which asks for it.
 */
function endWith(sink: StreamSink, error: unknown): void {
  const told = error instanceof WebhookNeeded ? expired(error.message) : error;
  if (!(told instanceof StatusError)) throw told;
  sink.write(encoder.encode(goJsonLine({ type: 'ERROR', object: told.status })));
  sink.end();
}
