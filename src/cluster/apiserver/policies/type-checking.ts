import type { FieldSchema, TypeSchema, ValueSchema } from '../../../model/schema/types.ts';
import { ruleName } from '../custom/rule-types.ts';
import type { Rule } from '../admission/match-resources.ts';
import { DYN, type Type, typeOf } from '../expressions/types.ts';
import type { StateReader } from '../pipeline.ts';
import type { ExpressionWarning, ValidatingAdmissionPolicy } from './objects.ts';
import { definitionOf, type Kind, servedBy, typeSchemaOf } from './kinds.ts';
import { groupAndVersion } from './params.ts';
import { compileFor, compileVariables } from './programs.ts';

/** How many kinds a policy is checked against. */
const MOST_KINDS = 10;

/**
 * What is wrong with the expressions of a policy for the kinds that it is about; none of it keeps the policy from
 * working.
 * https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/#type-checking
 */
export function typeWarnings(
  { spec }: ValidatingAdmissionPolicy,
  api: Pick<StateReader, 'list'>,
): readonly ExpressionWarning[] {
  const { validations = [], variables = [], matchConstraints, paramKind } = spec;
  const kinds = kindsOf(matchConstraints?.resourceRules ?? [], api).flatMap((kind) => {
    const type = typeOfKind(kind, api);
    return type === undefined ? [] : [{ kind, type }];
  });
  const [group, version] = groupAndVersion(paramKind?.apiVersion ?? '');
  const params = paramKind && typeOfKind({ group, version, kind: paramKind.kind ?? '' }, api);
  const scopes = kinds.map(({ kind, type }) => {
    const outer = {
      hasParams: paramKind !== undefined,
      hasPatches: false,
      object: type,
      ...(params && { params }),
    };
    return { kind, scope: compileVariables(variables, outer).scope };
  });
  const check = (fieldRef: string, expression: string): readonly ExpressionWarning[] => {
    const found = scopes.flatMap(({ kind, scope }) => {
      const { problem } = compileFor(expression, scope);
      return problem === undefined
        ? []
        : [`${shown(kind)}: ${problem.replace('compilation failed: ', '')}\n`];
    });
    return found.length === 0 ? [] : [{ fieldRef, warning: found.join('\n') }];
  };
  return validations.flatMap(({ expression, messageExpression = '' }, index) => [
    ...check(`spec.validations[${index}].expression`, expression),
    ...(messageExpression === ''
      ? []
      : check(`spec.validations[${index}].messageExpression`, messageExpression)),
  ]);
}

function shown({ group, version, kind }: Kind): string {
  return `${group}/${version}, Kind=${kind}`;
}

/** The kinds that rules name; those with a star name none. */
function kindsOf(rules: readonly Rule[], api: Pick<StateReader, 'list'>): readonly Kind[] {
  const found = rules
    .filter(
      ({ apiGroups = [], apiVersions = [] }) =>
        ![...apiGroups, ...apiVersions].some((word) => word.includes('*')),
    )
    .flatMap(({ apiGroups = [], apiVersions = [], resources = [] }) => {
      const plurals = resources.filter((word) => !/[*/]/.test(word));
      const versions = apiGroups.flatMap((group) => apiVersions.map((version) => ({ group, version })));
      return versions.flatMap((of) =>
        plurals.flatMap((plural) => kindOf(of.group, of.version, plural, api) ?? []),
      );
    });
  return [...new Map(found.map((kind) => [shown(kind), kind]))]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, MOST_KINDS)
    .map(([, kind]) => kind);
}

function kindOf(
  group: string,
  version: string,
  plural: string,
  api: Pick<StateReader, 'list'>,
): Kind | undefined {
  const builtIn = servedBy({ group, version }).find(({ resource }) => resource === plural);
  if (builtIn !== undefined) return { group, version, kind: builtIn.responseKind.kind };
  const custom = definitionOf(api, { group, version }, (names) => names.plural === plural);
  return custom && { group, version, kind: custom.spec.names.kind };
}

function typeOfKind(kind: Kind, api: Pick<StateReader, 'list'>): Type | undefined {
  const schema = typeSchemaOf(api, kind);
  return schema && structType(schema);
}

/** The type of an object; the types of its fields are made when they are asked for. */
function structType(type: TypeSchema): Type {
  let fields: ReadonlyMap<string, FieldSchema> | undefined;
  return {
    kind: 'struct',
    name: type.name,
    field(name) {
      fields ??= new Map([...type.fields].map(([own, field]) => [ruleName(own) ?? own, field]));
      const field = fields.get(name);
      return field === undefined ? undefined : valueType(field.value);
    },
  };
}

const SCALARS: Readonly<Record<string, Type>> = {
  string: typeOf('string'),
  boolean: typeOf('bool'),
  int32: typeOf('int'),
  int64: typeOf('int'),
  number: typeOf('double'),
  bytes: typeOf('bytes'),
  time: typeOf('timestamp'),
  microTime: typeOf('timestamp'),
  quantity: typeOf('string'),
};

function valueType(value: ValueSchema): Type {
  switch (value.kind) {
    case 'scalar':
      return SCALARS[value.scalar] ?? DYN;
    case 'struct':
      return structType(value.type);
    case 'map':
      return { kind: 'map', keys: typeOf('string'), values: valueType(value.values) };
    case 'list':
      return { kind: 'list', items: valueType(value.items) };
    case 'any':
      return DYN;
  }
}
