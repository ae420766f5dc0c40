import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { BreakfixError } from '../../core/errors.ts';
import {
  type Incident,
  findScenario,
  inArea,
  incidentOf,
  seedOf,
  seedOfChance,
} from '../../engine/incident.ts';
import { type PhaseOptions, startLab } from '../../engine/start.ts';
import type { PhaseName } from '../../report/journal.ts';
import type { ClusterProvider } from '../../providers/provider.ts';
import type { Scenario } from '../../scenario/types.ts';
import { DEFAULT_SCENARIO } from '../catalogue.ts';
import type { CommandContext } from '../context.ts';
import { shortTime } from '../output.ts';
import { handOverDocument, handOverText } from '../texts/hand-over.ts';

export interface StartFlags {
  /** `embedded` where not said. */
  readonly provider?: string;
  readonly seed?: string;
  readonly area?: string;
  readonly random?: boolean;
  /** No cluster of another lab. */
  readonly fresh?: boolean;
  readonly id?: string;
  /** The module of a scenario that is not in the catalogue. */
  readonly file?: string;
}

const PHASES: Readonly<Record<PhaseName, string>> = {
  cluster: 'cluster ready',
  shop: 'shop deployed',
  healthy: 'shop proven whole',
  fault: 'fault injected',
  symptom: 'symptom proven',
};

/** `breakfix start`: breaks a cluster and hands it over; a second call without an incident finds the running lab. */
export async function start(
  context: CommandContext,
  wanted: string | undefined,
  flags: StartFlags,
): Promise<void> {
  const { output, store, clock } = context;
  const ways = waysToAsk(wanted, flags);
  if (ways.length > 1) throw askedTwice(ways);
  const catalogue = await context.catalogue();
  const nothingAsked =
    ways.length === 0 && flags.provider === undefined && flags.seed === undefined && flags.fresh !== true;
  const running = nothingAsked
    ? store.list().findLast(({ record }) => record.state === 'running')
    : undefined;
  if (running !== undefined) {
    await using lab = await context.open(running.name);
    output.note(`lab ${lab.name} is running already; breakfix start INC-… starts another`);
    output.result(handOverDocument(lab, lab.incident), handOverText(lab, lab.incident, output));
    return;
  }
  const scenario =
    flags.file === undefined ? pick(catalogue, wanted, flags) : await context.scenarioFile(flags.file);
  const provider = await context.provider(flags.provider ?? 'embedded');
  await mustBeAvailable(provider);
  const incident = incidentOf(scenario, seedFrom(flags.seed));
  mustHave(provider, incident);
  const lab = await startLab({
    store,
    provider,
    incident,
    clock,
    signal: context.signal,
    progress: phaseLines(context),
    fresh: flags.fresh === true,
    ...(flags.file === undefined ? {} : { scenarioFile: resolve(flags.file) }),
  });
  output.result(handOverDocument(lab, incident), handOverText(lab, incident, output));
  if (!isOnPath('kubectl')) {
    output.note('kubectl is not on the PATH; breakfix doctor says where to get it');
  }
  await lab.cluster[Symbol.asyncDispose]();
}

/** In which ways it is said which incident it is to be. */
function waysToAsk(wanted: string | undefined, { id, file, area, random }: StartFlags): string[] {
  return [
    wanted,
    id === undefined ? undefined : `--id ${id}`,
    file === undefined ? undefined : `--file ${file}`,
    area === undefined ? undefined : `--area ${area}`,
    // Of an area it says which one.
    random === true && area === undefined ? '--random' : undefined,
  ].filter((way) => way !== undefined);
}

function askedTwice(ways: readonly string[]): BreakfixError {
  return new BreakfixError({
    code: 'INCIDENT_AMBIGUOUS',
    kind: 'user',
    message: `${ways.join(' and ')} do not go together: each says which incident it is to be`,
    fix: `take one of them: breakfix start ${ways[0] ?? ''}`,
  });
}

function isOnPath(program: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.some((folder) =>
    [program, `${program}.exe`].some((file) => folder !== '' && existsSync(join(folder, file))),
  );
}

/** A line per phase with its time. */
export function phaseLines({ output }: Pick<CommandContext, 'output'>): PhaseOptions['progress'] {
  return (phase, state) => {
    if (state === 'begun') output.passing(`  ${PHASES[phase]} …`);
    else
      output.note(
        `${output.colors.green('✓')} ${PHASES[phase].padEnd(20)} ${shortTime(state.tookMs).padStart(6)}   ${state.detail ?? ''}`.trimEnd(),
      );
  };
}

function pick(catalogue: readonly Scenario[], wanted: string | undefined, flags: StartFlags): Scenario {
  if (wanted !== undefined) return findScenario(catalogue, wanted);
  if (flags.id !== undefined) return findScenario(catalogue, flags.id, 'id');
  const candidates = inArea(catalogue, flags.area);
  const chosen =
    flags.random === true
      ? candidates[seedOfChance(randomUUID()) % candidates.length]
      : candidates.find(({ id }) => id === DEFAULT_SCENARIO);
  return chosen ?? (candidates[0] as Scenario);
}

export function seedFrom(text: string | undefined): number {
  return text === undefined ? seedOfChance(randomUUID()) : seedOf(text);
}

/** @throws BreakfixError with what is missing on this machine */
export async function mustBeAvailable(provider: ClusterProvider): Promise<void> {
  const availability = await provider.availability();
  if (availability.available) return;
  const { reason: message, fix } = availability;
  throw new BreakfixError({ code: 'PROVIDER_UNAVAILABLE', kind: 'environment', message, fix });
}

function mustHave(provider: ClusterProvider, { scenario }: Incident): void {
  const missing = scenario.needs.filter((need) => !provider.facts.has(need));
  if (missing.length === 0) return;
  throw new BreakfixError({
    code: 'PROVIDER_LACKS',
    kind: 'environment',
    message: `${scenario.incident} needs ${missing.join(', ')}, which provider ${provider.name} does not have`,
    fix: 'take another provider: --provider embedded has everything',
  });
}
