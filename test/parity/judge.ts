import { connectKube } from '../../src/kube/connect.ts';
import type { Case } from './case.ts';
import { type Comparison, compare } from './compare.ts';
import { embeddedGround } from './embedded.ts';
import { readGolden } from './files.ts';
import { makeNamespace } from './namespaces.ts';
import { namespaceOf, play } from './play.ts';
import type { Programs } from './programs.ts';
import type { Transcript } from './transcript.ts';

/** Plays a case on an embedded cluster of its own. */
export async function playEmbedded(script: Case, programs: Programs): Promise<Transcript> {
  await using ground = await embeddedGround(script.id, script.nodes);
  await using kube = connectKube(ground.kubeconfig);
  await makeNamespace(kube, namespaceOf(script), (time) => ground.pass(time));
  return await play(script, ground, programs);
}

/**
 * Compares what an embedded cluster prints with the golden of a case.
 * @returns undefined where the case has none
 * @throws Error where the golden is of other commands than the case has now
 */
export function judge(script: Case, played: Transcript): Comparison | undefined {
  const golden = readGolden(script.id);
  if (golden === undefined) return undefined;
  const commands = script.steps.flatMap((step) =>
    step.kind === 'sh' && !step.quiet ? [step.command.trimEnd()] : [],
  );
  if (JSON.stringify(commands) !== JSON.stringify(golden.map(({ command }) => command)))
    throw new Error(`${script.id} was changed since it was recorded: npm run parity:record -- ${script.id}`);
  return compare(golden, played, script.control === undefined ? [] : (readGolden(script.control) ?? []));
}
