import { messageOf } from '../../core/errors.ts';
import { takenHints } from '../../engine/hints.ts';
import type { LabFolder, LabRecord } from '../../engine/lab-store.ts';
import { symptomsShowing } from '../../engine/symptoms.ts';
import { OUTCOMES, type Standing, standingOf } from '../../report/standing.ts';
import type { CommandContext } from '../context.ts';
import { counted, shortTime, wrapLines } from '../output.ts';

interface LabStatus {
  readonly lab: string;
  readonly incident: string;
  readonly title: string;
  readonly provider: string;
  /** `unknown: …` where it cannot be told; the other labs still are. */
  readonly state: string;
  readonly ageMs: number;
  readonly kubeconfig: string;
  /** How many were taken; absent where the journal cannot be read. */
  readonly hints?: number;
  /** How it was graded, with points; absent where it was not, or the journal cannot be read. */
  readonly grade?: string;
  /** The symptom as it is seen now; absent where the cluster does not run. */
  readonly symptom?: string;
}

const UNKNOWN = 'unknown: ';

/** `breakfix status`: the labs, how to reach them, and the symptom as seen now. */
export async function status(context: CommandContext): Promise<void> {
  const labs: LabStatus[] = [];
  for (const { name, folder, record } of context.store.all()) {
    if (record.state !== 'kept') labs.push(await statusOf(context, name, folder, record));
  }
  const kept = context.store.kept()?.record;
  const debris = context.store.debris().map(({ path }) => path);
  const lines = labs.flatMap((lab) => [
    `${lab.lab}  ${lab.incident} · ${lab.title}`,
    wrapLines(`  ${stateText(lab)}`, context.output.width),
    ...(lab.symptom === undefined ? [] : [`  now: ${lab.symptom}`]),
    wayOn(lab),
  ]);
  const left = [
    ...(kept === undefined
      ? []
      : [`a cluster of ${kept.provider} is kept for the next lab; breakfix stop ${kept.name} removes it`]),
    ...debris.map((path) => `${path} is no lab; breakfix stop --all removes it`),
  ];
  const text =
    lines.length + left.length === 0
      ? 'no lab is running; breakfix start begins one'
      : [...lines, ...left].join('\n');
  context.output.result({ labs, ...(kept === undefined ? {} : { kept: kept.provider }), debris }, text);
}

function stateText({ state, provider, ageMs, hints, grade }: LabStatus): string {
  const started = `${state} on ${provider}, started ${shortTime(ageMs)} ago`;
  const taken = hints === undefined ? [] : [`${counted(hints, 'hint')} taken`];
  return [started, ...taken, ...(grade === undefined ? [] : [grade])].join(', ');
}

function gradeText({ outcome, points, most }: Standing): string | undefined {
  if (outcome === 'ungraded') return undefined;
  return most === 0 ? OUTCOMES[outcome] : `${OUTCOMES[outcome]} with ${points} of ${most} points`;
}

function wayOn({ lab, state, provider, kubeconfig }: LabStatus): string {
  if (state === 'running') return `  export KUBECONFIG=${kubeconfig}`;
  // Its log has all that was done: a killed process or a reboot loses nothing.
  if (state === 'stopped' && provider === 'embedded') {
    return `  breakfix shell ${lab} brings it back as it was; breakfix stop ${lab} removes it`;
  }
  if (state.startsWith(UNKNOWN)) return `  fix that first, or breakfix stop ${lab} removes the lab`;
  return `  breakfix stop ${lab} removes what is left`;
}

async function statusOf(
  context: CommandContext,
  name: string,
  folder: LabFolder,
  record: LabRecord,
): Promise<LabStatus> {
  const known = {
    lab: name,
    incident: record.incident,
    title: await titleOf(context, record),
    provider: record.provider,
    ageMs: context.clock.now().getTime() - Date.parse(record.createdAt),
    kubeconfig: folder.file('kubeconfig'),
  };
  try {
    const provider = await context.provider(record.provider);
    const cluster = await provider.state(record.cluster);
    const state = record.state === 'running' ? cluster : `${record.state} (cluster ${cluster})`;
    const journal = folder.journal.read();
    const hints = takenHints(journal).length;
    const grade = gradeText(standingOf(journal));
    const symptom = state === 'running' ? await symptomOf(context, name) : undefined;
    return {
      ...known,
      state,
      hints,
      ...(grade === undefined ? {} : { grade }),
      ...(symptom === undefined ? {} : { symptom }),
    };
  } catch (error) {
    context.signal.throwIfAborted();
    return { ...known, state: `${UNKNOWN}${messageOf(error)}` };
  }
}

/** The module of a scenario may be gone; the lab is still there. */
async function titleOf(context: CommandContext, record: LabRecord): Promise<string> {
  try {
    const scenarios = await context.catalogueOf(record);
    return scenarios.find(({ incident }) => incident === record.incident)?.title ?? 'unknown to this version';
  } catch {
    return `its scenario ${record.scenarioFile ?? ''} cannot be loaded`;
  }
}

/** Whether the symptoms that were proven at hand-over still show. */
async function symptomOf(context: CommandContext, name: string): Promise<string | undefined> {
  try {
    await using lab = await context.open(name);
    const { showing, of } = await symptomsShowing(lab, context.signal);
    return showing === 0 ? 'the symptom is gone' : `${showing} of ${of} symptoms still show`;
  } catch {
    return undefined;
  }
}
