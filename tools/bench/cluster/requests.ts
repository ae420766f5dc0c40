import { setTimeout as wait } from 'node:timers/promises';
import type { HttpsTransport } from '../../../src/kube/https-transport.ts';

/** Wall milliseconds of single requests, one after the other. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

export function latencyOf(values: readonly number[]): Latency {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

/** @throws where the API server refuses */
export async function send(
  api: HttpsTransport,
  path: string,
  method: 'POST' | 'PATCH' | 'DELETE',
  body?: object,
): Promise<void> {
  const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  const payload = body === undefined ? {} : { contentType, body: JSON.stringify(body) };
  const { status, body: text } = await api.request(path, { method, ...payload });
  if (status >= 300) throw new Error(`${method} ${path} was answered ${status}: ${text.slice(0, 300)}`);
}

/** No pod can be made before its namespace has this. */
export async function serviceAccount(api: HttpsTransport, namespace: string): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/default`;
  while ((await api.request(path)).status === 404) await wait(20);
}

/** Does it for 0 to `count − 1`, so many at a time. */
export async function inParallel(
  count: number,
  atOnce: number,
  work: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
