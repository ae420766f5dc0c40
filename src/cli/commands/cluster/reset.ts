import { resetAlone, viewAlone } from '../../../providers/embedded/alone.ts';
import { ClusterStore } from '../../cluster/store.ts';
import { clusterDocument } from '../../cluster/texts.ts';
import { type CommandContext, processOptions } from '../../context.ts';

/** `breakfix cluster reset`: the same cluster as it was after its start; what clients know it by stays. */
export async function resetCluster(
  { output, signal, version }: CommandContext,
  flags: { readonly name?: string },
): Promise<void> {
  const ref = new ClusterStore().find(flags.name);
  await resetAlone(ref, { ...processOptions(version), signal });
  const view = await viewAlone(ref);
  output.result(
    clusterDocument(view),
    `cluster ${ref.lab} is as new: seed ${view.seed}, ${view.server}, the same kubeconfig`,
  );
}
