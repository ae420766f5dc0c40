import type { AnyObject } from '../../model/objects.ts';
import type { Resource } from '../../model/resources.ts';
import { messageOf } from '../../core/errors.ts';
import { StatusError } from '../api.ts';
import type { Api } from '../api.ts';
import type { NetworkStack } from '../network/types.ts';
import type { NodeApi } from '../node-api.ts';
import type { Micros, Simulation } from '../simulation/simulation.ts';
import { Store } from '../store/store.ts';
import { Aggregator } from './aggregation/aggregator.ts';
import { ExtensionServers } from './aggregation/extension-servers.ts';
import { Compaction } from './compaction.ts';
import { Conversions } from './custom/conversions.ts';
import { CustomResources } from './custom/custom-resources.ts';
import { CustomDocuments } from './custom/documents.ts';
import { watchDefinitions } from './custom/establishing.ts';
import { buildLabels, discoveryDocuments } from './data.ts';
import { views } from './views/views.ts';
import { authorizationAttributes } from './http/authorization-attributes.ts';
import { Discovery, serveOpenApi } from './http/discovery.ts';
import { serveResource } from './http/dispatch.ts';
import { HEALTH_CHECKS, isHealthPath, serveHealth } from './http/health.ts';
import { isOpenIdPath, serveOpenId } from './http/open-id.ts';
import { type ServerFacts, serveFlagz, serveStatusz } from './http/z-pages.ts';
import { parsePath } from './http/request-path.ts';
import { isPretty } from './http/negotiation.ts';
import {
  indentedResponse,
  pageNotFound,
  statusResponse,
  textResponse,
  warningHeader,
} from './http/responses.ts';
import { InProcessApi } from './in-process-api.ts';
import type { Identity } from './in-process-api.ts';
import { type Passage, RequestCounts } from './metrics/request-counts.ts';
import { pathLabels, resourceLabels } from './metrics/request-labels.ts';
import { serveHealthMetrics } from './metrics/health-metrics.ts';
import { serveMetrics } from './metrics/server-metrics.ts';
import type { AuthorizationAttributes, PipelineStages, StateReader } from './pipeline.ts';
import { ResourceRegistry } from './resource-registry.ts';
import { Deleter } from './rest/deleter.ts';
import { inOrder } from './rest/metadata.ts';
import type { RestParts } from './rest/resource-request.ts';
import { Writer } from './rest/writer.ts';
import { ServiceAllocation } from './service-allocation.ts';
import { StoreReader } from './state-reader.ts';
import { forbiddenAction, internalError, methodNotAllowed, tooLarge } from './status.ts';
import type { ApiRequest, ApiResponse, DeferredResponse, UserInfo } from './types.ts';
import { WatchHub } from './watch-hub.ts';
import { WebhookAnswers, WebhookNeeded } from './webhooks/answers.ts';
import { callWebhook, type WebhookOutcome } from './webhooks/calls.ts';

const ITSELF: Identity = {
  user: 'system:apiserver',
  groups: ['system:masters', 'system:authenticated'],
  manager: 'kube-apiserver',
};

/** Longer bodies are refused. */
const BODY_LIMIT = 3 * 1024 * 1024;

export interface ApiServerOptions {
  readonly simulation: Simulation;
  /** Made from a reader of the state that the server keeps. */
  readonly stages: (reader: StateReader, webhooks: WebhookAnswers) => PipelineStages;
  /** The kubelets, for logs, exec, attach and port-forward; called when one is asked for. */
  readonly nodes: () => NodeApi;
  /** The network of the node that the server is on; called when a request is passed on to a pod. */
  readonly network: () => NetworkStack;
  /** Host and port that it gives as its own. */
  readonly address: string;
  /** API servers that run in pods; none where it is left out. */
  readonly extensions?: ExtensionServers;
  /** `name=value`, as on its command line. */
  readonly flags?: readonly string[];
}

/** Where a request comes from: a client of the cluster, or something that runs in it. */
export type Origin = 'outside' | 'inside';

/**
 * The API server of the embedded cluster: one pipeline for requests over HTTPS and for the parts inside. It is
 * synchronous, and reads change nothing, not even the simulation's events, unless their answer is deferred.
 */
export class ApiServer {
  readonly store: Store;
  readonly #parts: RestParts;
  readonly #discovery: Discovery;
  readonly #documents: CustomDocuments;
  readonly #custom: CustomResources;
  readonly #webhooks = new WebhookAnswers();
  readonly #address: string;
  /** What webhooks have said about sessions that are about to start. */
  readonly #admitted = new Map<string, Map<string, WebhookOutcome>>();
  readonly #startedAt: Micros;
  readonly #flags: readonly string[];
  /**
   * Counted apart: what is asked from outside and changes nothing is not asked again in a replay, so nothing inside may
   * learn of it.
   */
  readonly #counts: Readonly<Record<Origin, RequestCounts>>;

  constructor(options: ApiServerOptions) {
    const { simulation, nodes, network, extensions = new ExtensionServers() } = options;
    this.#address = options.address;
    this.#flags = options.flags ?? [];
    this.#startedAt = simulation.now;
    this.#counts = { outside: new RequestCounts(simulation), inside: new RequestCounts(simulation) };
    const store = new Store();
    this.store = store;
    const reader = new StoreReader(store);
    const stages = options.stages(reader, this.#webhooks);
    const services = new ServiceAllocation(store, simulation.random.stream('apiserver/services'));
    const writer = new Writer({ simulation, store, stages, reader, services });
    const { api, apis } = discoveryDocuments();
    const aggregator = new Aggregator(reader, extensions);
    this.#parts = {
      simulation,
      aggregator,
      store,
      compaction: new Compaction(simulation, store),
      stages,
      nodes,
      network,
      reader,
      writer,
      deleter: new Deleter({ simulation, store, writer }),
      registry: new ResourceRegistry([api, apis], views),
      hub: new WatchHub(simulation, store),
      counts: this.#counts.inside,
    };
    this.#custom = new CustomResources(
      store,
      this.#parts.registry,
      new Conversions(this.#webhooks, simulation.random.stream('apiserver/conversions')),
    );
    this.#discovery = new Discovery(options.address, () => [
      ...this.#custom.groups(),
      ...aggregator.groups(),
    ]);
    this.#documents = new CustomDocuments(this.#custom);
    watchDefinitions(simulation, store, this.clientFor(ITSELF));
  }

  /** The custom resources that are served just now, in the version in which they are stored. */
  customResources(): readonly Resource[] {
    return this.#custom.resources();
  }

  /** Whether a user may do something. */
  isAllowed(user: UserInfo, attributes: AuthorizationAttributes): boolean {
    return this.#parts.stages.authorizer.authorize(user, attributes).allowed;
  }

  /** The API for a part of the cluster, under its name. Nothing is authorized: these are the cluster's own. */
  clientFor(identity: Identity): Api {
    return new InProcessApi(this.#parts, identity);
  }

  /** Answers one request; never throws. */
  handle(request: ApiRequest, from: Origin = 'outside'): ApiResponse | DeferredResponse {
    const key = keyOf(request);
    const known = this.#admitted.get(key);
    this.#admitted.delete(key);
    return this.#attempt(request, from, known ?? new Map<string, WebhookOutcome>());
  }

  /** @param known what webhooks have said about it */
  #attempt(
    request: ApiRequest,
    from: Origin,
    known: Map<string, WebhookOutcome>,
  ): ApiResponse | DeferredResponse {
    const passage: Passage = { authenticated: false, authorized: false, labels: undefined };
    try {
      const answer = this.#webhooks.within(known, () => this.#answer(request, from, passage));
      return this.#counts[from].answered(passage, answer);
    } catch (error) {
      if (error instanceof WebhookNeeded) return this.#askFirst(request, from, known, error);
      return this.#counts[from].answered(passage, refusalOf(error, request));
    }
  }

  /** Asks a webhook and makes the request again. */
  #askFirst(
    request: ApiRequest,
    from: Origin,
    known: Map<string, WebhookOutcome>,
    { key, call }: WebhookNeeded,
  ): DeferredResponse {
    return {
      kind: 'deferred',
      start: (done) => {
        callWebhook(this.#parts, call, (outcome) => {
          known.set(key, outcome);
          const next = this.#attempt(request, from, known);
          if (next.kind === 'deferred') next.start(done);
          else {
            // A session is asked for once more when it starts.
            if (next.kind === 'exec' || next.kind === 'portforward')
              this.#admitted.set(keyOf(request), known);
            done(next);
          }
        });
      },
    };
  }

  /**
   * Stores an object as it is, past all stages but with uid and creation time: the objects that a fresh cluster
   * starts with.
   */
  load(storage: string, object: AnyObject): AnyObject {
    const { simulation, store } = this.#parts;
    const uid = simulation.random.stream('apiserver/uid').uuid();
    const time = simulation.timestamp();
    const { managedFields: owners } = object.metadata;
    const managedFields = owners?.map(({ manager, operation, apiVersion, ...of }) => {
      return { manager, operation, apiVersion, time, ...of };
    });
    const metadata = {
      ...object.metadata,
      uid,
      creationTimestamp: time,
      ...(managedFields && { managedFields }),
    };
    return store.put(storage, inOrder({ ...object, metadata }));
  }

  #answer(request: ApiRequest, from: Origin, passage: Passage): ApiResponse | DeferredResponse {
    const { authentication, authorizer } = this.#parts.stages;
    const path = parsePath(request.path);
    const action = authorizationAttributes(request, path);
    const user = authentication.authenticate(request, action);
    passage.authenticated = true;
    if (request.body.length > BODY_LIMIT) throw tooLarge(`limit is ${BODY_LIMIT}`);
    const { allowed, reason } = authorizer.authorize(user, action);
    if (!allowed) throw forbiddenAction(user, action, reason);
    passage.authorized = true;
    if (path.kind === 'resource') {
      return serveResource(this.#parts, request, path, user, (isServed) => {
        if (isServed) passage.labels = resourceLabels(request, path);
      });
    }
    passage.labels = pathLabels(request.method, path.segments);
    return this.#servePath(request, from, path.segments);
  }

  #servePath(request: ApiRequest, from: Origin, segments: readonly string[]): ApiResponse {
    const query = new URLSearchParams(request.query);
    if (request.method !== 'GET' && isReadOnly(segments)) throw methodNotAllowed();
    switch (segments.length === 1 ? segments[0] : undefined) {
      case 'version':
        return indentedResponse(discoveryDocuments().version);
      case 'statusz':
        return serveStatusz(request, this.#facts());
      case 'flagz':
        return serveFlagz(request, this.#facts());
      case 'metrics':
        return request.method === 'DELETE' ? metricsReset() : this.#metrics(from);
      default:
    }
    if (segments.join('/') === 'metrics/slis') {
      if (request.method === 'DELETE') return metricsReset();
      return serveHealthMetrics(HEALTH_CHECKS, this.#startedAt);
    }
    switch (segments[0]) {
      case undefined:
        return this.#discovery.index();
      case 'api':
      case 'apis':
        return this.#discovery.serve(request, segments);
      case 'openapi':
        return serveOpenApi(request, segments, query, this.#documents);
      default:
        if (isHealthPath(segments)) return serveHealth(segments, query);
        if (isOpenIdPath(segments)) {
          return serveOpenId(segments, this.#parts.stages.tokens.jwks, this.#address);
        }
        return pageNotFound();
    }
  }

  #facts(): ServerFacts {
    const { goVersion = '', gitVersion = '' } = discoveryDocuments().version;
    const { now } = this.#parts.simulation;
    return { startedAt: this.#startedAt, now, goVersion, gitVersion, flags: this.#flags };
  }

  /** What runs inside is told of what happens inside. */
  #metrics(from: Origin): ApiResponse {
    const { inside, outside } = this.#counts;
    const server = { ...this.#parts, startedAt: this.#startedAt, build: buildLabels() };
    return serveMetrics(server, from === 'outside' ? [inside, outside] : [inside]);
  }
}

/** Paths with handlers for one method; the others answer to any. */
function isReadOnly(segments: readonly string[]): boolean {
  const [root] = segments;
  if (root === 'version') return segments.length === 1;
  return root === 'api' || (root === 'apis' && segments.length === 3) || isOpenIdPath(segments);
}

/** Nothing that is counted here is forgotten: scrapes are to see what there has been. */
function metricsReset(): ApiResponse {
  return textResponse(200, 'text/plain; charset=utf-8', 'metrics reset\n');
}

function refusalOf(error: unknown, request: ApiRequest): ApiResponse {
  // What the client takes is not known where it takes nothing that there is: that is said on several lines.
  const isUnreadable =
    error instanceof StatusError && error.code === 406 && !takesJson(request.headers['accept']);
  const pretty = isUnreadable || isPretty(request);
  if (error instanceof StatusError)
    return statusResponse(error.status, pretty, warningHeader(error.warnings));
  return { ...statusResponse(internalError(messageOf(error)).status, pretty), cause: error };
}

const takesJson = (accept = ''): boolean => /(?:^|,)\s*(?:application\/json|\*\/\*)\s*(?:,|$)/.test(accept);

/** What tells one request for a session from another. */
function keyOf({ method, path, query, headers }: ApiRequest): string {
  return [method, path, query, headers['authorization'] ?? ''].join(' ');
}
