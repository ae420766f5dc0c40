import type { Cluster } from '../providers/provider.ts';

/**
 * Has something done on a copy of a cluster: where the cluster lives, if that is another process, otherwise on a copy that is
 * made here; in place where none can be made.
 * @param question asks for the same as plain data: `copy-work.ts`
 */
export async function onCopyOf<T>(
  cluster: Cluster,
  question: object,
  signal: AbortSignal,
  here: (cluster: Cluster, onCopy: boolean) => Promise<T>,
): Promise<T> {
  const { onCopy, fork } = cluster.can;
  if (onCopy !== undefined) return (await onCopy(question, signal)) as T;
  if (fork === undefined) return here(cluster, false);
  await using copy = await fork();
  return await here(copy, true);
}
