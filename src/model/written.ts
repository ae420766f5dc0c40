import type { KubeObject, NewObject } from './objects.ts';
import { apiVersionOf, type Resource } from './resources.ts';

/** What an author of an object has written, with its defaults: no status, and nothing that the server keeps. */
export function writtenContent(object: KubeObject): Readonly<Record<string, unknown>> {
  const { metadata, status: _status, kind: _kind, apiVersion: _version, ...rest } = { status: {}, ...object };
  const { labels = {}, annotations = {} } = metadata;
  // Counted by the controller of Deployments.
  const { 'deployment.kubernetes.io/revision': _revision, ...written } = annotations;
  return { ...rest, labels, annotations: written };
}

/** An object as it would be made again. */
export function asNew<T extends KubeObject>(resource: Resource<T>, before: T): NewObject<T> {
  const { labels, annotations, ...rest } = writtenContent(before);
  const { name, namespace } = before.metadata;
  const metadata = { name, namespace, labels, annotations };
  const object = { apiVersion: apiVersionOf(resource), kind: resource.kind, metadata, ...rest };
  return object as unknown as NewObject<T>;
}
