import { copy, isObject } from '../../../src/core/json.ts';
import { type KubeClient, KubeError } from '../../../src/kube/client.ts';
import type {
  AnyObject,
  ConfigMap,
  Deployment,
  KubeObject,
  NewObject,
  Pod,
} from '../../../src/model/objects.ts';
import { resources } from '../../../src/model/resources.ts';
import { contentOf, type State } from '../state.ts';
import { type CorefileChange, type Edit, partsOf, type PodAct, type Reference } from './edit.ts';

export interface Editor {
  readonly kube: KubeClient;
  readonly healthy: State;
  /** Milliseconds of the lab's clock. */
  readonly wait: (ms: number) => Promise<void>;
  readonly now: () => Date;
}

/** Does one edit as somebody with kubectl would. @returns the server's words where it refused */
export async function applyEdit(editor: Editor, edit: Edit): Promise<string | undefined> {
  try {
    await doEdit(editor, edit);
    return undefined;
  } catch (error) {
    if (error instanceof KubeError && error.isRefusal) return error.message;
    throw error;
  }
}

async function doEdit(editor: Editor, edit: Edit): Promise<void> {
  const { kube } = editor;
  switch (edit.edit) {
    case 'wait':
      return editor.wait(edit.seconds * 1000);
    case 'create':
      await kube.apply(edit.object, { manager: 'kubectl', force: true });
      return;
    case 'put-back':
      return putBack(editor, edit.of, edit.path);
    case 'patch': {
      const { resource, namespace, name } = partsOf(edit.of);
      await kube.patch(resource, namespace, name, edit.body, {
        type: edit.type,
        fieldManager: 'kubectl-edit',
      });
      return;
    }
    case 'delete': {
      const { resource, namespace, name } = partsOf(edit.of);
      if (edit.finalizer !== undefined) {
        const body = { metadata: { finalizers: [edit.finalizer] } };
        await kube.patch(resource, namespace, name, body, { type: 'merge', fieldManager: 'kubectl-edit' });
      }
      await kube.delete(resource, namespace, name);
      return;
    }
    case 'cordon':
    case 'uncordon':
      return cordon(editor, edit.nodes, edit.edit === 'cordon');
    case 'recreate':
      return recreate(editor, edit.of, edit.as);
    case 'restart':
      return restart(editor, edit.of);
    case 'undo':
      return undo(editor, edit.of);
    case 'pods':
      return onPods(editor, edit.of, edit.act);
    case 'corefile':
      return changeCorefile(editor, edit.of, edit.change);
  }
}

async function cordon({ kube }: Editor, which: 'one' | 'all', unschedulable: boolean): Promise<void> {
  const nodes = await kube.list(resources.nodes);
  for (const { metadata } of which === 'one' ? nodes.slice(-1) : nodes)
    await kube.patch(
      resources.nodes,
      undefined,
      metadata.name,
      { spec: { unschedulable } },
      { type: 'merge' },
    );
}

/**
 * What is there, and is to stay: of what is being deleted, whoever wants it back takes the finalizers off.
 * @param is what is there
 */
async function staying(
  { kube }: Editor,
  of: Reference,
  is: AnyObject | undefined,
): Promise<AnyObject | undefined> {
  const { resource, namespace, name } = partsOf(of);
  if (is?.metadata.deletionTimestamp === undefined) return is;
  const body = { metadata: { finalizers: null } };
  await kube.patch(resource, namespace, name, body, { type: 'merge', fieldManager: 'kubectl-edit' });
  return undefined;
}

async function putBack(editor: Editor, of: Reference, path?: string): Promise<void> {
  const { kube, healthy } = editor;
  const { resource, namespace, name } = partsOf(of);
  const was = healthy.objects.get(of);
  const is = await staying(editor, of, (await kube.get(resource, namespace, name)) as AnyObject | undefined);
  if (was === undefined) {
    if (is !== undefined) await kube.delete(resource, namespace, name);
    return;
  }
  if (is === undefined) {
    await kube.create(resource, asNew(was));
    return;
  }
  const changed = copy(is);
  if (path === undefined) Object.assign(changed, keptByServer(is, copy(contentOf(was))));
  else setAt(changed, path.split('/').slice(1).map(unescaped), valueAt(was, path));
  await kube.update(resource, changed);
}

/** Addresses of a Service are given once. */
function keptByServer(is: AnyObject, content: Record<string, unknown>): Record<string, unknown> {
  if (is.kind !== 'Service' || !isObject(content['spec']) || !isObject(is['spec'])) return content;
  const { clusterIP, clusterIPs } = is['spec'];
  return { ...content, spec: { ...content['spec'], clusterIP, clusterIPs } };
}

const unescaped = (key: string): string => key.replaceAll('~1', '/').replaceAll('~0', '~');

function valueAt(object: unknown, path: string): unknown {
  let value: unknown = object;
  for (const key of path.split('/').slice(1).map(unescaped)) value = childOf(value, key);
  return value;
}

const childOf = (value: unknown, key: string): unknown =>
  Array.isArray(value) ? (value as unknown[])[Number(key)] : isObject(value) ? value[key] : undefined;

/** Sets a field, or takes it out where it was not there; what it is in is made. */
function setAt(object: unknown, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (Array.isArray(object)) {
    const list = object as unknown[];
    if (rest.length > 0) setAt(list[Number(key)], rest, value);
    else if (value === undefined) list.splice(Number(key), 1);
    else list[Number(key)] = copy(value);
    return;
  }
  if (!isObject(object)) return;
  if (rest.length > 0) {
    if (object[key] === undefined && value !== undefined) object[key] = {};
    setAt(object[key], rest, value);
  } else if (value === undefined) Reflect.deleteProperty(object, key);
  else object[key] = copy(value);
}

async function recreate(editor: Editor, of: Reference, as: 'live' | 'healthy'): Promise<void> {
  const { kube, healthy, wait } = editor;
  const { resource, namespace, name } = partsOf(of);
  const live = (await kube.get(resource, namespace, name)) as AnyObject | undefined;
  const model = as === 'live' ? live : healthy.objects.get(of);
  if (model === undefined) return;
  if ((await staying(editor, of, live)) !== undefined) await kube.delete(resource, namespace, name);
  await wait(1000);
  await kube.create(resource, asNew(model));
}

/** What somebody keeps in a file: no identity, no status, no address that the cluster gave. */
function asNew(object: AnyObject): NewObject<KubeObject> {
  const { name, namespace, labels = {} } = object.metadata;
  const { apiVersion, kind } = object;
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }), labels };
  const content = copy(contentOf(object));
  if (kind === 'Service' && isObject(content['spec'])) {
    const { clusterIP, clusterIPs: _all, ...spec } = content['spec'];
    content['spec'] = clusterIP === 'None' ? { ...spec, clusterIP } : spec;
  }
  return { apiVersion, kind, metadata, ...content };
}

async function restart({ kube, now }: Editor, of: Reference): Promise<void> {
  const { resource, namespace, name } = partsOf(of);
  const annotations = { 'kubectl.kubernetes.io/restartedAt': `${now().toISOString().slice(0, 19)}Z` };
  const body = { spec: { template: { metadata: { annotations } } } };
  await kube.patch(resource, namespace, name, body, { type: 'strategic', fieldManager: 'kubectl-rollout' });
}

const revisionOf = (annotations: Readonly<Record<string, string>> | undefined): number =>
  Number(annotations?.['deployment.kubernetes.io/revision'] ?? '0');

/** To the revision before the newest, as `kubectl rollout undo` does. */
async function undo({ kube }: Editor, of: Reference): Promise<void> {
  const { namespace = '', name } = partsOf(of);
  const deployment = await kube.get<Deployment>(resources.deployments, namespace, name);
  if (deployment === undefined) return;
  const own = (await kube.list(resources.replicaSets, { namespace })).filter(({ metadata }) =>
    metadata.ownerReferences?.some(({ uid }) => uid === deployment.metadata.uid),
  );
  const byRevision = own.sort(
    (a, b) => revisionOf(b.metadata.annotations) - revisionOf(a.metadata.annotations),
  );
  const before = byRevision[1];
  if (before === undefined) return;
  const template = copy(before.spec.template);
  const { 'pod-template-hash': _hash, ...labels } = template.metadata?.labels ?? {};
  const value = { ...template, metadata: { ...template.metadata, labels } };
  await kube.patch(
    resources.deployments,
    namespace,
    name,
    [{ op: 'replace', path: '/spec/template', value }],
    { type: 'json', fieldManager: 'kubectl-rollout' },
  );
}

async function onPods({ kube }: Editor, of: Reference, act: PodAct): Promise<void> {
  const { namespace = '', name } = partsOf(of);
  const deployment = await kube.get<Deployment>(resources.deployments, namespace, name);
  const labels = Object.entries(deployment?.spec.selector.matchLabels ?? {});
  if (labels.length === 0) return;
  const labelSelector = labels.map(([key, value]) => `${key}=${value}`).join(',');
  const pods = await kube.list(resources.pods, { namespace, labelSelector });
  const chosen = act.act === 'label' || (act.act === 'delete' && !act.all) ? pods.slice(0, 1) : pods;
  for (const pod of chosen) await onPod(kube, pod, name, act);
}

async function onPod(kube: KubeClient, pod: Pod, container: string, act: PodAct): Promise<void> {
  const { namespace = '', name } = pod.metadata;
  const patch = (body: unknown, subresource?: string): Promise<unknown> =>
    kube.patch(resources.pods, namespace, name, body, {
      type: 'strategic',
      ...(subresource === undefined ? {} : { subresource }),
    });
  switch (act.act) {
    case 'delete':
      await kube.delete(resources.pods, namespace, name);
      return;
    case 'label':
      await patch({ metadata: { labels: act.labels } });
      return;
    case 'resize': {
      const limits = { memory: act.memory };
      await patch({ spec: { containers: [{ name: container, resources: { limits } }] } }, 'resize');
      return;
    }
    case 'image':
      await patch({ spec: { containers: [{ name: container, image: act.image }] } });
      return;
    case 'say-ready': {
      const conditions = ['Ready', 'ContainersReady'].map((type) => ({ type, status: 'True' }));
      await patch({ status: { conditions } }, 'status');
    }
  }
}

async function changeCorefile({ kube }: Editor, of: Reference, change: CorefileChange): Promise<void> {
  const { namespace, name } = partsOf(of);
  const map = await kube.get<ConfigMap>(resources.configMaps, namespace, name);
  const before = map?.data?.['Corefile'];
  if (before === undefined) return;
  const data = { Corefile: changed(before, change) };
  await kube.patch(
    resources.configMaps,
    namespace,
    name,
    { data },
    {
      type: 'merge',
      fieldManager: 'kubectl-edit',
    },
  );
}

/** The text after a change; as it was where the place is not there. */
function changed(text: string, change: CorefileChange): string {
  if ('replace' in change) return text.replace(change.replace, () => change.by);
  const lines = text.split('\n');
  if ('without' in change) return withoutBlock(lines, change.without).join('\n');
  const at = lines.findIndex((line) => line.trimStart().startsWith(change.before));
  if (at < 0) return text;
  return [...lines.slice(0, at), ...change.lines.map((line) => `    ${line}`), ...lines.slice(at)].join('\n');
}

/** Without the first line that begins so, and without its block if it opens one. */
function withoutBlock(lines: readonly string[], begins: string): readonly string[] {
  const at = lines.findIndex((line) => line.trimStart().startsWith(begins));
  if (at < 0) return lines;
  let [end, depth] = [at, 0];
  for (; end < lines.length; end++) {
    const line = lines[end] ?? '';
    depth += (line.match(/\{/g)?.length ?? 0) - (line.match(/\}/g)?.length ?? 0);
    if (depth <= 0) break;
  }
  return [...lines.slice(0, at), ...lines.slice(end + 1)];
}
