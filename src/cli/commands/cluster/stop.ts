import { messageOf } from '../../../core/errors.ts';
import { stopAlone } from '../../../providers/embedded/alone.ts';
import { ClusterStore } from '../../cluster/store.ts';
import type { CommandContext } from '../../context.ts';
import { notBoth } from '../../not-both.ts';
import { stopIncomplete } from '../stop.ts';

/** `breakfix cluster stop`: ends a cluster, or all of them, and removes what was kept. */
export async function stopCluster(
  { output }: CommandContext,
  flags: { readonly name?: string; readonly all?: boolean },
): Promise<void> {
  if (flags.name !== undefined && flags.all === true) throw notBoth(`--name ${flags.name}`, '--all');
  const store = new ClusterStore();
  const stopped: string[] = [];
  const failed: string[] = [];
  for (const ref of flags.all === true ? store.all() : [store.find(flags.name)]) {
    try {
      await stopAlone(ref);
      store.remove(ref);
      stopped.push(ref.lab);
    } catch (error) {
      failed.push(`${ref.lab}: ${messageOf(error)}`);
    }
  }
  if (failed.length > 0) throw stopIncomplete(failed);
  output.result({ stopped }, stopped.length === 0 ? 'there was no cluster' : `stopped ${stopped.join(', ')}`);
}
