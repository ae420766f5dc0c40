import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { BreakfixError, messageOf } from '../core/errors.ts';

/** Where an API server is and who asks, as the current context of a kubeconfig says. */
export interface Access {
  /** `https://127.0.0.1:40123`, without a slash at the end. */
  readonly server: string;
  readonly tls: TlsAccess;
  /** Headers that authenticate; asked before every request, because tokens change. */
  readonly headers: () => Promise<Record<string, string>>;
}

interface TlsAccess {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

/** https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/, as much as is read here. */
interface Kubeconfig {
  readonly 'current-context'?: string;
  readonly contexts?: readonly { name: string; context: { cluster: string; user: string } }[];
  readonly clusters?: readonly { name: string; cluster: ClusterEntry }[];
  readonly users?: readonly { name: string; user: UserEntry | null }[];
}

type ClusterEntry = Partial<
  Record<
    'server' | 'certificate-authority' | 'certificate-authority-data' | 'tls-server-name' | 'proxy-url',
    string
  >
> & { 'insecure-skip-tls-verify'?: boolean };

type UserEntry = Partial<
  Record<
    | 'client-certificate'
    | 'client-certificate-data'
    | 'client-key'
    | 'client-key-data'
    | 'token'
    | 'tokenFile'
    | 'username'
    | 'password',
    string
  >
> & { exec?: unknown; 'auth-provider'?: unknown };

/**
 * Reads a kubeconfig, given as its text or its path.
 * @throws BreakfixError where it cannot be read or names nothing
 */
export async function readAccess(source: string): Promise<Access> {
  const inline = source.includes('\n');
  const path = inline ? 'the kubeconfig' : source;
  try {
    const text = inline ? source : await readFile(source, 'utf8');
    return await accessOf(text, inline ? process.cwd() : dirname(resolve(source)));
  } catch (error) {
    throw new BreakfixError({
      code: 'KUBECONFIG_INVALID',
      kind: 'user',
      message: `${path} cannot be used: ${messageOf(error)}`,
      fix: 'Check it with: kubectl config view --minify',
      cause: error,
    });
  }
}

async function accessOf(text: string, folder: string): Promise<Access> {
  const config = (parse(text) ?? {}) as Kubeconfig;
  const name = config['current-context'] ?? '';
  const context = config.contexts?.find((entry) => entry.name === name)?.context;
  if (context === undefined) throw new Error(`no context "${name}"`);
  const cluster = config.clusters?.find((entry) => entry.name === context.cluster)?.cluster;
  if (cluster?.server === undefined) throw new Error(`no server for the cluster "${context.cluster}"`);
  if (cluster['proxy-url'] !== undefined) throw new Error('proxy-url is not supported');
  const user = config.users?.find((entry) => entry.name === context.user)?.user ?? {};
  const server = cluster.server.replace(/\/+$/, '');
  if (user.exec !== undefined || user['auth-provider'] !== undefined) return pluginAccess(text, server);
  return {
    server,
    tls: compact({
      ca: await pem(cluster['certificate-authority-data'], cluster['certificate-authority'], folder),
      cert: await pem(user['client-certificate-data'], user['client-certificate'], folder),
      key: await pem(user['client-key-data'], user['client-key'], folder),
      servername: cluster['tls-server-name'],
      rejectUnauthorized: cluster['insecure-skip-tls-verify'] === true ? false : undefined,
    }),
    headers: async () => compact({ authorization: await authorization(user, folder) }),
  };
}

async function pem(
  data: string | undefined,
  path: string | undefined,
  folder: string,
): Promise<Buffer | undefined> {
  if (data !== undefined) return Buffer.from(data, 'base64');
  return path === undefined ? undefined : readFile(resolve(folder, path));
}

async function authorization(user: UserEntry, folder: string): Promise<string | undefined> {
  if (user.token !== undefined) return `Bearer ${user.token}`;
  if (user.tokenFile !== undefined) {
    return `Bearer ${(await readFile(resolve(folder, user.tokenFile), 'utf8')).trim()}`;
  }
  if (user.username === undefined) return undefined;
  return `Basic ${Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64')}`;
}

/** The fields that have a value. */
function compact<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/**
 * Credentials that a program or a cloud's own protocol has to give: the official client knows how. It is loaded
 * for these only (docs/decisions/0003-kube-port.md).
 */
async function pluginAccess(text: string, server: string): Promise<Access> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  config.loadFromString(text);
  const options = async (): Promise<TlsAccess & { headers?: Record<string, string> }> => {
    const found: TlsAccess & { headers?: Record<string, string> } = {};
    await config.applyToHTTPSOptions(found);
    return found;
  };
  const { ca, cert, key, servername, rejectUnauthorized } = await options();
  return {
    server,
    tls: compact({ ca, cert, key, servername, rejectUnauthorized }),
    headers: async () => (await options()).headers ?? {},
  };
}
