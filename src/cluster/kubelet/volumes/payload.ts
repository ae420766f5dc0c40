import type { KeyToPath, Pod, Volume } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import type { Api } from '../../api.ts';
import type { Micros } from '../../simulation/simulation.ts';
import { fieldValue, resourceValue } from '../field-ref.ts';
import type { PodFacts } from '../field-ref.ts';
import type { TokenSource } from '../types.ts';

interface PayloadFile {
  readonly data: string | Uint8Array;
  readonly mode: number;
  /** Set for ServiceAccount tokens: readable by the user of the pod only. */
  readonly owner?: number;
}

/** Files of a volume by their path in it. */
export type Payload = Map<string, PayloadFile>;

/** Why a volume cannot be set up; shown in a FailedMount event. */
export class VolumeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'VolumeError';
  }
}

/** A ServiceAccount token and when the next one is due. */
export interface IssuedToken {
  readonly token: string;
  readonly renewAt: Micros;
}

export interface PayloadContext {
  readonly api: Api;
  readonly pod: Pod;
  readonly facts: PodFacts;
  readonly tokens: TokenSource;
  /** Tokens already issued for this volume by path, kept until it is time for the next. */
  readonly issued: Map<string, IssuedToken>;
  readonly now: Micros;
}

const DEFAULT_MODE = 0o644;
/** Kubelets renew a token at 80 % of its life, or after a day. */
const RENEW_AT = 0.8;
const DAY: Micros = 24 * 3600 * 1_000_000;

/**
 * What a volume out of API objects contains, or undefined for another kind of volume.
 * https://kubernetes.io/docs/concepts/storage/projected-volumes/
 * @throws VolumeError
 */
export function payloadOf(volume: Volume, context: PayloadContext): Payload | undefined {
  const files: Payload = new Map();
  if (volume.configMap !== undefined) {
    addConfigMap(files, context, volume.configMap, volume.configMap.defaultMode);
    return files;
  }
  if (volume.secret !== undefined) {
    const { secretName, items, optional } = volume.secret;
    const source = { name: secretName, ...(items && { items }), ...(optional && { optional }) };
    addSecret(files, context, source, volume.secret.defaultMode);
    return files;
  }
  if (volume.downwardAPI !== undefined) {
    addDownward(files, context, volume.downwardAPI.items ?? [], volume.downwardAPI.defaultMode);
    return files;
  }
  if (volume.projected === undefined) return undefined;
  const mode = volume.projected.defaultMode;
  for (const source of volume.projected.sources ?? []) {
    if (source.configMap !== undefined) addConfigMap(files, context, source.configMap, mode);
    if (source.secret !== undefined) addSecret(files, context, source.secret, mode);
    if (source.downwardAPI !== undefined) addDownward(files, context, source.downwardAPI.items ?? [], mode);
    if (source.serviceAccountToken !== undefined) addToken(files, context, source.serviceAccountToken, mode);
  }
  return files;
}

interface KeyedSource {
  readonly name: string;
  readonly items?: readonly KeyToPath[];
  readonly optional?: boolean;
}

function addConfigMap(
  files: Payload,
  { api, pod }: PayloadContext,
  source: KeyedSource,
  mode = DEFAULT_MODE,
): void {
  const map = api.get(resources.configMaps, pod.metadata.namespace, source.name);
  if (map === undefined && source.optional !== true) {
    throw new VolumeError(`configmap "${source.name}" not found`);
  }
  const data = new Map<string, string | Uint8Array>(Object.entries(map?.data ?? {}));
  for (const [key, value] of Object.entries(map?.binaryData ?? {})) data.set(key, decode(value));
  addKeys(files, data, source, { mode, missing: 'configmap references non-existent config key' });
}

function addSecret(
  files: Payload,
  { api, pod }: PayloadContext,
  source: KeyedSource,
  mode = DEFAULT_MODE,
): void {
  const secret = api.get(resources.secrets, pod.metadata.namespace, source.name);
  if (secret === undefined && source.optional !== true) {
    throw new VolumeError(`secret "${source.name}" not found`);
  }
  const data = new Map(Object.entries(secret?.data ?? {}).map(([key, value]) => [key, decode(value)]));
  addKeys(files, data, source, { mode, missing: 'references non-existent secret key' });
}

function addKeys(
  files: Payload,
  data: ReadonlyMap<string, string | Uint8Array>,
  source: KeyedSource,
  { mode, missing }: { mode: number; missing: string },
): void {
  if (source.items === undefined || source.items.length === 0) {
    for (const [key, value] of data) files.set(key, { data: value, mode });
    return;
  }
  for (const item of source.items) {
    const value = data.get(item.key);
    if (value !== undefined) files.set(item.path, { data: value, mode: item.mode ?? mode });
    else if (source.optional !== true) throw new VolumeError(`${missing}: ${item.key}`);
  }
}

interface DownwardItem {
  readonly path: string;
  readonly fieldRef?: { readonly fieldPath: string };
  readonly resourceFieldRef?: {
    readonly containerName?: string;
    readonly resource: string;
    readonly divisor?: string | number;
  };
  readonly mode?: number;
}

function addDownward(
  files: Payload,
  { pod, facts }: PayloadContext,
  items: readonly DownwardItem[],
  mode = DEFAULT_MODE,
): void {
  for (const item of items) {
    const value = downwardValue(pod, facts, item);
    files.set(item.path, { data: value, mode: item.mode ?? mode });
  }
}

function downwardValue(pod: Pod, facts: PodFacts, item: DownwardItem): string {
  if (item.resourceFieldRef !== undefined) {
    const { containerName, resource, divisor } = item.resourceFieldRef;
    const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
    const container = containers.find((other) => other.name === containerName);
    if (container === undefined) throw new VolumeError(`container ${containerName ?? ''} not found`);
    return resourceValue(container, resource, divisor, facts.allocatable);
  }
  const path = item.fieldRef?.fieldPath ?? '';
  const value = fieldValue(pod, path, facts);
  if (value === undefined) throw new VolumeError(`unsupported fieldPath: ${path}`);
  return value;
}

function addToken(
  files: Payload,
  context: PayloadContext,
  source: { audience?: string; expirationSeconds?: number; path: string },
  mode = DEFAULT_MODE,
): void {
  const { pod, issued, now } = context;
  const lifetime = source.expirationSeconds ?? 3600;
  let current = issued.get(source.path);
  if (current === undefined || now >= current.renewAt) {
    const token = context.tokens({
      namespace: pod.metadata.namespace ?? 'default',
      serviceAccount: pod.spec.serviceAccountName ?? 'default',
      audience: source.audience,
      expirationSeconds: lifetime,
      pod: { name: pod.metadata.name, uid: pod.metadata.uid },
    });
    const life = Math.min(Math.floor(lifetime * 1_000_000 * RENEW_AT), DAY);
    current = { token, renewAt: now + life };
    issued.set(source.path, current);
  }
  const { fsGroup, runAsUser } = pod.spec.securityContext;
  // A token is readable by the group of the volume, or by the one user of the pod, or else by root.
  const tokenMode = fsGroup !== undefined ? 0o640 : runAsUser !== undefined ? 0o600 : mode;
  files.set(source.path, {
    data: current.token,
    mode: tokenMode,
    ...(runAsUser === undefined ? {} : { owner: runAsUser }),
  });
}

function decode(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'base64'));
}
