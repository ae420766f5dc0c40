import type { AnyObject, KubeObject } from '../model/objects.ts';
import { resources } from '../model/resources.ts';
import type { Resource } from '../model/resources.ts';
import { KubeError } from './client.ts';
import type {
  AccessAttributes,
  AccessSubject,
  ApplyOptions,
  KubeClient,
  Manifest,
  PatchOptions,
  RawOptions,
} from './client.ts';
import { execPath } from './exec.ts';
import { Kinds } from './kinds.ts';
import { collectionPath, objectPath, query } from './paths.ts';
import { HttpsTransport } from './https-transport.ts';
import { askJson, kubeError, type Transport } from './transport.ts';
import { Watcher, list } from './watch.ts';

/**
 * Who writes where the caller names nobody. A learner sees it in `managedFields`, where our own name would tell which
 * change was the fault.
 */
const FIELD_MANAGER = 'kubectl';

/**
 * A handle on the cluster of a kubeconfig's current context, given as the file's path or its text. Nothing is
 * read or connected before the first request. Disposing ends everything that is under way.
 */
export function connectKube(kubeconfig: string): KubeClient & AsyncDisposable {
  return kubeOver(new HttpsTransport(kubeconfig));
}

/** A handle whose requests go a way of their own; disposing it disposes the transport. */
export function kubeOver(transport: Transport): KubeClient & AsyncDisposable {
  const json = <T>(path: string, options?: RawOptions): Promise<T> => askJson<T>(transport, path, options);
  const kinds = new Kinds(transport);

  const apply = async <T extends KubeObject = AnyObject>(
    object: Manifest,
    { manager, force }: ApplyOptions,
  ): Promise<T> => {
    const resource = await kinds.find(object.apiVersion, object.kind);
    const path = objectPath(resource, object.metadata.namespace, object.metadata.name);
    const parameters = query({ fieldManager: manager, force: force ?? false, fieldValidation: 'Strict' });
    return json<T>(path + parameters, write('PATCH', object, 'application/apply-patch+yaml'));
  };

  return {
    get: <T extends KubeObject>(resource: Resource<T>, namespace: string | undefined, name: string) =>
      orMissing(json<T>(objectPath(resource, namespace, name)), undefined),
    list: async (resource, options = {}) => (await list(transport, resource, options)).items,
    create: (resource, object, { subresource, fieldManager = FIELD_MANAGER, dryRun } = {}) => {
      const { namespace = 'default', name = '' } = object.metadata;
      const path =
        subresource === undefined
          ? collectionPath(resource, namespace)
          : objectPath(resource, namespace, name, subresource);
      return json(path + query({ fieldManager, ...whetherDry(dryRun) }), write('POST', object));
    },
    update: (resource, object, { subresource, fieldManager = FIELD_MANAGER } = {}) => {
      const { namespace, name } = object.metadata;
      const path = objectPath(resource, namespace, name, subresource) + query({ fieldManager });
      return json(path, write('PUT', object));
    },
    patch: (resource, namespace, name, body, { type, subresource, fieldManager = FIELD_MANAGER, dryRun }) => {
      const path = objectPath(resource, namespace, name, subresource);
      const parameters = query({ fieldManager, ...whetherDry(dryRun) });
      return json(path + parameters, write('PATCH', body, PATCH_TYPES[type]));
    },
    apply,
    applyAll: async (objects, options) => {
      const applied: AnyObject[] = [];
      for (const object of inOrder(objects)) applied.push(await apply(object, options));
      return applied;
    },
    delete: (resource, namespace, name, { grace, propagation, preconditions } = {}) => {
      const body = {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        gracePeriodSeconds: grace,
        propagationPolicy: propagation,
        preconditions,
      };
      const deleted = json(objectPath(resource, namespace, name), write('DELETE', body));
      return orMissing(
        deleted.then(() => true),
        false,
      );
    },
    watch: (resource, options, handler, signal) =>
      new Watcher(transport, resource, options, handler).run(signal),
    logs: async (namespace, pod, { container, previous, tail } = {}) => {
      const parameters = query({ container, previous, tailLines: tail });
      const path = objectPath(resources.pods, namespace, pod, 'log') + parameters;
      const { status, body } = await transport.request(path, { accept: '*/*' });
      if (status >= 400) throw kubeError(status, body);
      return body;
    },
    exec: (namespace, pod, options) => transport.exec(execPath(namespace, pod, options), options),
    portForward: (namespace, pod, port) => transport.portForward(namespace, pod, port),
    raw: (path, options) => transport.request(path, options),
    reviewAccess: async (subject, attributes) => {
      const body = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: { ...subjectSpec(subject), ...attributesSpec(attributes) },
      };
      const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
      const { status } = await json<{ status: { allowed: boolean; reason?: string } }>(
        path,
        write('POST', body),
      );
      return { allowed: status.allowed, reason: status.reason ?? '' };
    },
    version: () => json('/version'),
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}

const whetherDry = (dryRun = false): { dryRun?: string } => (dryRun ? { dryRun: 'All' } : {});

const PATCH_TYPES: Readonly<Record<PatchOptions['type'], string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
};

function write(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', body: unknown, contentType?: string): RawOptions {
  return { method, body: JSON.stringify(body), ...(contentType === undefined ? {} : { contentType }) };
}

async function orMissing<T, M>(answer: Promise<T>, missing: M): Promise<T | M> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof KubeError && error.code === 404) return missing;
    throw error;
  }
}

const FIRST = ['Namespace', 'CustomResourceDefinition'];

/** Namespaces and custom resource definitions before what lives in them; otherwise as given. */
function inOrder(objects: readonly Manifest[]): Manifest[] {
  const first = FIRST.flatMap((kind) => objects.filter((object) => object.kind === kind));
  return [...first, ...objects.filter(({ kind }) => !FIRST.includes(kind))];
}

function subjectSpec(subject: AccessSubject): { user: string; groups: readonly string[] } {
  if ('user' in subject) return { user: subject.user, groups: subject.groups ?? ['system:authenticated'] };
  const { namespace, name } = subject.serviceAccount;
  return {
    user: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  };
}

function attributesSpec(attributes: AccessAttributes): object {
  return 'path' in attributes ? { nonResourceAttributes: attributes } : { resourceAttributes: attributes };
}
