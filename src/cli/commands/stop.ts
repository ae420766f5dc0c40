import { BreakfixError } from '../../core/errors.ts';
import type { LabFolder, LabRecord } from '../../engine/lab-store.ts';
import type { CommandContext } from '../context.ts';

/** `breakfix stop`: removes a cluster and everything it left; with `--all` every lab, and the debris of crashes. */
export async function stop(
  context: CommandContext,
  name: string | undefined,
  flags: { all?: boolean },
): Promise<void> {
  const { store, output } = context;
  const labs = flags.all === true ? store.all() : [store.find(name)];
  const stopped: string[] = [];
  const failed: string[] = [];
  for (const lab of labs) {
    try {
      await remove(context, lab.record, lab.folder);
      stopped.push(lab.name);
    } catch (error) {
      failed.push(`${lab.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (flags.all === true) for (const folder of store.debris()) folder.remove();
  if (failed.length > 0) {
    throw new BreakfixError({
      code: 'STOP_INCOMPLETE',
      kind: 'environment',
      message: `not all could be removed: ${failed.join('; ')}`,
      fix: 'mend what is named there and run it again: nothing is forgotten',
    });
  }
  output.result({ stopped }, stopped.length === 0 ? 'no lab was running' : `stopped ${stopped.join(', ')}`);
}

async function remove(context: CommandContext, record: LabRecord, folder: LabFolder): Promise<void> {
  const provider = await context.provider(record.provider);
  await provider.destroy(record.cluster);
  folder.remove();
}
