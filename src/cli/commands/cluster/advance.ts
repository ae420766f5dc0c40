import { advanceAlone, reviveAlone } from '../../../providers/embedded/alone.ts';
import { durationOf } from '../../cluster/flags.ts';
import { ClusterStore } from '../../cluster/store.ts';
import { clockText } from '../../cluster/texts.ts';
import { type CommandContext, processOptions } from '../../context.ts';

/** A process that starts takes a moment, and clocks are read one after the other. */
const NOT_AHEAD_MS = 1000;

/** `breakfix cluster advance`: what would happen in that time happens now. */
export async function advanceCluster(
  { output, version }: CommandContext,
  by: string,
  flags: { readonly name?: string },
): Promise<void> {
  const ms = durationOf(by, 'breakfix cluster advance 10m');
  const ref = new ClusterStore().find(flags.name);
  await reviveAlone(ref, processOptions(version));
  const clock = await advanceAlone(ref, ms);
  const ahead = clock.behind < -NOT_AHEAD_MS;
  if (ahead) {
    output.note(
      `the clock of cluster ${ref.lab} is ${clockText(clock)}: clients will see the future (kubectl describe prints such ages as <invalid>); --headroom at the start gives room to advance`,
    );
  }
  output.result(
    { name: ref.lab, now: clock.now.toISOString(), behindMs: clock.behind, ahead },
    `it is ${clock.now.toISOString()} in cluster ${ref.lab}: ${clockText(clock)}`,
  );
}
