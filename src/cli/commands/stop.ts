import { BreakfixError, messageOf } from '../../core/errors.ts';
import type { LabStore, StoredLab } from '../../engine/lab-store.ts';
import { mayBeKept, removeLab, stopLab } from '../../engine/stop.ts';
import type { CommandContext } from '../context.ts';
import { notBoth } from '../not-both.ts';

/**
 * `breakfix stop`: removes a lab and everything it left, but may keep its cluster for the next one; with `--all` every
 * lab, a kept cluster, and the debris of crashes.
 */
export async function stop(
  context: CommandContext,
  name: string | undefined,
  flags: { all?: boolean },
): Promise<void> {
  const { store, output } = context;
  if (name !== undefined && flags.all === true) throw notBoth(name, '--all');
  const labs = flags.all === true ? store.all() : [labOf(store, name)];
  const stopped: string[] = [];
  const failed: string[] = [];
  let kept = false;
  for (const lab of labs) {
    try {
      const provider = await context.provider(lab.record.provider);
      if (flags.all === true || lab.record.state === 'kept') await removeLab(lab, provider);
      else {
        if (mayBeKept(lab, provider, store)) output.passing('  emptying the cluster …');
        kept = (await stopLab(lab, provider, store)) === 'kept';
      }
      stopped.push(lab.name);
    } catch (error) {
      failed.push(`${lab.name}: ${messageOf(error)}`);
    }
  }
  if (flags.all === true) for (const folder of store.debris()) folder.remove();
  if (failed.length > 0) throw stopIncomplete(failed);
  const words = stopped.length === 0 ? 'no lab was running' : `stopped ${stopped.join(', ')}`;
  output.result({ stopped, ...(kept ? { kept } : {}) }, kept ? `${words}; ${KEPT}` : words);
}

/** @param failed what could not be removed, each with the reason */
export function stopIncomplete(failed: readonly string[]): BreakfixError {
  return new BreakfixError({
    code: 'STOP_INCOMPLETE',
    kind: 'environment',
    message: `not all could be removed: ${failed.join('; ')}`,
    fix: 'fix what is named there, and run it again: nothing is forgotten',
  });
}

const KEPT = 'its cluster is kept for the next lab (breakfix stop kept removes it)';

function labOf(store: LabStore, name: string | undefined): StoredLab {
  const kept = store.kept();
  if (kept !== undefined && kept.name === name) return kept;
  return store.find(name);
}
