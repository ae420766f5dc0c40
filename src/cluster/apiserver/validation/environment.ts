import { labelKeyProblems } from '../../../model/label-syntax.ts';
import { parseQuantity } from '../../../model/quantity.ts';
import type { EnvFrom, EnvVar } from '../../../model/objects.ts';
import type { Draft } from '../defaults/draft.ts';
import { configKeyProblems, subdomainProblems, variableProblems } from './formats.ts';
import type { Problems } from './problems.ts';

/** Fields of a pod that its environment may refer to. */
const ENVIRONMENT_FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
/** Fields of a pod that its files may show. */
export const FILE_FIELDS = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
];
/** Fields that have a name, whether or not they may be used. */
const KNOWN_FIELDS = new Set([
  ...ENVIRONMENT_FIELDS,
  ...FILE_FIELDS,
  'spec.nodeName',
  'spec.restartPolicy',
  'spec.schedulerName',
  'spec.hostNetwork',
  'status.phase',
]);
const RESOURCES = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];
const CPU_DIVISORS = ['1m', '1'];
const SIZE_DIVISORS = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

type Source = Draft<NonNullable<EnvVar['valueFrom']>>;

export function checkEnvironment(
  problems: Problems,
  field: string,
  variables: readonly Draft<EnvVar>[],
): void {
  variables.forEach((variable, index) => {
    const at = `${field}[${index}]`;
    const name = variable.name ?? '';
    if (name === '') problems.required(`${at}.name`);
    else problems.invalidFor(`${at}.name`, name, variableProblems(name));
    if (variable.valueFrom !== undefined)
      checkSource(problems, `${at}.valueFrom`, variable, variable.valueFrom);
  });
}

function checkSource(problems: Problems, field: string, variable: Draft<EnvVar>, source: Source): void {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = source;
  if (fieldRef !== undefined)
    checkFieldReference(problems, `${field}.fieldRef`, fieldRef, ENVIRONMENT_FIELDS);
  if (resourceFieldRef !== undefined) {
    checkResourceReference(problems, `${field}.resourceFieldRef`, resourceFieldRef, false);
  }
  if (configMapKeyRef !== undefined) checkKeyReference(problems, `${field}.configMapKeyRef`, configMapKeyRef);
  if (secretKeyRef !== undefined) checkKeyReference(problems, `${field}.secretKeyRef`, secretKeyRef);
  const count = Object.values(source).filter((value) => value !== undefined).length;
  if (count === 0) {
    problems.invalid(
      field,
      '',
      'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
    );
  } else if ((variable.value ?? '') !== '') {
    problems.invalid(field, '', 'may not be specified when `value` is not empty');
  } else if (count > 1) problems.invalid(field, '', 'may not have more than one field specified at a time');
}

export function checkFieldReference(
  problems: Problems,
  field: string,
  { apiVersion = 'v1', fieldPath = '' }: Draft<NonNullable<EnvVar['valueFrom']>['fieldRef']> & object,
  supported: readonly string[],
): void {
  const at = `${field}.fieldPath`;
  if (fieldPath === '') {
    problems.required(at);
    return;
  }
  if (apiVersion !== 'v1') {
    problems.invalid(at, fieldPath, `error converting fieldPath: unsupported pod version: ${apiVersion}`);
    return;
  }
  const [, path, key] = /^(.+)\['(.*)'\]$/.exec(fieldPath) ?? [];
  if (path !== undefined && key !== undefined) {
    if (path === 'metadata.labels') problems.invalidFor(field, key, labelKeyProblems(key));
    else if (path === 'metadata.annotations')
      problems.invalidFor(field, key, labelKeyProblems(key.toLowerCase()));
    else {
      const why = `error converting fieldPath: field label does not support subscript: ${fieldPath}`;
      problems.invalid(at, fieldPath, why);
    }
  } else if (!KNOWN_FIELDS.has(fieldPath)) {
    problems.invalid(at, fieldPath, `error converting fieldPath: field label not supported: ${fieldPath}`);
  } else problems.oneOf(at, fieldPath, supported);
}

export function checkResourceReference(
  problems: Problems,
  field: string,
  reference: Draft<NonNullable<EnvVar['valueFrom']>['resourceFieldRef']> & object,
  needsContainer: boolean,
): void {
  const { containerName = '', resource = '', divisor } = reference;
  if (needsContainer && containerName === '') {
    problems.required(`${field}.containerName`);
    return;
  }
  if (resource === '') {
    problems.required(`${field}.resource`);
    return;
  }
  problems.oneOf(`${field}.resource`, resource, RESOURCES);
  if (!RESOURCES.includes(resource) || divisor === undefined || parseQuantity(divisor).nanos === 0n) return;
  const name = resource.slice(resource.indexOf('.') + 1);
  const allowed = name === 'cpu' ? CPU_DIVISORS : SIZE_DIVISORS;
  if (allowed.includes(String(divisor))) return;
  const list =
    allowed.length === 2 ? allowed.join(' and ') : allowed.join(', ').replace('1, 1k', '1(as bytes), 1k');
  problems.invalid(
    `${field}.divisor`,
    resource,
    `only divisor's values ${list} are supported with the ${name} resource`,
  );
}

function checkKeyReference(
  problems: Problems,
  field: string,
  { name = '', key = '' }: { name?: string | undefined; key?: string | undefined },
): void {
  problems.invalidFor(`${field}.name`, name, subdomainProblems(name));
  if (key === '') problems.required(`${field}.key`);
  else problems.invalidFor(`${field}.key`, key, configKeyProblems(key));
}

export function checkEnvironmentSources(
  problems: Problems,
  field: string,
  sources: readonly Draft<EnvFrom>[],
): void {
  sources.forEach(({ prefix = '', configMapRef, secretRef }, index) => {
    const at = `${field}[${index}]`;
    if (prefix !== '') problems.invalidFor(`${at}.prefix`, prefix, variableProblems(prefix));
    for (const [which, reference] of Object.entries({ configMapRef, secretRef })) {
      if (reference === undefined) continue;
      const { name = '' } = reference;
      if (name === '') problems.required(`${at}.${which}.name`);
      else problems.invalidFor(`${at}.${which}.name`, name, subdomainProblems(name));
    }
    if (configMapRef === undefined && secretRef === undefined) {
      problems.invalid(field, '', 'must specify one of: `configMapRef` or `secretRef`');
    } else if (configMapRef !== undefined && secretRef !== undefined) {
      problems.invalid(field, '', 'may not have more than one field specified at a time');
    }
  });
}
