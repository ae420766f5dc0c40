import { copy } from '../../../src/core/json.ts';
import { ClusterUnreachable, type KubeClient, KubeError, type Manifest } from '../../../src/kube/client.ts';
import type { AnyObject } from '../../../src/model/objects.ts';
import { applyJsonPatch, type JsonPatchOperation } from '../../../src/model/patch/json-patch.ts';
import { applyMergePatch } from '../../../src/model/patch/merge-patch.ts';
import { apiVersionOf, type Resource, resources } from '../../../src/model/resources.ts';

/** Objects of a cluster that nothing happens in by itself; every write is logged as a line of JSON. */
export class FakeState {
  readonly objects = new Map<string, AnyObject>();
  readonly log: string[] = [];
  uids = 0;
  /** The API server is gone. */
  unreachable = false;
  /** Nobody may do anything. */
  forbidden = false;

  copy(): FakeState {
    const state = new FakeState();
    for (const [key, object] of this.objects) state.objects.set(key, copy(object));
    state.uids = this.uids;
    state.unreachable = this.unreachable;
    state.forbidden = this.forbidden;
    return state;
  }
}

type Write = { op: 'put'; object: AnyObject } | { op: 'delete'; key: string };

const keyOf = (id: string, namespace: string | undefined, name: string): string =>
  `${id}/${namespace ?? ''}/${name}`;

function resourceOf({ apiVersion, kind }: Manifest): Resource {
  const found = Object.values(resources).find((one) => one.kind === kind && apiVersionOf(one) === apiVersion);
  if (found === undefined) throw new Error(`the fake knows no ${apiVersion} ${kind}`);
  return found;
}

/** Does again what a log of {@link FakeState} says. */
export function replayWrites(state: FakeState, lines: readonly string[]): void {
  for (const line of lines) write(state, JSON.parse(line) as Write);
}

function write(state: FakeState, change: Write): void {
  state.log.push(JSON.stringify(change));
  if (change.op === 'delete') {
    state.objects.delete(change.key);
    return;
  }
  const { object } = change;
  const key = keyOf(
    resourceOf(object as unknown as Manifest).id,
    object.metadata.namespace,
    object.metadata.name,
  );
  const uid = state.objects.get(key)?.metadata.uid ?? `uid-${++state.uids}`;
  const resourceVersion = String(state.log.length);
  state.objects.set(key, { ...copy(object), metadata: { ...copy(object.metadata), uid, resourceVersion } });
}

/** @param before called before every write, with what it is */
export function fakeKube(
  state: FakeState,
  before: (verb: string) => Promise<void> = async () => {},
): KubeClient {
  const reach = (): void => {
    if (state.unreachable) throw new ClusterUnreachable('https://127.0.0.1:1', 'connection refused');
    if (state.forbidden) throw new KubeError(403, 'User "kubernetes-admin" cannot do that');
  };
  const find = (resource: Resource, namespace: string | undefined, name: string): AnyObject | undefined =>
    state.objects.get(keyOf(resource.id, namespace, name));
  const put = async (verb: string, object: AnyObject): Promise<AnyObject> => {
    await before(verb);
    reach();
    write(state, { op: 'put', object });
    return object;
  };
  const kube = {
    get: async (resource: Resource, namespace: string | undefined, name: string) => {
      reach();
      return Promise.resolve(copy(find(resource, namespace, name)));
    },
    list: async (resource: Resource, { namespace }: { namespace?: string } = {}) => {
      reach();
      const prefix = `${resource.id}/`;
      const found = [...state.objects].filter(
        ([key, { metadata }]) =>
          key.startsWith(prefix) && (namespace === undefined || metadata.namespace === namespace),
      );
      return Promise.resolve(found.map(([, object]) => copy(object)));
    },
    create: async (resource: Resource, object: AnyObject, { dryRun = false }: { dryRun?: boolean } = {}) => {
      if (find(resource, object.metadata.namespace, object.metadata.name) !== undefined) {
        throw new KubeError(409, `${object.metadata.name} exists`);
      }
      return dryRun ? object : put('create', object);
    },
    update: async (resource: Resource, object: AnyObject) => {
      reach();
      const { namespace, name } = object.metadata;
      const before = find(resource, namespace, name);
      if (before === undefined) throw new KubeError(404, `${resource.plural} "${name}" not found`);
      const { status } = before;
      return put('update', { ...object, ...(status === undefined ? {} : { status }) });
    },
    patch: async (
      resource: Resource,
      namespace: string | undefined,
      name: string,
      body: unknown,
      { type, dryRun = false }: { type: string; dryRun?: boolean },
    ) => {
      reach();
      const object = find(resource, namespace, name);
      if (object === undefined) throw new KubeError(404, `${resource.plural} "${name}" not found`);
      const changed =
        type === 'json'
          ? applyJsonPatch(object, body as JsonPatchOperation[])
          : applyMergePatch(object, body);
      return dryRun ? (changed as AnyObject) : put('patch', changed as AnyObject);
    },
    applyAll: async (objects: readonly Manifest[]) => {
      const applied: AnyObject[] = [];
      for (const object of objects) applied.push(await put('apply', object as unknown as AnyObject));
      return applied;
    },
    delete: async (resource: Resource, namespace: string | undefined, name: string) => {
      await before('delete');
      reach();
      const key = keyOf(resource.id, namespace, name);
      if (!state.objects.has(key)) return false;
      write(state, { op: 'delete', key });
      return true;
    },
  };
  return kube as unknown as KubeClient;
}
