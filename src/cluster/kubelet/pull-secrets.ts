import { isObject } from '../../core/json.ts';
import type { Pod, Secret } from '../../model/objects.ts';
import { resources } from '../../model/resources.ts';
import type { Api } from '../api.ts';
import { fromBase64 } from './env.ts';
import type { RegistryCredential } from './types.ts';

/**
 * The credentials of a pod's pull secrets, in their order, and the names of secrets that are not there.
 * https://kubernetes.io/docs/concepts/containers/images/#specifying-imagepullsecrets-on-a-pod
 */
export function pullCredentials(
  api: Api,
  pod: Pod,
): { credentials: readonly RegistryCredential[]; missing: readonly string[] } {
  const credentials: RegistryCredential[] = [];
  const missing: string[] = [];
  for (const { name } of pod.spec.imagePullSecrets ?? []) {
    const secret = api.get(resources.secrets, pod.metadata.namespace, name);
    if (secret === undefined) missing.push(name);
    else credentials.push(...credentialsIn(secret));
  }
  return { credentials, missing };
}

/** A secret of another type, or one that cannot be read, gives no credentials and no error. */
function credentialsIn(secret: Secret): RegistryCredential[] {
  const modern = secret.type === 'kubernetes.io/dockerconfigjson';
  const legacy = secret.type === 'kubernetes.io/dockercfg';
  const text = modern ? secret.data?.['.dockerconfigjson'] : legacy ? secret.data?.['.dockercfg'] : undefined;
  if (text === undefined) return [];
  const config = parseJson(fromBase64(text));
  const auths = modern ? config?.['auths'] : config;
  if (!isObject(auths)) return [];
  return Object.entries(auths).flatMap(([registry, entry]) => {
    const login = isObject(entry) ? loginOf(entry) : undefined;
    return login === undefined ? [] : [{ registry, ...login }];
  });
}

function loginOf(entry: Record<string, unknown>): { username: string; password: string } | undefined {
  const { username, password, auth } = entry;
  if (typeof username === 'string' && typeof password === 'string') return { username, password };
  if (typeof auth !== 'string') return undefined;
  const [user = '', ...rest] = fromBase64(auth).split(':');
  return { username: user, password: rest.join(':') };
}

function parseJson(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
