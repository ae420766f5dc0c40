import type { ContainerStatus } from '../model/objects.ts';
import { isPodReady } from '../model/pod-ready.ts';
import { resources } from '../model/resources.ts';
import { type Check, fail, type LabView, type Observation, pass, patient } from './check.ts';
import { type Clone, containerOf, hangUp, until, withClone } from './clones.ts';
import { readyAddresses } from './endpoints.ts';
import { asksAfter } from './fresh-pods.ts';
import { neverReady } from './never-ready.ts';
import type { WorkloadRef } from './workloads.ts';

/**
 * The workload's readiness can still fail: a clone whose process closes its listener (but lives on) leaves its
 * Service within `withinMs`. Probes that always say yes, ask somebody else or give up after hours are found so.
 * @param readyMs how long the clone may take to become ready, beside what its startup probe waits before it asks
 */
export function readinessCanFail(of: WorkloadRef, withinMs: number, readyMs = 90_000): Check {
  return {
    expected: `a pod of ${of.name} that stops answering leaves its Service within ${withinMs / 1000} s`,
    disturbs: `a clone of a pod of ${of.name}`,
    look: () => Promise.resolve(pass('proven on a clone when graded')),
    grade: async (lab) => {
      const deployment = await lab.kube.get(resources.deployments, of.namespace, of.name);
      if (deployment === undefined) return fail(`deployment/${of.name} does not exist`);
      const service = await lab.kube.get(resources.services, of.namespace, of.name);
      if (service === undefined) return fail(`service/${of.name} does not exist`);
      // A liveness probe would restart the container, and a pod that restarts is not ready either: readiness alone counts.
      const { template } = deployment.spec;
      const startMs = readyMs + asksAfter(template.spec);
      return withClone(lab, of, template, { service, liveness: false }, (clone) =>
        proveLeaving(lab, of, clone, { startMs, withinMs }),
      );
    },
  };
}

async function proveLeaving(
  lab: LabView,
  of: WorkloadRef,
  clone: Clone,
  { startMs, withinMs }: { readonly startMs: number; readonly withinMs: number },
): Promise<Observation> {
  if (!(await until(lab, patient(lab, startMs), () => served(lab, clone)))) return neverReady(lab, of, clone);
  const refused = await hangUp(lab, of, clone);
  if (refused !== undefined) return refused;
  const left = await until(lab, withinMs, async () => !(await served(lab, clone)));
  if (!left) return fail(`it was still in its Service ${withinMs / 1000} s after it had stopped answering`);
  // A container that ended is not ready either: that proves nothing about its probe.
  return (await hasEnded(lab, of, clone))
    ? fail('its process ended: it should have kept running without answering')
    : pass('it left its Service');
}

async function served(lab: LabView, clone: Clone): Promise<boolean> {
  const { namespace, name } = clone;
  const [pod, addresses] = await Promise.all([
    lab.kube.get(resources.pods, namespace, name),
    readyAddresses(lab, namespace, name),
  ]);
  return addresses.size > 0 || (pod !== undefined && isPodReady(pod));
}

/** How long after its start, and how soon then, a process that hangs must be restarted; in milliseconds. */
export interface LivenessBudget {
  /** What a start may take at most. Before that nothing is asked of the liveness probe but to leave the start alone. */
  readonly startMs: number;
  readonly withinMs: number;
}

/** How much longer than `startMs` a clone may need to become ready, in milliseconds: its node may be busy. */
const READY_SLACK = 60_000;
/**
 * Exit codes of a shop that was told to end, or killed. A process that ends by itself says nothing about its probe. (The
 * event Killing would say it, but after 25 events about a pod the kubelet drops more of them.)
 */
const TOLD_TO_END: readonly number[] = [0, 137, 143];

/**
 * The workload's liveness probe does its work: it lets a clone come up, and has a clone restarted whose process
 * closes its listener (but lives on). No probe, one that always says yes, asks somebody else, starts tomorrow or
 * gives up after hours is found so.
 * https://kubernetes.io/docs/concepts/workloads/pods/probes/
 */
export function livenessKills(of: WorkloadRef, { startMs, withinMs }: LivenessBudget): Check {
  return {
    expected: `a container of ${of.name} that stops answering ${startMs / 1000} s after its start is restarted within ${withinMs / 1000} s`,
    disturbs: `a clone of a pod of ${of.name}`,
    look: () => Promise.resolve(pass('proven on a clone when graded')),
    grade: async (lab) => {
      const deployment = await lab.kube.get(resources.deployments, of.namespace, of.name);
      if (deployment === undefined) return fail(`deployment/${of.name} does not exist`);
      return withClone(lab, of, deployment.spec.template, { liveness: true }, async (clone) => {
        const down = await comesUp(lab, of, clone, startMs);
        if (down !== undefined) return down;
        const refused = await hangUp(lab, of, clone);
        if (refused !== undefined) return refused;
        if (!(await until(lab, withinMs, () => hasEnded(lab, of, clone))))
          return fail(`it was not restarted within ${withinMs / 1000} s after it had stopped answering`);
        const code = exitCode(await containerOf(lab, of, clone));
        return code === undefined || TOLD_TO_END.includes(code)
          ? pass('it was restarted')
          : fail(`its process ended by itself, with exit code ${code}`);
      });
    },
  };
}

/** @returns what is wrong where the clone is not ready, or is restarted, `startMs` after its container began to run */
async function comesUp(
  lab: LabView,
  of: WorkloadRef,
  clone: Clone,
  startMs: number,
): Promise<Observation | undefined> {
  const end = lab.clock.now().getTime() + startMs + READY_SLACK;
  let running: number | undefined;
  for (;;) {
    const now = lab.clock.now().getTime();
    const container = await containerOf(lab, of, clone);
    if (container !== undefined && ended(container))
      return fail('a new pod from the template is restarted before it is up');
    if (container?.state.running !== undefined) running ??= now;
    if (container?.ready === true && running !== undefined && now - running >= startMs) return undefined;
    if (now >= end) return neverReady(lab, of, clone);
    await lab.clock.wait(1000, lab.signal);
  }
}

async function hasEnded(lab: LabView, of: WorkloadRef, clone: Clone): Promise<boolean> {
  const container = await containerOf(lab, of, clone);
  return container !== undefined && ended(container);
}

function ended({ restartCount, state }: ContainerStatus): boolean {
  return restartCount > 0 || state.terminated !== undefined;
}

function exitCode(container: ContainerStatus | undefined): number | undefined {
  return (container?.lastState.terminated ?? container?.state.terminated)?.exitCode;
}
