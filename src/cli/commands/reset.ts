import { incidentOfLab } from '../../engine/open-lab.ts';
import { resetLab } from '../../engine/reset.ts';
import type { CommandContext } from '../context.ts';
import { handOverDocument, handOverText } from '../texts/hand-over.ts';
import { mustBeAvailable, phaseLines } from './start.ts';

/** `breakfix reset`: the same incident, seed and name, broken as it was handed over. */
export async function reset(context: CommandContext, name: string | undefined): Promise<void> {
  const { output, store, clock, signal } = context;
  const found = store.find(name);
  const incident = incidentOfLab(found.record, await context.catalogueOf(found.record));
  const provider = await context.provider(found.record.provider);
  await mustBeAvailable(provider);
  output.passing(`  clearing ${found.name} …`);
  const lab = await resetLab(found, { provider, incident, clock, signal, progress: phaseLines(context) });
  await lab.cluster[Symbol.asyncDispose]();
  output.result(handOverDocument(lab, incident), handOverText(lab, incident, output));
}
