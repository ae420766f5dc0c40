import type { AnyObject } from '../../../model/objects.ts';
import { type Resource, resource } from '../../../model/resources.ts';
import { isEstablished, storageResource } from '../custom/definition.ts';
import type { AdmissionAttributes, StateReader } from '../pipeline.ts';
import { definitionOf, servedBy } from './kinds.ts';
import type { ParamKind, PolicyBinding } from './objects.ts';

/** A policy or a binding cannot be used as it is. */
export class ConfigurationError extends Error {
  readonly of: 'policy' | 'binding';

  constructor(of: 'policy' | 'binding', message: string) {
    super(`failed to configure ${of}: ${message}`);
    this.name = 'ConfigurationError';
    this.of = of;
  }
}

/** The resource that objects of a kind are stored as; undefined where nobody knows the kind. */
export function resourceOfKind(
  api: StateReader,
  { apiVersion = '', kind = '' }: ParamKind,
): Resource | undefined {
  return builtIn(apiVersion, kind) ?? custom(api, apiVersion, kind);
}

function builtIn(apiVersion: string, kind: string): Resource | undefined {
  const [group, version] = groupAndVersion(apiVersion);
  const found = servedBy({ group, version }).find(({ responseKind }) => responseKind.kind === kind);
  if (found === undefined) return undefined;
  return resource(group, version, found.resource, kind, found.scope === 'Namespaced');
}

function custom(api: StateReader, apiVersion: string, kind: string): Resource | undefined {
  const [group, version] = groupAndVersion(apiVersion);
  const found = definitionOf(api, { group, version }, (names) => names.kind === kind);
  const isServed = found?.spec.versions.some((each) => each.name === version && each.served) === true;
  return isServed && isEstablished(found) ? storageResource(found) : undefined;
}

/** `apps/v1` or `v1`. */
export function groupAndVersion(apiVersion: string): readonly [group: string, version: string] {
  const slash = apiVersion.indexOf('/');
  return [apiVersion.slice(0, Math.max(slash, 0)), apiVersion.slice(slash + 1)];
}

/**
 * The parameters that a binding gives its policy: the policy is asked once for each of them, once without where it
 * has none, and not at all where there are none to be found.
 * @throws ConfigurationError
 */
export function paramsOf(
  paramKind: ParamKind | undefined,
  { spec: { paramRef } }: PolicyBinding,
  { api, namespace }: AdmissionAttributes,
): readonly (AnyObject | undefined)[] {
  if (paramKind === undefined) return [undefined];
  const of = resourceOfKind(api, paramKind);
  if (of === undefined) throw new ConfigurationError('policy', unknownKind(paramKind));
  if (paramRef === undefined) return [undefined];
  const wanted = paramRef.namespace ?? '';
  if (wanted !== '' && !of.namespaced) {
    throw new ConfigurationError(
      'binding',
      'paramRef.namespace must not be provided for a cluster-scoped `paramKind`',
    );
  }
  const where = of.namespaced ? (wanted === '' ? namespace : wanted) : undefined;
  if (of.namespaced && where === undefined) {
    throw new ConfigurationError(
      'binding',
      'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources',
    );
  }
  const found = find(api, of, where, paramRef);
  if (found.length === 0 && paramRef.parameterNotFoundAction === 'Deny') {
    throw new ConfigurationError(
      'binding',
      'no params found for policy binding with `Deny` parameterNotFoundAction',
    );
  }
  return found;
}

function find(
  api: StateReader,
  of: Resource,
  namespace: string | undefined,
  { name = '', selector }: NonNullable<PolicyBinding['spec']['paramRef']>,
): readonly AnyObject[] {
  const named = name === '' ? undefined : api.get(of, namespace, name);
  if (name !== '') return named === undefined ? [] : [named as AnyObject];
  const options = { ...(namespace !== undefined && { namespace }), ...(selector && { selector }) };
  return api.list(of, options) as readonly AnyObject[];
}

function unknownKind({ apiVersion = '', kind = '' }: ParamKind): string {
  const [group, version] = groupAndVersion(apiVersion);
  return `failed to find resource referenced by paramKind: '${group}/${version}, Kind=${kind}'`;
}
