import { basename } from 'node:path';
import { startServer } from '../../cluster/wire/server.ts';
import type { Cluster } from '../provider.ts';
import type { Copies } from './copies.ts';
import { hostedCluster } from './hosted-cluster.ts';
import { listenWith } from './instance.ts';
import { type Credentials, type EmbeddedHeader, kubeconfigFor } from './spec.ts';

/**
 * Does work on a copy of a lab, in the lab's own process: a grade asks some thousand times, and each question to another
 * process would take as long as its answer. What is asked and what comes of it is plain data.
 */
export type WorkOnCopy = (copy: Cluster, question: unknown, signal: AbortSignal) => Promise<unknown>;

/** The lab whose copies are worked on. */
export interface CopiedLab {
  readonly folder: string;
  readonly header: EmbeddedHeader;
  readonly credentials: Credentials;
  readonly copies: Pick<Copies, 'take' | 'giveBack'>;
}

/** Takes a copy of the lab as it is now, has the work done on it, and gives it back, whatever comes of it. */
export async function onCopy(
  { folder, header, credentials, copies }: CopiedLab,
  work: (copy: Cluster) => Promise<unknown>,
): Promise<unknown> {
  const host = await copies.take();
  using _host = { [Symbol.dispose]: () => copies.giveBack(host) };
  const listener = await startServer({ handler: host, ...listenWith(header, credentials) });
  await using _listener = { [Symbol.asyncDispose]: () => listener.close() };
  await using copy = hostedCluster(host, {
    ref: { provider: 'embedded', lab: basename(folder), folder },
    header,
    kubeconfig: kubeconfigFor('copy', credentials, listener.port),
  });
  return await work(copy);
}
