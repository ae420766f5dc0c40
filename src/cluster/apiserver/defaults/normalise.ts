import { isObject } from '../../../core/json.ts';

/** Lists that are stored even where they are empty. */
const KEPT_LISTS = new Set([
  'rules',
  'containers',
  'endpoints',
  'ports',
  'policies',
  'limits',
  'verbs',
  'subsets',
  'webhooks',
]);

/** Flags and numbers whose zero value is not stored. */
const DROPPED_ZEROES = new Set([
  'hostNetwork',
  'hostPID',
  'hostIPC',
  'stdin',
  'stdinOnce',
  'tty',
  'readOnly',
  'paused',
  'minReadySeconds',
  'initialDelaySeconds',
  'hostPort',
  'publishNotReadyAddresses',
  'unschedulable',
  'globalDefault',
]);

/** Maps and raw data of the client: their entries mean what they say. */
const OPAQUE = new Set([
  'data',
  'binaryData',
  'stringData',
  'annotations',
  'matchLabels',
  'managedFields',
  'fieldsV1',
  'parameters',
]);

/**
 * Takes out what a server that decodes into typed objects and writes them back does not keep: nulls, empty lists
 * and maps that are optional, flags that are off.
 */
export function dropEmpty(object: Record<string, unknown>): void {
  for (const key of Object.keys(object)) {
    const value = object[key];
    if (isDropped(key, value)) Reflect.deleteProperty(object, key);
    else if (Array.isArray(value)) dropEmptyOfItems(value);
    else if (isObject(value) && !OPAQUE.has(key)) dropEmpty(value);
  }
}

function dropEmptyOfItems(items: readonly unknown[]): void {
  for (const item of items) if (isObject(item)) dropEmpty(item);
}

function isDropped(key: string, value: unknown): boolean {
  if (value === null) return true;
  if (value === false || value === 0) return DROPPED_ZEROES.has(key);
  if (Array.isArray(value)) return value.length === 0 && !KEPT_LISTS.has(key);
  return (key === 'labels' || key === 'annotations') && isObject(value) && Object.keys(value).length === 0;
}
