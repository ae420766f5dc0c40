import type { ApiRequest } from '../../src/cluster/apiserver/types.ts';
import type { EmbeddedCluster } from '../../src/cluster/cluster.ts';
import { clusterOf } from '../../src/providers/embedded/instance.ts';
import { adminRequest, headerOf, MINUTE } from '../../test/helpers/in-process.ts';
import { samples } from './corpus.ts';
import { LawBroken } from './reader.ts';

/** A cluster without anything in it but itself, two minutes old. What a part of it throws goes to `onError`. */
export async function freshCluster(onError: (error: unknown) => void): Promise<EmbeddedCluster> {
  const cluster = clusterOf(headerOf('fuzz'));
  cluster.simulation.onError = onError;
  await cluster.simulation.advanceTo(cluster.simulation.now + 2 * MINUTE);
  return cluster;
}

/** As {@link freshCluster}, with one object of every kind. */
export async function filledCluster(onError: (error: unknown) => void): Promise<EmbeddedCluster> {
  const cluster = await freshCluster(onError);
  for (const { path, object } of samples) {
    cluster.handle(adminRequest('POST', path, { body: object }));
  }
  await cluster.simulation.advanceTo(cluster.simulation.now + MINUTE);
  return cluster;
}

/** 5xx that Kubernetes itself answers: what is not there, does not answer, or its own words for a wrong request. */
const ITS_OWN = new Set([500, 501, 503, 504]);

/**
 * Sends a request and looks at the answer as a client does.
 * @throws what the server threw, where the answer is a mistake of ours
 */
export function ask(cluster: EmbeddedCluster, request: ApiRequest): void {
  const answer = cluster.handle(request);
  if (answer.kind === 'stream') {
    answer.open({ write: () => {}, end: () => {} })();
    return;
  }
  if (answer.kind !== 'complete') return;
  if (answer.cause instanceof Error) throw answer.cause;
  if (answer.cause !== undefined) throw new LawBroken('something was thrown that is no error');
  if (answer.status < 500 || ITS_OWN.has(answer.status)) return;
  throw new LawBroken(`${answer.status} ${Buffer.from(answer.body).toString()}`);
}
