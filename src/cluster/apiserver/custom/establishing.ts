import { equal } from '../../../core/json.ts';
import type { AnyObject, Condition } from '../../../model/objects.ts';
import type { Api } from '../../api.ts';
import { StatusError } from '../../api.ts';
import type { Store } from '../../store/store.ts';
import { MILLISECOND, SECOND, type Simulation } from '../../simulation/simulation.ts';
import {
  type CustomResourceDefinition,
  type DefinitionNames,
  definitions,
  isEstablished,
  storageResource,
} from './definition.ts';

/** Keeps the objects of a definition from staying behind. */
export const CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io';

const OWNER = 'apiserver/customresourcedefinitions';
/** What a real server takes to look at a definition. */
/** Where the webhook of a definition is asked that names no port. */
const HTTPS = 443;
const DELAY = 10 * MILLISECOND;
/** How long it waits for objects that have finalizers of their own. */
const RETRY = SECOND;

/**
 * The part of the API server that accepts the names of definitions, establishes them, and empties those that are
 * deleted.
 */
export function watchDefinitions(simulation: Simulation, store: Store, api: Api): void {
  const waiting = new Set<string>();

  function later(name: string, delay: number): void {
    if (waiting.has(name)) return;
    waiting.add(name);
    simulation.after(delay, OWNER, () => {
      waiting.delete(name);
      sync(name);
    });
  }

  function sync(name: string): void {
    const definition = api.get(definitions, undefined, name);
    if (definition === undefined) return;
    if (definition.metadata.deletionTimestamp === undefined) write(definition, accepted(definition));
    else empty(definition);
  }

  function accepted(definition: CustomResourceDefinition): NonNullable<CustomResourceDefinition['status']> {
    const time = simulation.timestamp();
    const { spec, status = {} } = definition;
    const conflict = conflictOf(definition, api.list(definitions));
    const isNew = !isEstablished(definition);
    const stored = spec.versions.find(({ storage }) => storage)?.name;
    const storedVersions = [...(status.storedVersions ?? [])];
    if (stored !== undefined && !storedVersions.includes(stored)) storedVersions.push(stored);
    let conditions = withCondition(
      status.conditions,
      conflict ?? condition('NamesAccepted', 'True', 'NoConflicts', 'no conflicts found'),
      time,
    );
    if (isNew) {
      conditions = withCondition(
        conditions,
        conflict === undefined
          ? condition('Established', 'True', 'InitialNamesAccepted', 'the initial names have been accepted')
          : condition('Established', 'False', 'NotAccepted', 'not all names are accepted'),
        time,
      );
    }
    return {
      ...status,
      conditions,
      acceptedNames: conflict === undefined ? spec.names : (status.acceptedNames ?? NO_NAMES),
      storedVersions,
    };
  }

  /** The objects go first; then nothing holds the definition any longer. */
  function empty(definition: CustomResourceDefinition): void {
    const { finalizers = [] } = definition.metadata;
    if (!finalizers.includes(CLEANUP_FINALIZER)) return;
    const resource = storageResource(definition);
    if (resource !== undefined && isEstablished(definition)) {
      for (const { metadata } of api.list(resource)) {
        if (metadata.deletionTimestamp === undefined) remove(definition, metadata);
      }
      if (api.list(resource).length > 0) {
        mark(definition, 'True', 'InstanceDeletionInProgress', 'CustomResource deletion is in progress');
        later(definition.metadata.name, RETRY);
        return;
      }
    }
    mark(definition, 'False', 'InstanceDeletionCompleted', 'removed all instances');
    const current = api.get(definitions, undefined, definition.metadata.name);
    if (current === undefined) return;
    api.update(definitions, {
      ...current,
      metadata: {
        ...current.metadata,
        finalizers: (current.metadata.finalizers ?? []).filter((name) => name !== CLEANUP_FINALIZER),
      },
    });
  }

  function remove(
    definition: CustomResourceDefinition,
    { namespace, name }: { readonly namespace?: string; readonly name: string },
  ): void {
    const resource = storageResource(definition);
    if (resource === undefined) return;
    try {
      api.delete(resource, namespace, name, { propagationPolicy: 'Background' });
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
    }
  }

  function mark(
    definition: CustomResourceDefinition,
    status: Condition['status'],
    reason: string,
    message: string,
  ): void {
    const terminating = condition('Terminating', status, reason, message);
    write(definition, {
      ...definition.status,
      conditions: withCondition(definition.status?.conditions, terminating, simulation.timestamp()),
    });
  }

  function write(
    definition: CustomResourceDefinition,
    status: NonNullable<CustomResourceDefinition['status']>,
  ): void {
    if (equal(definition.status, status)) return;
    api.updateStatus(definitions, { ...definition, status });
  }

  store.subscribe(({ resource, type, object }) => {
    if (resource === definitions.id && type !== 'DELETED') later(object.metadata.name, DELAY);
  });
}

const NO_NAMES: DefinitionNames = { plural: '', kind: '' };

function condition(type: string, status: Condition['status'], reason: string, message: string): Condition {
  return { type, status, reason, message };
}

/** Puts a condition into the list; its time moves only when its status does. */
function withCondition(
  conditions: readonly Condition[] = [],
  next: Condition,
  time: string,
): readonly Condition[] {
  const index = conditions.findIndex(({ type }) => type === next.type);
  const old = conditions[index];
  const lastTransitionTime = old?.status === next.status ? (old.lastTransitionTime ?? time) : time;
  const { type, status, reason = '', message = '' } = next;
  const placed: Condition = { lastTransitionTime, message, reason, status, type };
  return index < 0 ? [...conditions, placed] : conditions.with(index, placed);
}

/** The last of the names that another definition of the group has already. */
function conflictOf(
  { metadata, spec }: CustomResourceDefinition,
  all: readonly CustomResourceDefinition[],
): Condition | undefined {
  const others = all.filter(
    (other) => other.spec.group === spec.group && other.metadata.uid !== metadata.uid,
  );
  const names = others.flatMap(({ status }) => {
    const taken = status?.acceptedNames;
    return taken === undefined ? [] : [taken.plural, taken.singular, ...(taken.shortNames ?? [])];
  });
  const kinds = others.flatMap(({ status }) => {
    const taken = status?.acceptedNames;
    return taken === undefined ? [] : [taken.kind, taken.listKind];
  });
  const { plural, singular, shortNames = [], kind, listKind } = spec.names;
  const asked: readonly (readonly [reason: string, name: string | undefined, taken: readonly unknown[]])[] = [
    ['PluralConflict', plural, names],
    ['SingularConflict', singular, names],
    ...shortNames.map((name) => ['ShortNamesConflict', name, names] as const),
    ['KindConflict', kind, kinds],
    ['ListKindConflict', listKind, kinds],
  ];
  const [reason, name] =
    asked.findLast(([, wanted, taken]) => wanted !== undefined && wanted !== '' && taken.includes(wanted)) ??
    [];
  if (reason === undefined) return undefined;
  return condition('NamesAccepted', 'False', reason, `${JSON.stringify(name)} is already in use`);
}

/** What a definition leaves out, as it is stored. */
export function defaultDefinition(object: AnyObject): void {
  const spec = object['spec'] as
    | {
        names?: { kind?: string; singular?: string; listKind?: string };
        conversion?: { strategy?: string; webhook?: { clientConfig?: { service?: { port?: number } } } };
      }
    | undefined;
  if (spec === undefined) return;
  const { names } = spec;
  if (names?.kind !== undefined) {
    names.singular ??= names.kind.toLowerCase();
    names.listKind ??= `${names.kind}List`;
  }
  spec.conversion ??= { strategy: 'None' };
  const { service } = spec.conversion.webhook?.clientConfig ?? {};
  if (service !== undefined) service.port ??= HTTPS;
}
