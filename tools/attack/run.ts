import { gradeCheck, observe } from '../../src/checks/check.ts';
import { viewOf as clusterView } from '../../src/engine/break.ts';
import { gradeInPlace } from '../../src/engine/grade.ts';
import type { Cluster } from '../../src/providers/provider.ts';
import { applyEdit } from './edits/apply.ts';
import type { Edit } from './edits/edit.ts';
import type { BrokenLab } from './lab.ts';
import { within } from './oracle/ask.ts';
import { lastComplaint } from './oracle/going.ts';
import { oracles } from './oracle/index.ts';
import { type Complaint, judge, type Oracle, type OracleView } from './oracle/view.ts';

const { signal } = new AbortController();

/**
 * How long the grader waits for what does not hold, in milliseconds, where everything has settled before. Long enough
 * for one more pod to become ready, and for what a cache may keep for a minute.
 */
const PATIENCE = 65_000;

/** What came of one sequence. */
export interface Judgement {
  /** What the oracle finds wrong; nothing where the service is whole. */
  readonly complaint: Complaint;
  readonly verdict: 'pass' | 'fail' | 'error';
  /** Parts of the grade that did not hold, with what was seen. */
  readonly failed: readonly string[];
}

/** Whether both say the same; `error` is no answer. */
export const agree = ({ complaint, verdict }: Judgement): boolean =>
  verdict === (complaint === undefined ? 'pass' : 'fail');

/**
 * Does sequences of edits on one copy of the lab, one after the other; after each everything settles, and oracle and
 * grader are asked.
 */
export async function attackOnce(
  lab: BrokenLab,
  sequences: readonly (readonly Edit[])[],
): Promise<Judgement[]> {
  const oracle = oracleOf(lab);
  return lab.copied(async (cluster) => {
    const judgements: Judgement[] = [];
    for (const edits of sequences) {
      await settle(lab, cluster, edits, judgements.length > 0 ? oracle.settleAgain : undefined);
      const view = viewOf(lab, cluster);
      let complaint = await judge(oracle.questions, view);
      // The last of a chain is graded to the end in any case: an error would hide behind a fail.
      const briefly = complaint !== undefined && judgements.length < sequences.length - 1;
      const grade = briefly ? await firstFailure(lab, cluster) : await gradeOf(lab, cluster, PATIENCE);
      // The grader waits for what is on its way, a controller's next try for one; so may the oracle.
      if (grade.verdict === 'pass') complaint &&= await judge(oracle.questions, view);
      judgements.push({ complaint: complaint ?? (await lastComplaint(oracle, view)), ...grade });
    }
    return judgements;
  });
}

/** The same edits again, and each of the two on a copy of its own; the grader as learners have it. */
export async function judgeApart(lab: BrokenLab, edits: readonly Edit[]): Promise<Judgement> {
  const oracle = oracleOf(lab);
  const grade = await lab.copied(async (cluster) => {
    await settle(lab, cluster, edits);
    return gradeOf(lab, cluster);
  });
  const judged = await lab.copied(async (cluster) => {
    await settle(lab, cluster, edits);
    const view = viewOf(lab, cluster);
    // The grader may have waited for what is on its way.
    const patience = grade.verdict === 'pass' ? PATIENCE : 0;
    const complaint = await within(view, patience, () => judge(oracle.questions, view));
    return { complaint: complaint ?? (await lastComplaint(oracle, view)) };
  });
  return { ...judged, ...grade };
}

/** Leaves out what the disagreement does not need. */
export async function shrink(
  lab: BrokenLab,
  edits: readonly Edit[],
): Promise<{ edits: readonly Edit[]; judgement: Judgement }> {
  let smallest = edits;
  let judgement = await judgeApart(lab, edits);
  if (agree(judgement)) return { edits, judgement };
  for (let index = smallest.length - 1; index >= 0; index--) {
    const without = smallest.filter((_edit, at) => at !== index);
    const again = await judgeApart(lab, without);
    if (agree(again) || again.verdict !== judgement.verdict) continue;
    [smallest, judgement] = [without, again];
  }
  return { edits: smallest, judgement };
}

function oracleOf({ incident }: BrokenLab): Oracle {
  const oracle = oracles[incident.scenario.id];
  if (oracle === undefined) throw new Error(`there is no oracle for ${incident.scenario.id}`);
  return oracle;
}

/** Does the edits and waits until what they lead to has come. @param ms how long; as the oracle says where absent */
async function settle(
  lab: BrokenLab,
  cluster: Cluster,
  edits: readonly Edit[],
  ms = oracleOf(lab).settle,
): Promise<void> {
  const editor = {
    kube: cluster.kube,
    healthy: lab.healthy,
    wait: (ms: number) => cluster.clock.wait(ms, signal),
    now: () => cluster.clock.now(),
  };
  for (const edit of edits) {
    await applyEdit(editor, edit);
    // Nobody types faster.
    await cluster.clock.wait(1000, signal);
  }
  await cluster.clock.wait(ms, signal);
}

function viewOf({ healthy, healthyDigests, incident }: BrokenLab, cluster: Cluster): OracleView {
  return {
    kube: cluster.kube,
    wait: (ms) => cluster.clock.wait(ms, signal),
    now: () => cluster.clock.now().getTime(),
    healthy,
    healthyDigests,
    values: incident.values,
    registry: async (host) => {
      const access = await cluster.can.registry?.(host);
      if (access === undefined) throw new Error(`there is no registry ${host}`);
      return access;
    },
    forget: async (node, image) => {
      if (cluster.can.node === undefined) throw new Error('no node can be reached');
      await cluster.can.node(node).removeImage(image);
    },
  };
}

/**
 * Grades one part after another until one fails: where that is expected, the others change nothing. What does not hold at
 * a first look comes first. Where a part could not be judged, the grader does not know, whatever the others say.
 */
async function firstFailure(
  { baseline, incident }: BrokenLab,
  cluster: Cluster,
): Promise<Omit<Judgement, 'complaint'>> {
  const { scenario, values } = incident;
  const view = { ...clusterView(cluster, baseline, incident, signal), patience: PATIENCE };
  const parts = [...scenario.objectives(values), ...scenario.safeguards(values)];
  const quiet = parts.filter(({ check }) => check.disturbs === undefined);
  const graded = new Set<(typeof parts)[number]>();
  const errors: string[] = [];
  const failure = async (part: (typeof parts)[number]): Promise<string | undefined> => {
    graded.add(part);
    const { status, seen } = await gradeCheck(view, part.check);
    if (status === 'error') errors.push(`${part.id} (error): ${seen}`);
    return status === 'fail' ? `${part.id}: ${seen}` : undefined;
  };
  const verdict = (failed: string): Omit<Judgement, 'complaint'> =>
    errors.length === 0 ? { verdict: 'fail', failed: [failed] } : { verdict: 'error', failed: errors };
  for (const part of quiet) {
    const { status } = await observe(view, () => part.check.look(view));
    const failed = status === 'fail' ? await failure(part) : undefined;
    if (failed !== undefined) return verdict(failed);
  }
  for (const part of new Set([...quiet, ...parts])) {
    const failed = graded.has(part) ? undefined : await failure(part);
    if (failed !== undefined) return verdict(failed);
  }
  return { verdict: errors.length === 0 ? 'pass' : 'error', failed: errors };
}

async function gradeOf(
  { baseline, incident }: BrokenLab,
  cluster: Cluster,
  patience?: number,
): Promise<Omit<Judgement, 'complaint'>> {
  const options = { hintPrice: 0, signal, ...(patience === undefined ? {} : { patience }) };
  const { verdict, objectives, safeguards } = await gradeInPlace(cluster, baseline, incident, options, true);
  const failed = [...objectives, ...safeguards]
    .filter(({ status }) => status !== 'pass')
    .map(({ id, status, seen }) => `${id}${status === 'error' ? ' (error)' : ''}: ${seen}`);
  return { verdict, failed };
}
