import { equal } from '../../../core/json.ts';
import type { ConfigMap, Secret } from '../../../model/objects.ts';
import type { Draft } from '../defaults/draft.ts';
import { configKeyProblems } from './formats.ts';
import type { Problems } from './problems.ts';

const SIZE_LIMIT = 1_048_576;
const FROZEN = 'field is immutable when `immutable` is set';
const REDACTED = '<secret contents redacted>';

/** https://kubernetes.io/docs/concepts/configuration/configmap/ */
export function checkConfigMap(problems: Problems, { data = {}, binaryData = {} }: Draft<ConfigMap>): void {
  let size = 0;
  for (const [key, value = ''] of Object.entries(data)) {
    problems.invalidFor(`data[${key}]`, key, configKeyProblems(key));
    if (binaryData[key] !== undefined) {
      problems.invalid(`data[${key}]`, key, 'duplicate of key present in binaryData');
    }
    size += Buffer.byteLength(value);
  }
  for (const [key, value = ''] of Object.entries(binaryData)) {
    problems.invalidFor(`binaryData[${key}]`, key, configKeyProblems(key));
    size += Buffer.byteLength(value, 'base64');
  }
  if (size > SIZE_LIMIT) problems.tooLong('[]', SIZE_LIMIT);
}

export function checkConfigMapUpdate(problems: Problems, map: ConfigMap, old: ConfigMap): void {
  if (old.immutable === true) {
    if (map.immutable !== true) problems.forbidden('immutable', FROZEN);
    if (!equal(map.data ?? {}, old.data ?? {})) problems.forbidden('data', FROZEN);
    if (!equal(map.binaryData ?? {}, old.binaryData ?? {})) problems.forbidden('binaryData', FROZEN);
  }
  checkConfigMap(problems, map);
}

/** https://kubernetes.io/docs/concepts/configuration/secret/#secret-types */
export function checkSecret(problems: Problems, secret: Draft<Secret>): void {
  const data = (secret.data ?? {}) as Record<string, string>;
  let size = 0;
  for (const [key, value] of Object.entries(data)) {
    problems.invalidFor(`data[${key}]`, key, configKeyProblems(key));
    size += Buffer.byteLength(value, 'base64');
  }
  if (size > SIZE_LIMIT) problems.tooLong('data', SIZE_LIMIT);
  checkType(problems, secret, data);
}

function checkType(problems: Problems, secret: Draft<Secret>, data: Record<string, string>): void {
  switch (secret.type) {
    case 'kubernetes.io/service-account-token': {
      const annotation = 'kubernetes.io/service-account.name';
      if ((secret.metadata?.annotations?.[annotation] ?? '') === '') {
        problems.required(`metadata.annotations[${annotation}]`);
      }
      return;
    }
    case 'kubernetes.io/dockercfg':
      checkJson(problems, data, '.dockercfg');
      return;
    case 'kubernetes.io/dockerconfigjson':
      checkJson(problems, data, '.dockerconfigjson');
      return;
    case 'kubernetes.io/basic-auth':
      if (data['username'] !== undefined || data['password'] !== undefined) return;
      problems.required('data[username]');
      problems.required('data[password]');
      return;
    case 'kubernetes.io/ssh-auth':
      if ((data['ssh-privatekey'] ?? '') === '') problems.required('data[ssh-privatekey]');
      return;
    case 'kubernetes.io/tls':
      if (data['tls.crt'] === undefined) problems.required('data[tls.crt]');
      if (data['tls.key'] === undefined) problems.required('data[tls.key]');
      return;
    default:
  }
}

function checkJson(problems: Problems, data: Record<string, string>, key: string): void {
  const encoded = data[key];
  if (encoded === undefined) {
    problems.required(`data[${key}]`);
    return;
  }
  const text = Buffer.from(encoded, 'base64').toString();
  try {
    JSON.parse(text);
  } catch {
    problems.invalid(`data[${key}]`, REDACTED, jsonProblem(text.trim()));
  }
}

/** What Go's decoder says of the beginning of a text that is no JSON. */
function jsonProblem(text: string): string {
  const first = text.charAt(0);
  const literal = ['null', 'true', 'false'].find((word) => word.startsWith(first));
  if (first === '' || '{["'.includes(first)) return 'unexpected end of JSON input';
  if (literal === undefined) return `invalid character '${first}' looking for beginning of value`;
  for (let index = 1; index < literal.length; index++) {
    const character = text.charAt(index);
    if (character === '') return 'unexpected end of JSON input';
    if (character !== literal.charAt(index)) {
      return `invalid character '${character}' in literal ${literal} (expecting '${literal.charAt(index)}')`;
    }
  }
  return `invalid character '${text.charAt(literal.length)}' after top-level value`;
}

export function checkSecretUpdate(problems: Problems, secret: Secret, old: Secret): void {
  problems.immutable('type', secret.type, secret.type === old.type);
  if (old.immutable === true) {
    if (secret.immutable !== true) problems.forbidden('immutable', FROZEN);
    if (!equal(secret.data ?? {}, old.data ?? {})) problems.forbidden('data', FROZEN);
  }
  checkSecret(problems, secret);
}
