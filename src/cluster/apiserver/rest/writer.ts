import { equal } from '../../../core/json.ts';
import type { AnyObject, ObjectMeta } from '../../../model/objects.ts';
import type { Simulation } from '../../simulation/simulation.ts';
import type { Store } from '../../store/store.ts';
import { Reinvocation } from '../admission/reinvocation.ts';
import type {
  AdmissionAttributes,
  AdmissionPlugin,
  Operation,
  PipelineStages,
  StateReader,
} from '../pipeline.ts';
import type { ResourceInfo } from '../resource-registry.ts';
import type { ServiceAllocation } from '../service-allocation.ts';
import { alreadyExists, badRequest, invalid, notFound, statusError } from '../status.ts';
import { trackChange } from './managed-fields.ts';
import { inOrder, sentMetadata } from './metadata.ts';
import { checkUid, checkVersion } from './preconditions.ts';
import { CREATED_BY_UPDATE, firstGeneration, nextGeneration, prepare, specificationOf } from './strategy.ts';
import type { WriteContext } from './write-context.ts';

/** What the writer works with. */
export interface WriterParts {
  readonly simulation: Simulation;
  readonly store: Store;
  readonly stages: PipelineStages;
  readonly reader: StateReader;
  readonly services: ServiceAllocation;
}

/** Where an object is. */
export interface Target {
  readonly info: ResourceInfo;
  /** Empty for what belongs to no namespace. */
  readonly namespace: string;
  readonly name: string;
}

/** What a write that admission looks at is about. */
export interface AdmittedAbout {
  readonly object?: AnyObject;
  readonly old?: AnyObject;
  readonly subresource?: string | undefined;
  /** A connection (exec, attach, port-forward) to what has this name; its object is what is asked for. */
  readonly connect?: {
    readonly namespace?: string;
    readonly name: string;
    readonly kind: NonNullable<AdmissionAttributes['kind']>;
  };
}

/** What kind of update it is. */
export interface UpdateOptions {
  readonly subresource?: string;
  /** Fields that the subresource may change, put into a copy of the old object; default: all but the status. */
  readonly apply?: (old: AnyObject, sent: AnyObject) => AnyObject;
  /** The draft carries the managed fields of a server-side apply already. */
  readonly managedFieldsAreSet?: boolean;
  /** Another uid is a mistake of the object like others, and not what the change was to depend on. */
  readonly isPatch?: boolean;
}

/** What the cluster itself makes without end, as long as somebody asks for it. */
const ENDLESS: ReadonlySet<string> = new Set(['pods', 'events']);
const NAME_LENGTH_LIMIT = 63;
const SUFFIX_LENGTH = 5;

/**
 * The way of an object into the store, from defaulting on, for requests over HTTPS and from inside alike. Drafts
 * that go in are the writer's to change.
 */
export class Writer {
  readonly #parts: WriterParts;

  constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  /** @throws StatusError 4xx, as the API server would answer */
  create(
    context: WriteContext,
    info: ResourceInfo,
    namespace: string,
    draft: AnyObject,
    options: Pick<UpdateOptions, 'managedFieldsAreSet'> = {},
  ): AnyObject {
    const { simulation, store, stages } = this.#parts;
    const { resource } = info;
    checkNamespace(info, namespace, draft);
    if ((sentMetadata(draft).resourceVersion ?? '') !== '') {
      throw statusError(500, undefined, 'resourceVersion should not be set on objects to be created');
    }
    draft.metadata = {
      ...draft.metadata,
      uid: simulation.random.stream('apiserver/uid').uuid(),
      resourceVersion: '',
      creationTimestamp: simulation.timestamp(),
    };
    delete draft.metadata.deletionTimestamp;
    delete draft.metadata.deletionGracePeriodSeconds;
    if (info.custom?.hasStatus === true) delete draft['status'];

    stages.applyDefaults(resource, draft, { operation: 'CREATE' });
    // What admission and the server add belongs to nobody.
    if (options.managedFieldsAreSet !== true) this.#track(context, info, { draft });
    const attributes = this.#attributes(context, info, 'CREATE', { object: draft });
    this.#mutate(attributes);
    // What admission has set (limits, say) decides on what is derived (a pod's QoS class).
    if (info.storage === 'pods') stages.applyDefaults(resource, draft, { operation: 'CREATE' });

    const generation = firstGeneration(info.storage, draft, info.custom !== undefined);
    if (generation !== undefined) draft.metadata.generation = generation;
    this.#generateName(info, draft);
    prepare(info.storage, draft, 'CREATE');
    this.#validate(context, info, draft);
    const admitted = { ...attributes, name: draft.metadata.name };
    for (const plugin of stages.admissionPlugins) plugin.validate?.(admitted);

    if (store.get(info.storage, namespace, draft.metadata.name) !== undefined) {
      throw alreadyExists(resource, draft.metadata.name);
    }
    const result = readyForViews(info, inOrder(draft));
    if (context.dryRun) return withoutVersion(result);
    if (store.isFull && (context.isRemote || ENDLESS.has(info.storage))) throw noSpace();
    return store.put(info.storage, result);
  }

  /**
   * @param change makes the new object from the stored one; may throw
   * @throws StatusError 404 where there is nothing to change, 409 for another version than the stored one
   */
  update(
    context: WriteContext,
    target: Target,
    change: (old: AnyObject) => AnyObject,
    options: UpdateOptions = {},
  ): AnyObject {
    const { store, stages } = this.#parts;
    const { info, namespace, name } = target;
    const { subresource } = options;
    const found = store.get(info.storage, namespace, name);
    if (found === undefined) throw notFound(info.resource, name);
    const old = renewed(info, found);
    const sent = change(old);
    checkIdentity(target, sent);
    if (options.isPatch !== true) checkUid(info, old, sent);
    checkVersion(info, old, sent);
    const draft = withSystemFields((options.apply ?? ordinary(info))(old, sent), old);

    const attributes = this.#attributes(context, info, 'UPDATE', { object: draft, old, subresource });
    // Only the status of a Service has defaults of its own.
    if (subresource !== 'status' || info.storage === 'services') {
      stages.applyDefaults(info.resource, draft, { operation: 'UPDATE', old });
    }
    if (options.managedFieldsAreSet !== true) this.#track(context, info, { old, draft, subresource });
    this.#mutate(attributes);
    if (subresource === undefined) prepare(info.storage, draft, 'UPDATE');
    // A new status is no new generation, even where it comes with other annotations.
    const generation =
      subresource === 'status'
        ? old.metadata.generation
        : nextGeneration(info.storage, draft, old, info.custom !== undefined);
    if (generation !== undefined) draft.metadata.generation = generation;
    this.#validate(context, info, claiming(draft, sent), old, subresource);
    for (const plugin of stages.admissionPlugins) plugin.validate?.(attributes);

    const result = readyForViews(info, inOrder(draft));
    if (isUnchanged(result, old) && old === found) return old;
    return context.dryRun ? result : this.#write(context, target, result);
  }

  #write(context: WriteContext, { info, namespace, name }: Target, object: AnyObject): AnyObject {
    const { store } = this.#parts;
    const goes = isFinished(object);
    // What goes leaves room.
    if (store.isFull && context.isRemote && !goes) throw noSpace();
    const written = store.put(info.storage, object);
    return goes ? (store.remove(info.storage, namespace, name) ?? written) : written;
  }

  /** A PUT: an update, or for some kinds a create where the name does not exist. @returns whether it was created */
  replace(
    context: WriteContext,
    target: Target,
    draft: AnyObject,
  ): { readonly object: AnyObject; readonly created: boolean } {
    const { info, namespace, name } = target;
    checkIdentity(target, draft);
    const exists = this.#parts.store.get(info.storage, namespace, name) !== undefined;
    if (!exists && CREATED_BY_UPDATE.has(info.storage)) {
      return { object: this.create(context, info, namespace, draft), created: true };
    }
    return { object: this.update(context, target, () => draft), created: false };
  }

  /** What admission plugins see, for writes that are made elsewhere (deletion, subresources that only act). */
  admit(context: WriteContext, info: ResourceInfo, operation: Operation, about: AdmittedAbout): void {
    const attributes = this.#attributes(context, info, operation, about);
    this.#mutate(attributes);
    for (const plugin of this.#pluginsFor(operation)) plugin.validate?.(attributes);
  }

  #pluginsFor(operation: Operation): readonly AdmissionPlugin[] {
    const { admissionPlugins } = this.#parts.stages;
    return operation === 'CONNECT' ? admissionPlugins.filter(({ connects }) => connects) : admissionPlugins;
  }

  /** Lets admission change the object; a second time where later plugins have changed what earlier ones saw. */
  #mutate(attributes: AdmissionAttributes): void {
    const { operation, reinvocation } = attributes;
    const plugins = this.#pluginsFor(operation);
    for (const plugin of plugins) plugin.mutate?.(attributes);
    if (!reinvocation.isWanted) return;
    reinvocation.isSecond = true;
    for (const plugin of plugins) plugin.mutate?.(attributes);
  }

  #attributes(
    context: WriteContext,
    info: ResourceInfo,
    operation: Operation,
    about: AdmittedAbout,
  ): AdmissionAttributes {
    const { connect } = about;
    const metadata: Partial<ObjectMeta> = connect ?? (about.object ?? about.old)?.metadata ?? {};
    return {
      operation,
      resource: info.resource,
      subresource: about.subresource,
      namespace: metadata.namespace,
      name: metadata.name ?? '',
      object: about.object,
      old: about.old,
      ...(connect && { kind: connect.kind }),
      ...(info.custom && { read: (object: AnyObject) => info.custom?.read(object) ?? object }),
      reinvocation: new Reinvocation(),
      user: context.user,
      dryRun: context.dryRun,
      api: this.#parts.reader,
      timestamp: this.#parts.simulation.timestamp(),
      warn: (text) => context.warn(text),
    };
  }

  #track(
    context: WriteContext,
    info: ResourceInfo,
    change: { draft: AnyObject; old?: AnyObject; subresource?: string | undefined },
  ): void {
    trackChange(context, info, this.#parts.simulation.timestamp(), change);
  }

  /** Validation. A Service is given its addresses and ports first: what it cannot have is all that it hears of. */
  #validate(
    context: WriteContext,
    info: ResourceInfo,
    draft: AnyObject,
    old?: AnyObject,
    subresource?: string,
  ): void {
    const { stages, services } = this.#parts;
    const isService = info.storage === 'services' && subresource === undefined;
    if (isService) {
      services.carryOver(draft, old);
      const refused = services.allocate(draft, old, context.dryRun);
      if (refused.length > 0) throw invalid(info.resource, draft.metadata.name, refused);
    }
    const problems = [
      ...stages.validateObject(info.resource, draft, {
        operation: old === undefined ? 'CREATE' : 'UPDATE',
        ...(old && { old }),
        ...(subresource !== undefined && { subresource }),
      }),
    ];
    if (info.custom !== undefined)
      problems.push(...info.custom.problems(draft, old, (text) => context.warn(text)));
    if (problems.length > 0) throw invalid(info.resource, draft.metadata.name, problems);
  }

  #generateName(info: ResourceInfo, draft: AnyObject): void {
    const { name = '', generateName = '', namespace = '' } = sentMetadata(draft);
    if (name !== '') return;
    if (generateName === '') {
      const detail = 'Required value: name or generateName is required';
      throw invalid(info.resource, '', [{ type: 'FieldValueRequired', field: 'metadata.name', detail }]);
    }
    const base = generateName.slice(0, NAME_LENGTH_LIMIT - SUFFIX_LENGTH);
    const random = this.#parts.simulation.random.stream('apiserver/names');
    do draft.metadata.name = base + random.suffix(SUFFIX_LENGTH);
    while (this.#parts.store.get(info.storage, namespace, draft.metadata.name) !== undefined);
  }
}

/** As etcd says it. https://etcd.io/docs/v3.6/op-guide/maintenance/#space-quota */
const noSpace = (): Error => statusError(500, undefined, 'etcdserver: mvcc: database space exceeded');

/** What is stored, in the form in which it would be stored now: its definition may have changed. */
function renewed({ view }: ResourceInfo, stored: AnyObject): AnyObject {
  return view?.renew?.(stored) ?? stored;
}

/** Whatever clients of other versions will be told of the object has been asked for before it is stored. */
function readyForViews({ view }: ResourceInfo, object: AnyObject): AnyObject {
  view?.prepare?.(object);
  return object;
}

/** An object that only waited for its last finalizer. */
function isFinished(object: AnyObject): boolean {
  const { metadata } = object;
  return (
    metadata.deletionTimestamp !== undefined &&
    (metadata.finalizers ?? []).length === 0 &&
    (metadata.deletionGracePeriodSeconds ?? 0) === 0 &&
    (object.kind !== 'Namespace' || namespaceFinalizers(object).length === 0)
  );
}

function namespaceFinalizers(namespace: AnyObject): readonly string[] {
  const { finalizers = [] } = (namespace['spec'] ?? {}) as { finalizers?: readonly string[] };
  return finalizers;
}

function checkNamespace(info: ResourceInfo, namespace: string, draft: AnyObject): void {
  const sent = draft.metadata.namespace ?? '';
  if (sent !== '' && sent !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (info.resource.namespaced) draft.metadata.namespace = namespace;
  else delete draft.metadata.namespace;
}

function checkIdentity({ info, namespace, name }: Target, draft: AnyObject): void {
  checkNamespace(info, namespace, draft);
  const { name: sent = '' } = sentMetadata(draft);
  if (sent === '') {
    throw badRequest(
      `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
    );
  }
  if (sent !== name) {
    throw badRequest(`the name of the object (${sent}) does not match the name on the URL (${name})`);
  }
}

/** An ordinary update from outside: finalizers of a namespace's specification have a subresource of their own. */
function ordinary({ custom }: ResourceInfo): (old: AnyObject, sent: AnyObject) => AnyObject {
  // Without a subresource for it, the status is a field like any other.
  if (custom?.hasStatus === false) return (_old, sent) => sent;
  return (old, sent) => {
    const draft = exceptStatus(old, sent);
    if (old.kind !== 'Namespace') return draft;
    return { ...draft, spec: { ...(draft['spec'] as object), finalizers: namespaceFinalizers(old) } };
  };
}

/** Everything but the status: what {@link Api.update} of the parts inside changes. */
export function exceptStatus(old: AnyObject, sent: AnyObject): AnyObject {
  if (old['status'] === undefined) {
    const { status: _status, ...rest } = sent;
    return rest;
  }
  return { ...sent, status: old['status'] };
}

/** The `status` subresource: the status, and metadata that its strategy does not protect. */
export function onlyStatus(old: AnyObject, sent: AnyObject): AnyObject {
  const { labels, annotations, finalizers, managedFields } = sent.metadata;
  return {
    apiVersion: old.apiVersion,
    kind: old.kind,
    metadata: {
      ...old.metadata,
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ...(finalizers && { finalizers }),
      ...(managedFields && { managedFields }),
    },
    ...specificationOf(old),
    status: sent['status'] ?? {},
  };
}

/** The status only: what {@link Api.updateStatus} of the parts inside changes. */
export function nothingButStatus(old: AnyObject, sent: AnyObject): AnyObject {
  return { ...old, status: sent['status'] };
}

/** The status with the annotations; see {@link Api.updateStatus}. */
export function statusAndAnnotations(old: AnyObject, sent: AnyObject): AnyObject {
  const { annotations } = sent.metadata;
  return {
    ...nothingButStatus(old, sent),
    metadata: { ...old.metadata, ...(annotations && { annotations }) },
  };
}

/** The object with the metadata that was sent in spite of being the server's own, for validation to complain of. */
function claiming(draft: AnyObject, sent: AnyObject): AnyObject {
  const { uid = '', deletionTimestamp, deletionGracePeriodSeconds } = sentMetadata(sent);
  const metadata: ObjectMeta = {
    ...draft.metadata,
    ...(uid !== '' && { uid }),
    // Who is about to be deleted stays so.
    ...(draft.metadata.deletionTimestamp === undefined && deletionTimestamp && { deletionTimestamp }),
    ...(deletionGracePeriodSeconds !== undefined && { deletionGracePeriodSeconds }),
  };
  return { ...draft, metadata };
}

/** Metadata that the server alone writes is taken from the stored object. */
function withSystemFields(draft: AnyObject, old: AnyObject): AnyObject {
  const { uid, creationTimestamp, resourceVersion } = old.metadata;
  const { deletionTimestamp, deletionGracePeriodSeconds, generation, generateName } = old.metadata;
  const {
    deletionTimestamp: _deletionTimestamp,
    deletionGracePeriodSeconds: _deletionGracePeriodSeconds,
    generation: _generation,
    ...sent
  } = draft.metadata;
  return {
    ...draft,
    apiVersion: old.apiVersion,
    kind: old.kind,
    metadata: {
      ...sent,
      uid,
      creationTimestamp,
      resourceVersion,
      ...(deletionTimestamp !== undefined && { deletionTimestamp }),
      ...(deletionGracePeriodSeconds !== undefined && { deletionGracePeriodSeconds }),
      ...(generation !== undefined && { generation }),
      ...(generateName !== undefined && { generateName }),
    },
  };
}

/** Whether the content is the same: neither the version nor the times of its owners make a difference. */
function isUnchanged(object: AnyObject, old: AnyObject): boolean {
  // Metadata last: it is the same where anything else is not.
  return (
    equal({ ...object, metadata: undefined }, { ...old, metadata: undefined }) &&
    equal(metadataContent(object), metadataContent(old))
  );
}

function metadataContent({ metadata }: AnyObject): ObjectMeta {
  const managedFields = (metadata.managedFields ?? []).map((entry) => ({ ...entry, time: '' }));
  return { ...metadata, resourceVersion: '', managedFields };
}

/** What a dry run makes has no version. */
function withoutVersion(object: AnyObject): AnyObject {
  const metadata: Partial<ObjectMeta> = { ...object.metadata };
  delete metadata.resourceVersion;
  return { ...object, metadata: metadata as ObjectMeta };
}
