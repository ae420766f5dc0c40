import { copy } from '../../core/json.ts';
import type { Event, KubeObject, NewObject, ObjectReference } from '../../model/objects.ts';
import { resources } from '../../model/resources.ts';
import { StatusError } from '../api.ts';
import type { Api, EventRecorder } from '../api.ts';
import { MINUTE, SECOND } from '../simulation/simulation.ts';
import type { Micros, Simulation } from '../simulation/simulation.ts';

/** client-go's defaults (tools/record/events_cache.go). */
const SPAM_BURST = 25;
const SPAM_REFILL: Micros = 300 * SECOND;
const SIMILAR_LIMIT = 10;
const SIMILAR_WINDOW: Micros = 10 * MINUTE;
const CACHE_LIMIT = 4096;
const COMBINED = '(combined from similar events): ';

interface Bucket {
  tokens: number;
  filledAt: Micros;
}
interface Similar {
  /** Texts seen; more than {@link SIMILAR_LIMIT} means that they are combined. */
  readonly messages: Set<string>;
  at: Micros;
}
interface Known {
  readonly name: string;
  readonly first: string;
  readonly count: number;
}

/**
 * Events of one component. Two recorders of the same component would not know of each other's events.
 * https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
 * @param options.component `deployment-controller`, `kubelet`, `default-scheduler`, …
 * @param options.host the node's name, for a component that runs on one (`source.host`, `reportingInstance`)
 */
export function createEventRecorder(options: {
  api: Api;
  simulation: Simulation;
  component: string;
  host?: string;
}): EventRecorder {
  const { api, simulation, component, host } = options;
  const random = simulation.random.stream(`events/${component}/${host ?? ''}`);
  const buckets = new Map<string, Bucket>();
  const similar = new Map<string, Similar>();
  const known = new Map<string, Known>();
  let latest = 0n;

  function write(about: ObjectReference, type: Event['type'], reason: string, message: string): void {
    const object = [about.kind, about.namespace, about.name, about.uid, about.apiVersion].join('/');
    const aggregate = [object, type, reason].join('/');
    const text = combine(aggregate, message);
    // Combined events are one event whatever they say; others are told apart by their text and container.
    const key = text === message ? [aggregate, about.fieldPath, message].join('/') : aggregate;
    const before = remembered(known, key);
    const entry = {
      name: before?.name ?? newName(about),
      first: before?.first ?? simulation.timestamp(),
      count: (before?.count ?? 0) + 1,
    };
    remember(known, key, entry);
    // Last of all, as in client-go: an event that the filter drops has been counted.
    if (!takeToken(`${object}/${type}`)) return;
    try {
      store(entry, about, type, reason, text);
    } catch (error) {
      // A real component drops an event that the API refuses (a namespace that is being deleted).
      if (!(error instanceof StatusError)) throw error;
    }
  }

  /** @param kind an object, and the type of its events: warnings do not use up what normal ones have */
  function takeToken(kind: string): boolean {
    const bucket = remembered(buckets, kind) ?? { tokens: SPAM_BURST, filledAt: simulation.now };
    const refilled = Math.floor((simulation.now - bucket.filledAt) / SPAM_REFILL);
    bucket.tokens = Math.min(SPAM_BURST, bucket.tokens + refilled);
    if (bucket.tokens === SPAM_BURST) bucket.filledAt = simulation.now;
    else bucket.filledAt += refilled * SPAM_REFILL;
    remember(buckets, kind, bucket);
    if (bucket.tokens === 0) return false;
    bucket.tokens--;
    return true;
  }

  function combine(aggregate: string, message: string): string {
    let group = remembered(similar, aggregate);
    if (group === undefined || simulation.now - group.at > SIMILAR_WINDOW) {
      group = { messages: new Set(), at: simulation.now };
    }
    group.at = simulation.now;
    group.messages.add(message);
    remember(similar, aggregate, group);
    if (group.messages.size < SIMILAR_LIMIT) return message;
    // As client-go: the set stays at its limit, the oldest text leaves it.
    const [oldest] = group.messages;
    if (oldest !== undefined) group.messages.delete(oldest);
    return COMBINED + message;
  }

  function store(
    entry: Known,
    about: ObjectReference,
    type: Event['type'],
    reason: string,
    message: string,
  ): void {
    const namespace = about.namespace ?? 'default';
    const stored = entry.count === 1 ? undefined : api.get(resources.events, namespace, entry.name);
    if (stored === undefined) {
      api.create(resources.events, newEvent(entry, about, type, reason, message));
      return;
    }
    const changed = copy(stored);
    changed.count = entry.count;
    changed.message = message;
    changed.lastTimestamp = simulation.timestamp();
    api.update(resources.events, changed);
  }

  /**
   * As the real one ends in the time in hexadecimal nanoseconds. The last three digits of them are drawn, but a later
   * event always has a later time, also within the same instant.
   */
  function newName({ namespace = 'default', name = '' }: ObjectReference): string {
    const drawn = BigInt(simulation.now) * 1000n + BigInt(random.between(0, 99));
    latest = drawn > latest ? drawn : latest + 1n;
    const text = (): string => `${name}.${latest.toString(16)}`;
    while (api.get(resources.events, namespace, text()) !== undefined) latest++;
    return text();
  }

  function newEvent(
    entry: Known,
    about: ObjectReference,
    type: Event['type'],
    reason: string,
    message: string,
  ): NewObject<Event> {
    const now = simulation.timestamp();
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: {
        name: entry.name,
        // Events about objects without a namespace live in `default`.
        namespace: about.namespace ?? 'default',
      },
      involvedObject: about,
      reason,
      message,
      source: host === undefined ? { component } : { component, host },
      firstTimestamp: entry.first,
      lastTimestamp: now,
      count: entry.count,
      type,
      eventTime: null,
      reportingComponent: component,
      reportingInstance: host ?? '',
    };
  }

  return {
    event: (about, type, reason, message) => {
      write(referenceTo(about), type, reason, message);
    },
  };
}

/** What an event says it is about. */
function referenceTo(about: KubeObject | ObjectReference): ObjectReference {
  if (!('metadata' in about)) return about;
  const { namespace, name, uid, resourceVersion } = about.metadata;
  return {
    apiVersion: about.apiVersion,
    kind: about.kind,
    name,
    ...(namespace === undefined ? {} : { namespace }),
    uid,
    resourceVersion,
  };
}

/** Reads an entry of a map that is kept in order of use. */
function remembered<T>(map: Map<string, T>, key: string): T | undefined {
  const value = map.get(key);
  if (value === undefined) return undefined;
  map.delete(key);
  map.set(key, value);
  return value;
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= CACHE_LIMIT) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
