import { labelKeyProblems, labelValueProblems } from '../../../model/label-syntax.ts';
import type { AnyObject, Labels, ObjectMeta, OwnerReference } from '../../../model/objects.ts';
import type { Resource } from '../../../model/resources.ts';
import {
  addressProblems,
  asPrefix,
  labelProblems,
  pathSegmentProblems,
  subdomainProblems,
} from './formats.ts';
import type { Problems } from './problems.ts';

/** Finalizers that need no domain. */
export const STANDARD_FINALIZERS: ReadonlySet<string> = new Set([
  'kubernetes',
  'orphan',
  'foregroundDeletion',
]);
export const NO_FINALIZER = 'name is neither a standard finalizer name nor is it fully qualified';
const ANNOTATIONS_LIMIT = 256 * 1024;

/** Whose names have no dots; the others are subdomains or, in RBAC, parts of a path. */
const NAMED_BY_LABEL = new Set(['services', 'namespaces', 'statefulsets.apps']);

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/ */
export function checkMetadata(problems: Problems, resource: Resource, object: AnyObject): void {
  const { metadata } = object;
  const nameProblems = namingOf(resource);
  if (metadata.generateName !== undefined && metadata.generateName !== '') {
    // The suffix makes a name of a prefix that ends with a dash.
    const prefix = asPrefix(metadata.generateName);
    problems.invalidFor('metadata.generateName', metadata.generateName, nameProblems(prefix));
  }
  if (metadata.name === '') problems.required('metadata.name', 'name or generateName is required');
  else problems.invalidFor('metadata.name', metadata.name, nameProblems(metadata.name));
  checkLabels(problems, 'metadata.labels', metadata.labels);
  checkAnnotations(problems, 'metadata.annotations', metadata.annotations);
  checkOwners(problems, metadata.ownerReferences ?? []);
  checkFinalizers(problems, resource, metadata.finalizers ?? []);
}

function namingOf({ id, group }: Resource): (name: string) => string[] {
  if (NAMED_BY_LABEL.has(id)) return labelProblems;
  if (id === 'ipaddresses.networking.k8s.io') return addressProblems;
  return group === 'rbac.authorization.k8s.io' ? pathSegmentProblems : subdomainProblems;
}

export function checkLabels(problems: Problems, field: string, labels: Labels | undefined): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    problems.invalidFor(field, key, labelKeyProblems(key));
    problems.invalidFor(field, value, labelValueProblems(value));
  }
}

export function checkAnnotations(problems: Problems, field: string, annotations: Labels | undefined): void {
  let size = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    problems.invalidFor(field, key, labelKeyProblems(key.toLowerCase()));
    size += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (size > ANNOTATIONS_LIMIT) problems.tooLong(field, ANNOTATIONS_LIMIT);
}

function checkOwners(problems: Problems, owners: readonly OwnerReference[]): void {
  const field = 'metadata.ownerReferences';
  for (const { apiVersion, kind, name, uid } of owners) {
    if (apiVersion === '') problems.invalid(`${field}.apiVersion`, apiVersion, 'version must not be empty');
    if (kind === '') problems.invalid(`${field}.kind`, kind, 'must not be empty');
    if (name === '') problems.invalid(`${field}.name`, name, 'must not be empty');
    if (uid === '') problems.invalid(`${field}.uid`, uid, 'must not be empty');
  }
  const [first, second] = owners.filter(({ controller }) => controller === true);
  if (first === undefined || second === undefined) return;
  const which = `${first.kind}/${first.name} and ${second.kind}/${second.name}`;
  problems.invalid(
    field,
    owners,
    `Only one reference can have Controller set to true. Found "true" in references for ${which}`,
  );
}

function checkFinalizers(problems: Problems, resource: Resource, finalizers: readonly string[]): void {
  checkFinalizerSyntax(problems, finalizers);
  checkOwnFinalizers(problems, resource, finalizers);
}

function checkFinalizerSyntax(problems: Problems, finalizers: readonly string[]): void {
  for (const finalizer of finalizers) {
    problems.invalidFor('metadata.finalizers', finalizer, labelKeyProblems(finalizer));
  }
}

function checkOwnFinalizers(problems: Problems, resource: Resource, finalizers: readonly string[]): void {
  if (!isKubernetesOwn(resource)) return;
  finalizers.forEach((finalizer, index) => {
    if (finalizer.includes('/') || STANDARD_FINALIZERS.has(finalizer)) return;
    problems.invalid(`metadata.finalizers[${index}]`, finalizer, NO_FINALIZER);
  });
}

/** Definitions and custom resources have finalizers of any name. */
function isKubernetesOwn({ group }: Resource): boolean {
  if (group === 'apiextensions.k8s.io') return false;
  return !group.includes('.') || group.endsWith('.k8s.io');
}

/** Metadata of an object that exists. */
export function checkMetadataUpdate(
  problems: Problems,
  resource: Resource,
  metadata: ObjectMeta,
  old: ObjectMeta,
): void {
  const { finalizers = [] } = metadata;
  checkLabels(problems, 'metadata.labels', metadata.labels);
  checkAnnotations(problems, 'metadata.annotations', metadata.annotations);
  checkOwners(problems, metadata.ownerReferences ?? []);
  checkFinalizerSyntax(problems, finalizers);
  if (old.deletionTimestamp !== undefined) checkNoNewFinalizers(problems, finalizers, old.finalizers ?? []);
  for (const name of ['uid', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const) {
    problems.immutable(`metadata.${name}`, metadata[name], metadata[name] === old[name]);
  }
  checkOwnFinalizers(problems, resource, finalizers);
}

function checkNoNewFinalizers(
  problems: Problems,
  finalizers: readonly string[],
  old: readonly string[],
): void {
  const added = finalizers.filter((finalizer) => !old.includes(finalizer));
  if (added.length === 0) return;
  const list = added.map((finalizer) => `"${finalizer}"`).join(', ');
  problems.forbidden(
    'metadata.finalizers',
    `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`,
  );
}

/** `acme.io/foo`. */
export function checkDomainPath(problems: Problems, field: string, name: string): void {
  const [, host, path] = /^([^/]+)\/(.+)$/s.exec(name) ?? [];
  if (host === undefined || path === undefined) {
    problems.invalid(field, name, 'must be a domain-prefixed path (such as "acme.io/foo")');
  } else problems.invalidFor(field, host, subdomainProblems(host));
}
