import type { Declarations } from '../expressions/checker.ts';
import { standardLibrary } from '../expressions/expressions.ts';
import { AUTHORIZER, RESOURCE_CHECK } from '../expressions/functions/authorizer.ts';
import { define, type Library } from '../expressions/library.ts';
import { DYN, type StructType, type Type, typeOf } from '../expressions/types.ts';

/** What the expressions of a policy or of a webhook's conditions may refer to. */
export interface Scope {
  readonly hasParams: boolean;
  /** Messages have none. */
  readonly hasAuthorizer?: boolean;
  /** Whether expressions can make `Object{…}` and `JSONPatch{…}`. */
  readonly hasPatches: boolean;
  /** Of the variables of the policy that come before. */
  readonly variables: ReadonlyMap<string, Type>;
  /** Where the kinds are known; `dyn` otherwise. */
  readonly object?: Type;
  readonly params?: Type;
}

export const PATCH_OBJECT = 'Object';
export const JSON_PATCH = 'JSONPatch';

function struct(name: string, fields: Readonly<Record<string, string | Type>>): StructType {
  const types = new Map(
    Object.entries(fields).map(([field, type]) => [field, typeof type === 'string' ? typeOf(type) : type]),
  );
  return { kind: 'struct', name, field: (field) => types.get(field) };
}

const kind = struct('kubernetes.GroupVersionKind', { group: 'string', version: 'string', kind: 'string' });
const resource = struct('kubernetes.GroupVersionResource', {
  group: 'string',
  version: 'string',
  resource: 'string',
});

/** https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/#validation-expression */
const request = struct('kubernetes.AdmissionRequest', {
  kind,
  resource,
  subResource: 'string',
  requestKind: kind,
  requestResource: resource,
  requestSubResource: 'string',
  name: 'string',
  namespace: 'string',
  operation: 'string',
  userInfo: struct('kubernetes.UserInfo', {
    username: 'string',
    uid: 'string',
    groups: 'list(string)',
    extra: 'map(string, list(string))',
  }),
  dryRun: 'bool',
  options: 'dyn',
});

const condition = struct('kubernetes.NamespaceCondition', {
  status: 'string',
  type: 'string',
  lastTransitionTime: 'timestamp',
  message: 'string',
  reason: 'string',
});

const namespace = struct('kubernetes.Namespace', {
  metadata: struct('kubernetes.NamespaceMetadata', {
    name: 'string',
    generateName: 'string',
    namespace: 'string',
    labels: 'map(string, string)',
    annotations: 'map(string, string)',
    UID: 'string',
    creationTimestamp: 'timestamp',
    deletionGracePeriodSeconds: 'int',
    deletionTimestamp: 'timestamp',
    generation: 'int',
    resourceVersion: 'string',
    finalizers: 'list(string)',
  }),
  spec: struct('kubernetes.NamespaceSpec', { finalizers: 'list(string)' }),
  status: struct('kubernetes.NamespaceStatus', {
    conditions: { kind: 'list', items: condition },
    phase: 'string',
  }),
});

const jsonPatch = struct(JSON_PATCH, { op: 'string', path: 'string', from: 'string', value: 'dyn' });

function patchType(name: string): Type | undefined {
  if (name === JSON_PATCH) return jsonPatch;
  if (name !== PATCH_OBJECT && !name.startsWith(`${PATCH_OBJECT}.`)) return undefined;
  return { kind: 'struct', name, field: () => DYN };
}

let patchLibrary: Library | undefined;

function libraryOfPatches(): Library {
  patchLibrary ??= standardLibrary([
    define<[string]>('jsonpatch.escapeKey', ['string'], 'string', (key) =>
      key.replaceAll(/[/~]/g, (character) => (character === '/' ? '~1' : '~0')),
    ),
  ]);
  return patchLibrary;
}

export function declarationsOf(scope: Scope): Declarations {
  const { hasParams, hasPatches, variables, object, params } = scope;
  const declared = new Map<string, Type>([
    ['object', object ?? DYN],
    ['oldObject', object ?? DYN],
    ['namespaceObject', namespace],
    ['request', request],
    ['variables', { kind: 'struct', name: 'kubernetes.variables', field: (name) => variables.get(name) }],
  ]);
  if (scope.hasAuthorizer !== false) {
    declared.set('authorizer', typeOf(AUTHORIZER));
    declared.set('authorizer.requestResource', typeOf(RESOURCE_CHECK));
  }
  if (hasParams) declared.set('params', params ?? DYN);
  return {
    library: hasPatches ? libraryOfPatches() : standardLibrary(),
    variables: declared,
    ...(hasPatches && { structType: patchType }),
  };
}
