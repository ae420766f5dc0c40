import { applyFix, fixOf } from '../../engine/repair.ts';
import type { CommandContext } from '../context.ts';

/** `breakfix solve`: applies a listed fix, for authors; the journal is marked. */
export async function solve(
  context: CommandContext,
  name: string | undefined,
  flags: { fix?: string },
): Promise<void> {
  const { output, clock, signal } = context;
  await using lab = await context.open(name);
  const fix = fixOf(lab.incident, flags.fix);
  await applyFix(lab, fix, clock.now(), signal);
  const steps = fix.steps.map((step) => `  ${step}`);
  output.result(
    { lab: lab.name, fix: fix.id, steps: fix.steps },
    [`applied ${fix.id}:`, ...steps, `breakfix grade ${lab.name} grades it; it earns nothing`].join('\n'),
  );
}
