import { Baseline } from '../checks/baseline.ts';
import { all, type Check, converge, type LabView, observe } from '../checks/check.ts';
import { BreakfixError, messageOf } from '../core/errors.ts';
import type { Fault } from '../faults/fault.ts';
import { Random } from '../core/random.ts';
import { endCorednsPods } from '../kube/cluster-dns.ts';
import { resources } from '../model/resources.ts';
import type { PhaseFindings, PhaseName } from '../report/journal.ts';
import type { Cluster } from '../providers/provider.ts';
import type { BaselinePlan } from '../scenario/types.ts';
import { changesCorefile, workloadsWhole } from './healthy.ts';
import type { Incident } from './incident.ts';
import { ProbeLog } from './probe-log.ts';
import { registryObjects } from './registry-objects.ts';

export interface PhaseReport {
  (phase: PhaseName, work: () => Promise<PhaseFindings>): Promise<void>;
}

/** A new namespace has its service account within this time, in milliseconds. */
const SERVICE_ACCOUNT_WITHIN = 1000;

/** The shop must be whole within this time, and the symptom must show within this time, in milliseconds. */
const HEALTHY_WITHIN = 240_000;
const SYMPTOM_WITHIN = 240_000;

/** On clusters whose clock is ours the symptoms are looked at so long before hand-over, in milliseconds. */
const PROOF_ALLOWANCE = 90_000;

/**
 * Deploys the shop on an empty cluster, proves it healthy, breaks it, and proves that the break shows.
 * @throws BreakfixError `lab` with what was last seen when a phase does not come to its end
 */
export async function breakCluster(
  cluster: Cluster,
  incident: Incident,
  phase: PhaseReport,
  signal: AbortSignal,
): Promise<Baseline> {
  const { scenario, values, plan } = incident;
  const before = viewOf(cluster, new Baseline({}), incident, signal);
  const whole = workloadsWhole(plan);
  await phase('shop', async () => {
    const objects = [...plan.manifests, ...(await registryObjects(cluster, plan))];
    // The cluster's own Corefile has another owner.
    const options = { manager: 'kubectl', force: true };
    await cluster.kube.applyAll(
      objects.filter(({ kind }) => kind === 'Namespace'),
      options,
    );
    // A namespace has its service account a moment later; pods that are wanted before leave events that say so.
    await cluster.clock.wait(SERVICE_ACCOUNT_WITHIN, signal);
    await cluster.kube.applyAll(objects, options);
    // CoreDNS may take two minutes to read it again; where time is ours they pass before the fault.
    if (changesCorefile(plan) && cluster.can.backdate === undefined)
      await endCorednsPods(cluster.kube, { grace: 0 });
    await mustPass(before, converge(HEALTHY_WITHIN, whole), 'the shop did not become healthy');
    const pods = await cluster.kube.list(resources.pods, { namespace: plan.namespace });
    return { detail: `${pods.length} pods ready` };
  });
  let baseline = new Baseline({});
  await phase('healthy', async () => {
    const symptoms = all('the symptoms do not show yet', scenario.symptoms(values));
    const probes = new ProbeLog(cluster.clock.now());
    const seen = await observe(before, () => symptoms.look({ ...before, probed: probes.note }));
    if (seen.status === 'pass')
      throw broken('the symptoms show although nothing is broken yet', symptoms, seen.seen);
    baseline = await Baseline.capture(cluster.kube, namespacesOf(plan));
    await cluster.can.backdate?.(scenario.since);
    return probes.found;
  });
  const view = viewOf(cluster, baseline, incident, signal);
  await phase('fault', async () => {
    for (const fault of scenario.inject(values)) await injected(fault, view);
    return {};
  });
  await phase('symptom', async () => {
    if (cluster.can.backdate !== undefined) {
      await cluster.clock.wait(Math.max(0, scenario.since - PROOF_ALLOWANCE), signal);
    }
    const probes = new ProbeLog(cluster.clock.now());
    await mustPass(
      { ...view, probed: probes.note },
      converge(SYMPTOM_WITHIN, symptomsOf(incident), { often: true }),
      'the symptoms do not show',
    );
    return probes.found;
  });
  return baseline;
}

async function injected(fault: Fault, view: LabView): Promise<void> {
  try {
    await fault.inject(view);
  } catch (cause) {
    view.signal.throwIfAborted();
    if (cause instanceof BreakfixError) throw cause;
    throw new BreakfixError({
      code: 'FAULT_FAILED',
      kind: 'lab',
      // Not which one: a learner may read it.
      message: `the fault could not be made: ${messageOf(cause)}`,
      fix: 'mend inject where the scenario is yours; breakfix doctor looks for what this machine lacks',
      cause,
    });
  }
}

/** That the break shows. */
export const symptomsOf = ({ scenario, values }: Incident): Check =>
  all('the symptoms show', scenario.symptoms(values));

/** A lab as its author's functions see it. */
export function viewOf(
  cluster: Cluster,
  baseline: Baseline,
  incident: Incident,
  signal: AbortSignal,
): LabView {
  const random = new Random(`${incident.seed}/${cluster.clock.now().getTime()}`);
  return { kube: cluster.kube, clock: cluster.clock, cluster, baseline, random, signal };
}

/** The learner's namespace, those that the scenario adds, and kube-system for DNS. */
export function namespacesOf(plan: BaselinePlan): readonly string[] {
  const made = plan.manifests.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name);
  return [...new Set([plan.namespace, ...made, 'kube-system'])];
}

async function mustPass(view: LabView, check: Check, message: string): Promise<void> {
  const seen = await observe(view, () => check.grade?.(view) ?? check.look(view));
  if (seen.status !== 'pass') throw broken(message, check, seen.seen);
}

function broken(message: string, check: Check, seen: string): BreakfixError {
  return new BreakfixError({
    code: 'LAB_NOT_READY',
    kind: 'lab',
    message: `${message}: expected ${check.expected}; last seen: ${seen}`,
    fix: 'start it again; if it stays so, breakfix doctor looks for what this machine lacks. Of a scenario of yours mend inject or symptoms',
  });
}
