import { KubeError } from '../kube/client.ts';
import type { Pod } from '../model/objects.ts';
import { resources } from '../model/resources.ts';
import { fail, type LabView, type Observation } from './check.ts';

/** A workload of the shop that a check looks from: its pods carry `app: <name>`, its container has that name. */
export interface ClientRef {
  readonly namespace: string;
  readonly app: string;
}

/** What the shop's `probe` program reports; see workload/src/probe.ts. */
export interface ProbeReport {
  readonly attempts: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly firstFailureAfterMs?: number;
  readonly last: string;
  readonly tookMs: number;
}

/** The real client's pods that run, not being deleted. */
export async function runningPods(lab: LabView, client: ClientRef): Promise<Pod[]> {
  const pods = await lab.kube.list(resources.pods, {
    namespace: client.namespace,
    labelSelector: `app=${client.app}`,
  });
  return pods.filter(
    ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined &&
      status.phase === 'Running' &&
      status.containerStatuses?.some(({ name, state }) => name === client.app && state.running !== undefined),
  );
}

/**
 * Runs the shop's probe inside the real client pod: what it sees is what that client sees, with its labels,
 * service account, DNS settings and node. A look-alike would join the client's Service.
 * @returns the report, or a failing observation where there is no client that runs
 */
export async function probeFrom(
  lab: LabView,
  client: ClientRef,
  args: readonly string[],
  timeoutMs: number,
): Promise<ProbeReport | Observation> {
  const pod = (await runningPods(lab, client))[0];
  if (pod === undefined) return fail(`no pod of ${client.app} is running, so nobody can be asked`);
  const result = await execProbe(lab, client, pod.metadata.name, args, timeoutMs);
  if (typeof result === 'string') return fail(`pod ${pod.metadata.name} cannot be asked: ${result}`);
  return result;
}

async function execProbe(
  lab: LabView,
  client: ClientRef,
  pod: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<ProbeReport | string> {
  try {
    const { code, stdout, stderr } = await lab.kube.exec(client.namespace, pod, {
      container: client.app,
      command: ['node', '/app/shop.mjs', 'probe', ...args],
      timeoutMs,
      signal: lab.signal,
    });
    if (code !== 0) return `the probe ended with ${code}: ${(stderr || stdout).slice(0, 200)}`;
    return JSON.parse(stdout) as ProbeReport;
  } catch (error) {
    // The API server refuses where the pod or its container has gone meanwhile: that is the learner's state.
    if (error instanceof KubeError) return error.message;
    throw error;
  }
}

export function isReport(result: ProbeReport | Observation): result is ProbeReport {
  return 'attempts' in result;
}

/** `12 × 503, 2 × ECONNREFUSED`. */
export function outcomesOf(report: ProbeReport): string {
  return Object.entries(report.outcomes)
    .map(([outcome, count]) => `${count} × ${outcome === '' ? 'no answer' : outcome}`)
    .join(', ');
}
